"""The factory's alerts, dealt to partitions in turn: so SQL alone can tell a partition's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinkworker.demo.factory import Factory
from tests.services.kafka_tools import KafkaTools

FACTORY = Factory()


def alert(number: int) -> Mapping[str, Any]:
    """The alert with this number: always the same one, about 170 bytes as JSON."""
    value = FACTORY.alert(number).value
    assert value is not None
    return value


def produce(kafka: KafkaTools, topic: str, partitions: int, count: int, first: int = 0) -> None:
    """Alerts `first` to `first + count - 1`."""
    producer = kafka.producer(linger_ms=50, queue_buffering_max_messages=1_000_000)
    for number in range(first, first + count):
        event = FACTORY.alert(number)
        while True:
            try:
                producer.produce(topic, event.encoded(), event.key, partition=number % partitions)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0, "not everything was produced"
