"""Alerts as the e-bike factory sends them: alert id, stage id, level, message."""

from __future__ import annotations

import json
from typing import Any

from tests.services.kafka_tools import KafkaTools

LEVELS = ("Critical", "Major", "Minor", "Warning")


def alert(number: int) -> dict[str, Any]:
    """The alert with this number: always the same one, about 190 bytes as JSON."""
    stage = number % 50
    return {
        "alert_id": number,
        "stage_id": stage,
        "level": LEVELS[number % 4],
        "message": f"stage {stage} reports a temperature out of its range, sequence {number:09d}, "
        "please look at the bearings and the coolant",
    }


def produce(kafka: KafkaTools, topic: str, partitions: int, count: int, first: int = 0) -> None:
    """Alerts `first` to `first + count - 1`, dealt to the partitions in turn."""
    producer = kafka.producer(linger_ms=50, queue_buffering_max_messages=1_000_000)
    for number in range(first, first + count):
        value, key = json.dumps(alert(number)).encode(), str(number % 50).encode()
        while True:
            try:
                producer.produce(topic, value, key, partition=number % partitions)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0, "not everything was produced"
