"""The Java producer's settings → librdkafka's, for the producer of dead letters.

Owns what librdkafka has of them, under which names, and its defaults here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Producer

from sinkworker.api import ConfigProblem
from sinkworker.kafka import java_producer
from sinkworker.kafka.confluent.settings import HONOURED as OF_CONSUMERS
from sinkworker.kafka.confluent.settings import NO_EQUIVALENT, why_refused
from sinkworker.kafka.confluent.settings import REFUSED as REFUSED_TO_CONSUMERS
from sinkworker.kafka.java_producer import COMPRESSIONS, FIXED, Reading
from sinkworker.kafka.java_settings import Dialect, Parser, boolean, number, one_of

_SHARED = (
    "client.dns.lookup", "client.id", "connections.max.idle.ms", "metadata.max.age.ms",
    "metadata.recovery.rebootstrap.trigger.ms", "metadata.recovery.strategy",
    "receive.buffer.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms",
    "request.timeout.ms", "retry.backoff.max.ms", "retry.backoff.ms", "send.buffer.bytes",
    "socket.connection.setup.timeout.ms",
)  # fmt: skip
HONOURED: Mapping[str, tuple[str, Parser]] = {
    **{key: OF_CONSUMERS[key] for key in _SHARED},
    "batch.size": ("batch.size", number(1)),
    "compression.type": ("compression.type", one_of(*COMPRESSIONS)),
    "delivery.timeout.ms": ("delivery.timeout.ms", number(1)),
    "enable.idempotence": ("enable.idempotence", boolean),
    "linger.ms": ("linger.ms", number(0)),
    "max.request.size": ("message.max.bytes", number(1000)),
}
REFUSED: Mapping[str, str] = {
    "api.version": REFUSED_TO_CONSUMERS["api.version"],
    "max.block.ms": NO_EQUIVALENT,
}

# A letter that is not acknowledged in time is sent again after a back-off, by a new producer.
# batch.size, partitioner: Java's. A topic that takes no batch of librdkafka's million bytes would
# refuse all letters in it.
# message.max.bytes: the broker decides what is too large for the topic.
DEFAULTS: Mapping[str, Any] = {
    "acks": "all",
    "allow.auto.create.topics": False,
    "batch.size": 16_384,
    "delivery.timeout.ms": 10_000,
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 1,
    "message.max.bytes": 64 * 1024 * 1024,
    "partitioner": "murmur2_random",
    "reconnect.backoff.max.ms": 1_000,
    "socket.timeout.ms": 5_000,
}

DIALECT = Dialect(HONOURED, REFUSED, FIXED, DEFAULTS)


def read_producer(overrides: Mapping[str, str]) -> Reading:
    """See `java_producer.read`. Then librdkafka says what it does not understand."""
    found = java_producer.read(overrides, DIALECT)
    wrong = {problem.key for problem in found.wrong}
    for key in overrides.keys() & HONOURED.keys() - wrong:
        name = HONOURED[key][0]
        why = why_refused({name: found.arguments[name]}, Producer)
        if why is not None:
            found.wrong.append(ConfigProblem(key, why))
    return found
