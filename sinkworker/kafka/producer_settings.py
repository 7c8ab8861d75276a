"""The Java producer's settings → kafka-python's, for the producer of dead letters.

Owns which of `producer.override.*` is honoured. Must not know where the keys were written.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from sinkworker.api import ConfigProblem
from sinkworker.kafka.settings import HONOURED as OF_CONSUMERS
from sinkworker.kafka.settings import Parser, boolean, number, one_of

_SHARED = (
    "api.version", "client.dns.lookup", "client.id", "connections.max.idle.ms",
    "metadata.max.age.ms", "receive.buffer.bytes", "reconnect.backoff.max.ms",
    "reconnect.backoff.ms", "request.timeout.ms", "retry.backoff.ms", "send.buffer.bytes",
)  # fmt: skip
HONOURED: Mapping[str, tuple[str, Parser]] = {
    **{key: OF_CONSUMERS[key] for key in _SHARED},
    "batch.size": ("batch_size", number(0)),
    "compression.type": ("compression_type", one_of("none", "gzip", "snappy", "lz4", "zstd")),
    "delivery.timeout.ms": ("delivery_timeout_ms", number(1)),
    "enable.idempotence": ("enable_idempotence", boolean),
    "linger.ms": ("linger_ms", number(0)),
    "max.block.ms": ("max_block_ms", number(1)),
    "max.request.size": ("max_request_size", number(1)),
}
# One value means what happens anyway; any other is refused.
FIXED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "acks": (("all", "-1"), "a letter is safe before the offset that passes it is committed"),
    "max.in.flight.requests.per.connection": (("1",), "letters keep their order"),
}

# A letter that is not acknowledged in time is sent again after a back-off, by a new producer.
# max_request_size: the broker decides what is too large for the topic.
DEFAULTS: Mapping[str, Any] = {
    "acks": "all",
    "allow_auto_create_topics": False,
    "delivery_timeout_ms": 10_000,
    "enable_idempotence": False,
    "max_block_ms": 10_000,
    "max_in_flight_requests_per_connection": 1,
    "max_request_size": 64 * 1024 * 1024,
    "reconnect_backoff_max_ms": 1_000,
    "request_timeout_ms": 5_000,
}


class Reading(NamedTuple):
    """arguments: kafka-python's. wrong: keys with a wrong value. refused: keys that cannot be set."""

    arguments: dict[str, Any]
    wrong: list[ConfigProblem]
    refused: list[ConfigProblem]


def read_producer(overrides: Mapping[str, str]) -> Reading:
    """Translate Java names, given without `producer.override.`."""
    read = Reading(dict(DEFAULTS), [], [])
    for key, text in overrides.items():
        if key in HONOURED:
            name, parse = HONOURED[key]
            try:
                value = parse(text)
            except ValueError as error:
                read.wrong.append(ConfigProblem(key, str(error)))
            else:
                read.arguments[name] = None if value == "none" else value
        elif key not in FIXED or text.strip().lower() not in FIXED[key][0]:
            read.refused.append(ConfigProblem(key, _why_refused(key)))
    return _checked(read)


def _checked(read: Reading) -> Reading:
    arguments = read.arguments
    least = arguments["request_timeout_ms"] + arguments.get("linger_ms", 0)
    if arguments["delivery_timeout_ms"] < least:
        why = f"Value must be at least request.timeout.ms + linger.ms ({least})"
        read.wrong.append(ConfigProblem("delivery.timeout.ms", why))
    return read


def _why_refused(key: str) -> str:
    if key in FIXED:
        values, why = FIXED[key]
        return f"can only be {values[0]}: {why}"
    if key.startswith(("security.", "sasl.", "ssl.")):
        return f"cannot be set: brokers let the producer in as they do the consumer; set {key}"
    close = difflib.get_close_matches(key, [*HONOURED, *FIXED], 1, 0.75)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"is no setting of the producer of dead letters{hint}"
