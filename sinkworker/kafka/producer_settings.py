"""The Java producer's settings → kafka-python's, for the producer of dead letters.

Owns what kafka-python has of them, under which names, and its defaults here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinkworker.kafka import java_producer
from sinkworker.kafka.java_producer import COMPRESSIONS, FIXED, Reading
from sinkworker.kafka.java_settings import Dialect, Parser, boolean, number, one_of
from sinkworker.kafka.settings import HONOURED as OF_CONSUMERS

_SHARED = (
    "api.version", "client.dns.lookup", "client.id", "connections.max.idle.ms",
    "metadata.max.age.ms", "receive.buffer.bytes", "reconnect.backoff.max.ms",
    "reconnect.backoff.ms", "request.timeout.ms", "retry.backoff.ms", "send.buffer.bytes",
)  # fmt: skip


def _compression(text: str) -> str | None:
    name = one_of(*COMPRESSIONS)(text)
    return None if name == "none" else str(name)


HONOURED: Mapping[str, tuple[str, Parser]] = {
    **{key: OF_CONSUMERS[key] for key in _SHARED},
    "batch.size": ("batch_size", number(0)),
    "compression.type": ("compression_type", _compression),
    "delivery.timeout.ms": ("delivery_timeout_ms", number(1)),
    "enable.idempotence": ("enable_idempotence", boolean),
    "linger.ms": ("linger_ms", number(0)),
    "max.block.ms": ("max_block_ms", number(1)),
    "max.request.size": ("max_request_size", number(1)),
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

DIALECT = Dialect(HONOURED, {}, FIXED, DEFAULTS)


def read_producer(overrides: Mapping[str, str]) -> Reading:
    """See `java_producer.read`."""
    return java_producer.read(overrides, DIALECT)
