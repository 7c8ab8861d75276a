"""The factory's alerts, dealt to partitions in turn: so SQL alone can tell a partition's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinkworker.demo.factory import Factory
from tests.factory.events import send
from tests.services.kafka_tools import KafkaTools

FACTORY = Factory()


def alert(number: int) -> Mapping[str, Any]:
    """The alert with this number: always the same one, about 170 bytes as JSON."""
    value = FACTORY.alert(number).value
    assert value is not None
    return value


def produce(kafka: KafkaTools, topic: str, partitions: int, count: int, first: int = 0) -> None:
    """Alerts `first` to `first + count - 1`."""
    numbers = range(first, first + count)
    send(kafka, topic, (FACTORY.alert(n)._replace(partition=n % partitions) for n in numbers))
