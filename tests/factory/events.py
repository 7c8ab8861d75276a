"""Sending the factory's events to a broker."""

from __future__ import annotations

from collections.abc import Iterable

from sinkworker.demo.factory import Event
from tests.services.kafka_tools import KafkaTools


def send(kafka: KafkaTools, topic: str, events: Iterable[Event]) -> None:
    """To the partitions that they name, of a topic that a test may have called otherwise."""
    producer = kafka.producer(linger_ms=50, queue_buffering_max_messages=1_000_000)
    for event in events:
        while True:
            try:
                producer.produce(
                    topic, event.encoded(), event.key, event.partition, headers=list(event.headers)
                )
                break
            except BufferError:
                producer.poll(0.1)
        if event.number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0, "not everything was produced"
