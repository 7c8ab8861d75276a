"""Putting events into Kafka, and asking Kafka where its logs begin and end.

Owns the demo's own Kafka client, which is not the worker's: what was acknowledged is what counts as
produced. Must not know where records land.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from sinkworker.demo.broker import PARTITIONS
from sinkworker.demo.factory import Event
from sinkworker.demo.patience import DemoError, Patience

PATIENCE_SECONDS = 30
# The broker keeps 5 MB of each partition as they were sent: compressed, that is far more records.
PRODUCER = {
    "acks": "all",
    "compression.type": "zstd",
    "enable.idempotence": True,
    "linger.ms": 20,
    "queue.buffering.max.messages": 100_000,
}
LOOK_EVERY = 1_000

Place = tuple[str, int]


class Produced(NamedTuple):
    """One event that Kafka acknowledged, and where it put it."""

    topic: str
    number: int
    partition: int
    offset: int


class Topics:
    """The topics of one broker."""

    def __init__(self, bootstrap: str, patience: Patience) -> None:
        self._client, self._patience = {"bootstrap.servers": bootstrap, "log_level": 0}, patience

    def create(self, names: Sequence[str]) -> None:
        """By asking for them, which is how this broker makes topics."""
        producer = Producer(self._client)
        for name in names:
            is_there = partial(_is_there, producer, name)
            self._patience.until(is_there, PATIENCE_SECONDS, f"topic {name}")

    def produce(self, events: Iterable[Event]) -> list[Produced]:
        """All that was acknowledged, which is everything, or DemoError."""
        producer, produced = Producer(self._client | PRODUCER), list[Produced]()
        for number, event in enumerate(events):
            if number % LOOK_EVERY == 0:
                self._patience.check()
                producer.poll(0)
            self._send(producer, event, produced)
        unsent = producer.flush(PATIENCE_SECONDS)
        if unsent:
            raise DemoError(f"Kafka did not acknowledge {unsent} of {number + 1} events")
        return produced

    def _send(self, producer: Producer, event: Event, produced: list[Produced]) -> None:
        while True:
            try:
                producer.produce(
                    event.topic, event.encoded(), event.key, event.partition,
                    on_delivery=partial(_note, produced, event), timestamp=event.timestamp_ms,
                    headers=list(event.headers),
                )  # fmt: skip
                return
            except BufferError:
                self._patience.check()
                producer.poll(0.1)

    def bounds(self, names: Sequence[str]) -> dict[Place, tuple[int, int]]:
        """Where the log of each partition begins and ends."""
        consumer = Consumer(self._client | {"group.id": "unused"})
        try:
            return {
                (name, number): consumer.get_watermark_offsets(
                    TopicPartition(name, number), PATIENCE_SECONDS
                )
                for name in names
                for number in range(PARTITIONS)
            }
        finally:
            consumer.close()


def _is_there(producer: Producer, topic: str) -> bool:
    return len(producer.list_topics(topic, timeout=10).topics[topic].partitions) == PARTITIONS


def _note(produced: list[Produced], event: Event, error: object, message: Any) -> None:
    if error is not None:
        raise DemoError(f"Kafka refused an event of {event.topic}: {error}")
    produced.append(Produced(event.topic, event.number, message.partition(), message.offset()))
