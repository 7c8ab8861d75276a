"""How the hand-written loops read a topic, with either client: what one would write.

Owns the clients' settings: the worker's own, so that both sides ask the broker for the same. Must not
know what becomes of the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

FETCH_BYTES = 32 * 1024


class Polled(NamedTuple):
    """records: partition, key, value. positions: where to read each partition on."""

    records: list[tuple[int, bytes | None, bytes | None]]
    positions: dict[int, int]


def with_kafka_python(
    bootstrap: str, topic: str, partitions: Sequence[int], batch_size: int
) -> Iterator[Polled]:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none",
        isolation_level="read_committed", max_poll_records=batch_size, fetch_max_wait_ms=100,
    )  # fmt: skip
    assigned = [TopicPartition(topic, number) for number in partitions]
    consumer.assign(assigned)
    for partition in assigned:
        consumer.seek(partition, 0)
    while True:
        polled = consumer.poll(200)
        yield Polled(
            [(r.partition, r.key, r.value) for records in polled.values() for r in records],
            {p.partition: consumer.position(p) for p in polled},
        )


def with_confluent(
    bootstrap: str, topic: str, partitions: Sequence[int], batch_size: int
) -> Iterator[Polled]:
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "hand", "enable.auto.commit": False,
        "auto.offset.reset": "error", "isolation.level": "read_committed", "check.crcs": True,
        "queued.max.messages.kbytes": FETCH_BYTES, "fetch.queue.backoff.ms": 10,
    })  # fmt: skip
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    while True:
        good = [m for m in consumer.consume(batch_size, 0.2) if m.error() is None]
        yield Polled(
            [(m.partition(), m.key(), m.value()) for m in good],
            {m.partition(): m.offset() + 1 for m in good},
        )


CLIENTS: dict[str, Callable[[str, str, Sequence[int], int], Iterator[Polled]]] = {
    "kafka-python": with_kafka_python, "confluent": with_confluent,
}  # fmt: skip
