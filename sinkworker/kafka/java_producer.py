"""The Java producer's settings → a client's, for the producer of dead letters.

Owns that every key of `producer.override.*` is honoured, fixed to one value or refused with a reason.
What a client has, its `Dialect` says. Must not know where the keys were written.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from sinkworker.api import ConfigProblem
from sinkworker.kafka.java_settings import Dialect

# One value means what happens anyway; any other is refused.
FIXED: Mapping[str, tuple[str, str]] = {
    "acks": ("all", "a letter is safe before the offset that passes it is committed"),
    "max.in.flight.requests.per.connection": ("1", "letters keep their order"),
}
_SAME = {"-1": "all"}
COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")
DELIVERY, REQUEST, BLOCK, LINGER = (
    "delivery.timeout.ms", "request.timeout.ms", "max.block.ms", "linger.ms",
)  # fmt: skip


class Reading(NamedTuple):
    """arguments: the client's. wrong: keys with a wrong value. refused: keys that cannot be set."""

    arguments: dict[str, Any]
    wrong: list[ConfigProblem]
    refused: list[ConfigProblem]


def read(overrides: Mapping[str, str], dialect: Dialect) -> Reading:
    """Translate Java names, given without `producer.override.`."""
    found = Reading(dict(dialect.defaults), [], [])
    for key, text in overrides.items():
        why = _why_refused(key, text, dialect)
        if why is not None:
            found.refused.append(ConfigProblem(key, why))
        elif key in dialect.honoured:
            name, parse = dialect.honoured[key]
            try:
                found.arguments[name] = parse(text)
            except ValueError as error:
                found.wrong.append(ConfigProblem(key, str(error)))
    return _checked(found, dialect)


def _checked(found: Reading, dialect: Dialect) -> Reading:
    delivery, request, linger = (dialect.honoured[key][0] for key in (DELIVERY, REQUEST, LINGER))
    least = found.arguments[request] + found.arguments.get(linger, 0)
    if found.arguments[delivery] < least:
        why = f"Value must be at least request.timeout.ms + linger.ms ({least})"
        found.wrong.append(ConfigProblem(DELIVERY, why))
    return found


def _why_refused(key: str, text: str, dialect: Dialect) -> str | None:
    if key in dialect.honoured:
        return None
    if key in dialect.fixed:
        value, why = dialect.fixed[key]
        given = text.strip().lower()
        return None if _SAME.get(given, given) == value else f"can only be {value}: {why}"
    if key in dialect.refused:
        return f"cannot be set: {dialect.refused[key]}"
    if key.startswith(("security.", "sasl.", "ssl.")):
        return f"cannot be set: brokers let the producer in as they do the consumer; set {key}"
    close = difflib.get_close_matches(key, [*dialect.honoured, *dialect.fixed], 1, 0.75)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"is no setting of the producer of dead letters{hint}"


def in_time(
    arguments: Mapping[str, Any], dialect: Dialect, max_poll_interval_ms: int
) -> dict[str, Any]:
    """While a task waits for letters it does not poll: it must not lose its place in the group."""
    within = max(20, max_poll_interval_ms // 4)
    limits = {DELIVERY: within, BLOCK: within, REQUEST: within // 2}
    named = {dialect.honoured[key][0]: limit for key, limit in limits.items()
             if key in dialect.honoured}  # fmt: skip
    return dict(arguments) | {
        name: min(arguments.get(name, limit), limit) for name, limit in named.items()
    }
