"""The Java consumer's settings → kafka-python's.

Owns which setting is honoured, under which name, and why another is refused. Every key is one or
the other; none is silently dropped. Must not know where the keys were written.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from sinkworker.api import ConfigProblem
from sinkworker.kafka import security
from sinkworker.kafka.security import Security, read_security

ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}
JAVA_ASSIGNORS = {
    "org.apache.kafka.clients.consumer.RangeAssignor": "range",
    "org.apache.kafka.clients.consumer.RoundRobinAssignor": "roundrobin",
    "org.apache.kafka.clients.consumer.StickyAssignor": "sticky",
    "org.apache.kafka.clients.consumer.CooperativeStickyAssignor": "cooperative-sticky",
}
COOPERATIVE = frozenset({"cooperative-sticky"})

MOST = 2**31 - 1

Parser = Callable[[str], Any]


def number(least: int) -> Parser:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError("Not a number of type INT") from None
        if number < least:
            raise ValueError(f"Value must be at least {least}")
        if number > MOST:
            raise ValueError(f"Value must be at most {MOST}")
        return number

    return parse


def boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("Expected value to be either true or false")
    return text.lower() == "true"


def _buffer_size(text: str) -> int | None:
    size: int = number(-1)(text)
    return None if size == -1 else size


def _version(text: str) -> tuple[int, ...]:
    """Major and minor: the client knows no more. Before 0.11 there were no committed records."""
    parts = text.strip().split(".")
    version = tuple(int(part) for part in parts[:2] if part.isdecimal())
    if len(version) < 2 or version < (0, 11):
        raise ValueError("Expected the version of a broker, from 0.11 on, such as 2.3")
    return version


def one_of(*values: str) -> Parser:
    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"String must be one of: {', '.join(values)}")
        return text

    return parse


def _assignors(text: str) -> tuple[Any, ...]:
    names = [JAVA_ASSIGNORS.get(part.strip(), part.strip()) for part in text.split(",")]
    unknown = [name for name in names if name not in ASSIGNORS]
    if unknown or not names:
        raise ValueError(f"Known strategies are {', '.join(ASSIGNORS)}")
    if COOPERATIVE.intersection(names) and not COOPERATIVE.issuperset(names):
        raise ValueError(
            "cooperative-sticky cannot be combined with strategies that stop the world"
        )
    return tuple(ASSIGNORS[name] for name in names)


# Java's name → kafka-python's name and how to read the value. api.version is kafka-python's own: the
# version to speak with a broker that does not tell its own, as librdkafka's mock cluster.
HONOURED: Mapping[str, tuple[str, Parser]] = {
    "allow.auto.create.topics": ("allow_auto_create_topics", boolean),
    "api.version": ("api_version", _version),
    "check.crcs": ("check_crcs", boolean),
    "client.dns.lookup": (
        "client_dns_lookup",
        one_of("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
    ),
    "client.id": ("client_id", str),
    "client.rack": ("client_rack", str),
    "connections.max.idle.ms": ("connections_max_idle_ms", number(1)),
    "fetch.max.bytes": ("fetch_max_bytes", number(0)),
    "fetch.max.wait.ms": ("fetch_max_wait_ms", number(0)),
    "fetch.min.bytes": ("fetch_min_bytes", number(0)),
    "group.id": ("group_id", str),
    "group.instance.id": ("group_instance_id", str),
    "heartbeat.interval.ms": ("heartbeat_interval_ms", number(1)),
    "isolation.level": ("isolation_level", one_of("read_committed", "read_uncommitted")),
    "max.partition.fetch.bytes": ("max_partition_fetch_bytes", number(0)),
    "max.poll.interval.ms": ("max_poll_interval_ms", number(1)),
    "max.poll.records": ("max_poll_records", number(1)),
    "metadata.max.age.ms": ("metadata_max_age_ms", number(0)),
    "partition.assignment.strategy": ("partition_assignment_strategy", _assignors),
    "receive.buffer.bytes": ("receive_buffer_bytes", _buffer_size),
    "reconnect.backoff.max.ms": ("reconnect_backoff_max_ms", number(0)),
    "reconnect.backoff.ms": ("reconnect_backoff_ms", number(0)),
    "request.timeout.ms": ("request_timeout_ms", number(1)),
    "retry.backoff.ms": ("retry_backoff_ms", number(0)),
    "send.buffer.bytes": ("send_buffer_bytes", _buffer_size),
    "session.timeout.ms": ("session_timeout_ms", number(1)),
}

# Read here and by nobody else: the longest wait for offsets, bounds and times.
LOOKUP = "default.api.timeout.ms"
# Read before the client's settings are.
READ_EARLIER = ("auto.offset.reset", "bootstrap.servers")

NO_EQUIVALENT = "kafka-python has no such setting"
NO_JAVA = "it names a Java class"
NO_METRICS = "the client's own metrics are off; look at the worker's"
CONVERTERS = "records are read as bytes; set key.converter and value.converter"

REFUSED: Mapping[str, str] = {
    "auto.commit.interval.ms": "nothing is committed automatically; see offset.flush.interval.ms",
    "auto.include.jmx.reporter": "there is no JMX outside Java",
    "config.providers": "use ${env:…}, ${file:…:…} and ${dir:…:…}, which are always there",
    "enable.metrics.push": NO_METRICS,
    "group.remote.assignor": "group.protocol=consumer is not supported by kafka-python",
    "interceptor.classes": NO_JAVA,
    "key.deserializer": CONVERTERS,
    "metadata.recovery.rebootstrap.trigger.ms": NO_EQUIVALENT,
    "metadata.recovery.strategy": NO_EQUIVALENT,
    "metric.reporters": NO_JAVA,
    "metrics.num.samples": NO_METRICS,
    "metrics.recording.level": NO_METRICS,
    "metrics.sample.window.ms": NO_METRICS,
    "retry.backoff.max.ms": NO_EQUIVALENT,
    "security.providers": NO_JAVA,
    "share.acknowledgement.mode": "share groups have no offsets that a sink could store",
    "share.acquire.mode": "share groups have no offsets that a sink could store",
    "socket.connection.setup.timeout.max.ms": NO_EQUIVALENT,
    "socket.connection.setup.timeout.ms": NO_EQUIVALENT,
    "value.deserializer": CONVERTERS,
}

# One value means what happens anyway; any other is refused.
FIXED: Mapping[str, tuple[str, str]] = {
    "exclude.internal.topics": (
        "true",
        "kafka-python 3.0.12 cannot divide internal topics among the members of a group",
    ),
    "enable.auto.commit": (
        "false",
        "offsets are stored with the sink's own writes; committing them elsewhere, earlier or later, "
        "would lose or repeat records",
    ),
    "group.protocol": ("classic", "group.protocol=consumer is not supported by kafka-python"),
    **security.FIXED,
}

# fetch_max_wait_ms: kafka-python has one fetch per broker under way. One that asks only for partitions
# at their end waits this long, and holds up those that still have much to read: with 500 ms, a
# million records took half as long again.
# max_partition_fetch_bytes: with the usual 1 MiB the loop waits for fetches, for a tenth of the time;
# 4 MiB would take another 50 MB of memory.
# reconnect_backoff_max_ms: Java's default. kafka-python's is 30 s: a broker that had been away for 20 s
# was not asked again for another 15.
DEFAULTS: Mapping[str, Any] = {
    "allow_auto_create_topics": False,
    "fetch_max_wait_ms": 100,
    "max_partition_fetch_bytes": 2 * 1024 * 1024,
    "reconnect_backoff_max_ms": 1_000,
    "isolation_level": "read_committed",
    "partition_assignment_strategy": (CooperativeStickyAssignor,),
}


@dataclass(frozen=True)
class ClientSettings:
    """kafka-python's arguments, how brokers let us in, and our own bound on look-ups."""

    consumer: Mapping[str, Any] = field(default_factory=dict)
    lookup_within_ms: int = 60_000
    security: Security = field(default_factory=Security)


class Reading(NamedTuple):
    """What came of a client's keys.

    wrong: keys with a wrong value, and why. refused: keys that cannot be set, and how to say so.
    odd: keys that can be used, and what to say of them all the same.
    """

    settings: ClientSettings
    wrong: list[ConfigProblem]
    refused: list[ConfigProblem]
    odd: list[ConfigProblem]


def read_settings(overrides: Mapping[str, str], unread: frozenset[str] = frozenset()) -> Reading:
    """Translate Java names, given without `consumer.override.`.

    unread: keys that were given, and whose values are not known.
    """
    arguments = dict(DEFAULTS)
    wrong: list[ConfigProblem] = []
    refused: list[ConfigProblem] = []
    lookup_within_ms = ClientSettings.lookup_within_ms
    for key, text in overrides.items():
        why = _why_refused(key, text)
        if why is not None:
            refused.append(ConfigProblem(key, why))
            continue
        try:
            if key == LOOKUP:
                lookup_within_ms = number(1)(text)
            elif key in HONOURED:
                name, parse = HONOURED[key]
                arguments[name] = parse(text)
        except ValueError as error:
            wrong.append(ConfigProblem(key, str(error)))
    about_security = {key: text for key, text in overrides.items() if key in security.KNOWN}
    secured, problems = read_security(about_security, unread)
    wrong += problems.wrong
    refused += problems.refused
    unread |= {problem.key for problem in wrong}
    wrong += _contradictions(arguments, overrides, unread)
    settings = ClientSettings(arguments, lookup_within_ms, secured)
    return Reading(settings, wrong, refused, problems.odd)


def _why_refused(key: str, text: str) -> str | None:
    if key in HONOURED or key in security.KNOWN or key == LOOKUP:
        return None
    if key in FIXED:
        value, why = FIXED[key]
        return None if text.strip().lower() == value.lower() else f"can only be {value}: {why}"
    reason = REFUSED.get(key) or security.why_refused(key)
    return (
        f"cannot be set: {reason}" if reason else f"is no setting of a Kafka consumer{_hint(key)}"
    )


def _hint(key: str) -> str:
    known = [*HONOURED, *security.KNOWN, *FIXED, *REFUSED, LOOKUP, *READ_EARLIER]
    close = difflib.get_close_matches(key, known, 1, 0.75)
    return f"; did you mean {close[0]}?" if close else ""


# Pairs that the client itself would refuse when it starts, or the broker at the first join.
_ORDERED = (
    ("fetch.max.wait.ms", 100, "request.timeout.ms", 30_000),
    ("request.timeout.ms", 30_000, "connections.max.idle.ms", 540_000),
    ("heartbeat.interval.ms", 3_000, "session.timeout.ms", 45_000),
)


def _contradictions(
    arguments: Mapping[str, Any], overrides: Mapping[str, str], unread: frozenset[str]
) -> list[ConfigProblem]:
    problems = []
    for smaller, smaller_default, larger, larger_default in _ORDERED:
        if not unread.isdisjoint((smaller, larger)):
            continue
        low = arguments.get(HONOURED[smaller][0], smaller_default)
        high = arguments.get(HONOURED[larger][0], larger_default)
        if low >= high:
            written = larger if larger in overrides else smaller
            message = f"{larger} ({high}) must be larger than {smaller} ({low})"
            problems.append(ConfigProblem(written, message))
    return problems
