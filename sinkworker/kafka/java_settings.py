"""The Java consumer's settings → a client's.

Owns how values are read, and that every key is honoured, fixed to one value or refused with a reason;
none is silently dropped. What a client has, its `Dialect` says. Must not know where keys were written.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from sinkworker.api import ConfigProblem
from sinkworker.kafka import security
from sinkworker.kafka.security import Security, read_security

MOST = 2**31 - 1

JAVA_ASSIGNORS = {
    "org.apache.kafka.clients.consumer.RangeAssignor": "range",
    "org.apache.kafka.clients.consumer.RoundRobinAssignor": "roundrobin",
    "org.apache.kafka.clients.consumer.StickyAssignor": "sticky",
    "org.apache.kafka.clients.consumer.CooperativeStickyAssignor": "cooperative-sticky",
}
COOPERATIVE = "cooperative-sticky"

Parser = Callable[[str], Any]


def number(least: int) -> Parser:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError("Not a number of type INT") from None
        if value < least:
            raise ValueError(f"Value must be at least {least}")
        if value > MOST:
            raise ValueError(f"Value must be at most {MOST}")
        return value

    return parse


def boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("Expected value to be either true or false")
    return text.lower() == "true"


def buffer_size(text: str) -> int | None:
    size: int = number(-1)(text)
    return None if size == -1 else size


def version(text: str) -> tuple[int, ...]:
    """Major and minor: the client knows no more. Before 0.11 there were no committed records."""
    parts = text.strip().split(".")
    found = tuple(int(part) for part in parts[:2] if part.isdecimal())
    if len(found) < 2 or found < (0, 11):
        raise ValueError("Expected the version of a broker, from 0.11 on, such as 2.3")
    return found


def one_of(*values: str) -> Parser:
    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"String must be one of: {', '.join(values)}")
        return text

    return parse


def assignors(text: str, known: Collection[str]) -> list[str]:
    """Names of protocols, given as such or as Java's classes."""
    names = [JAVA_ASSIGNORS.get(part.strip(), part.strip()) for part in text.split(",")]
    if not names or not set(names) <= set(known):
        raise ValueError(f"Known strategies are {', '.join(known)}")
    if COOPERATIVE in names and set(names) != {COOPERATIVE}:
        raise ValueError(
            "cooperative-sticky cannot be combined with strategies that stop the world"
        )
    return names


# Read here and by nobody else: the longest wait for offsets, bounds and times.
LOOKUP = "default.api.timeout.ms"
MAX_POLL_INTERVAL = "max.poll.interval.ms"
OWN_OF_LIBRDKAFKA = "librdkafka."
# Read before the client's settings are.
READ_EARLIER = ("auto.offset.reset", "bootstrap.servers")

NO_JAVA = "it names a Java class"
NO_METRICS = "the client's own metrics are off; look at the worker's"
CONVERTERS = "records are read as bytes; set key.converter and value.converter"

# By every client.
REFUSED: Mapping[str, str] = {
    "auto.commit.interval.ms": "nothing is committed automatically; see offset.flush.interval.ms",
    "auto.include.jmx.reporter": "there is no JMX outside Java",
    "config.providers": "use ${env:…}, ${file:…:…} and ${dir:…:…}, which are always there",
    "enable.metrics.push": NO_METRICS,
    "interceptor.classes": NO_JAVA,
    "key.deserializer": CONVERTERS,
    "metric.reporters": NO_JAVA,
    "metrics.num.samples": NO_METRICS,
    "metrics.recording.level": NO_METRICS,
    "metrics.sample.window.ms": NO_METRICS,
    "security.providers": NO_JAVA,
    "share.acknowledgement.mode": "share groups have no offsets that a sink could store",
    "share.acquire.mode": "share groups have no offsets that a sink could store",
    "value.deserializer": CONVERTERS,
}

# One value means what happens anyway; any other is refused.
FIXED: Mapping[str, tuple[str, str]] = {
    "enable.auto.commit": (
        "false",
        "offsets are stored with the sink's own writes; committing them elsewhere, earlier or later, "
        "would lose or repeat records",
    ),
    **security.FIXED,
}


class Dialect(NamedTuple):
    """What one client has of them.

    honoured: Java's name → the client's, and how to read the value. fixed: the one value it has, and
    why. defaults: where they are not the client's own.
    """

    honoured: Mapping[str, tuple[str, Parser]]
    refused: Mapping[str, str]
    fixed: Mapping[str, tuple[str, str]]
    defaults: Mapping[str, Any]


@dataclass(frozen=True)
class ClientSettings:
    """A client's arguments in its own words, how brokers let us in, our own bound on look-ups, and
    the longest time between two polls."""

    consumer: Mapping[str, Any] = field(default_factory=dict)
    lookup_within_ms: int = 60_000
    security: Security = field(default_factory=Security)
    max_poll_interval_ms: int = 300_000


class Reading(NamedTuple):
    """What came of a client's keys.

    wrong: keys with a wrong value, and why. refused: keys that cannot be set, and how to say so.
    odd: keys that can be used, and what to say of them all the same.
    """

    settings: ClientSettings
    wrong: list[ConfigProblem]
    refused: list[ConfigProblem]
    odd: list[ConfigProblem]


def read(
    overrides: Mapping[str, str], dialect: Dialect, unread: frozenset[str] = frozenset()
) -> Reading:
    """Translate Java names, given without `consumer.override.`.

    unread: keys that were given, and whose values are not known.
    """
    values: dict[str, Any] = {}
    wrong: list[ConfigProblem] = []
    refused: list[ConfigProblem] = []
    for key, text in overrides.items():
        why = _why_refused(key, text, dialect)
        if why is not None:
            refused.append(ConfigProblem(key, why))
            continue
        try:
            if key == LOOKUP:
                values[key] = number(1)(text)
            elif key in dialect.honoured:
                values[key] = dialect.honoured[key][1](text)
        except ValueError as error:
            wrong.append(ConfigProblem(key, str(error)))
    about_security = {key: text for key, text in overrides.items() if key in security.KNOWN}
    secured, problems = read_security(about_security, unread)
    wrong += problems.wrong
    refused += problems.refused
    unread |= {problem.key for problem in wrong}
    wrong += _contradictions(values, unread)
    return Reading(_settings(values, dialect, secured), wrong, refused, problems.odd)


def _settings(values: Mapping[str, Any], dialect: Dialect, secured: Security) -> ClientSettings:
    named = {dialect.honoured[key][0]: value for key, value in values.items() if key != LOOKUP}
    return ClientSettings(
        {**dialect.defaults, **named},
        values.get(LOOKUP, ClientSettings.lookup_within_ms),
        secured,
        values.get(MAX_POLL_INTERVAL, ClientSettings.max_poll_interval_ms),
    )


def _why_refused(key: str, text: str, dialect: Dialect) -> str | None:
    if key in dialect.honoured or key in security.KNOWN or key == LOOKUP:
        return None
    if key in dialect.fixed:
        value, why = dialect.fixed[key]
        return None if text.strip().lower() == value.lower() else f"can only be {value}: {why}"
    reason = dialect.refused.get(key) or security.why_refused(key)
    if key.startswith(OWN_OF_LIBRDKAFKA):
        reason = "it is for kafka.client=confluent"
    if reason:
        return f"cannot be set: {reason}"
    return f"is no setting of a Kafka consumer{_hint(key, dialect)}"


def _hint(key: str, dialect: Dialect) -> str:
    names = (dialect.honoured, security.KNOWN, dialect.fixed, dialect.refused, READ_EARLIER)
    close = difflib.get_close_matches(key, [LOOKUP, *chain(*names)], 1, 0.75)
    return f"; did you mean {close[0]}?" if close else ""


# Pairs that the client itself would refuse when it starts, or the broker at the first join.
_ORDERED = (
    ("fetch.max.wait.ms", 500, "request.timeout.ms", 30_000),
    ("request.timeout.ms", 30_000, "connections.max.idle.ms", 540_000),
    ("heartbeat.interval.ms", 3_000, "session.timeout.ms", 45_000),
)


def _contradictions(values: Mapping[str, Any], unread: frozenset[str]) -> list[ConfigProblem]:
    problems = []
    for smaller, smaller_default, larger, larger_default in _ORDERED:
        if not unread.isdisjoint((smaller, larger)):
            continue
        low, high = values.get(smaller, smaller_default), values.get(larger, larger_default)
        if low >= high:
            written = larger if larger in values else smaller
            message = f"{larger} ({high}) must be larger than {smaller} ({low})"
            problems.append(ConfigProblem(written, message))
    return problems
