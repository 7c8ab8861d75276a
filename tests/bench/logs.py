"""The logs that both sides read: the same alerts, spelled in each mode's way.

Owns values and keys. Must not know who reads them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.factory import alerts
from tests.services.kafka_tools import KafkaTools
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import framed, written

AVRO = {
    "type": "record", "name": "Alert", "namespace": "factory",
    "fields": [
        {"name": "alert_id", "type": "long"}, {"name": "stage_id", "type": "int"},
        {"name": "level", "type": "string"}, {"name": "message", "type": "string"},
    ],
}  # fmt: skip
KINDS = {"alert_id": "int64", "stage_id": "int32", "level": "string", "message": "string"}
SCHEMA = {
    "type": "struct", "name": "factory.Alert", "optional": False,
    "fields": [{"field": name, "type": kind, "optional": False} for name, kind in KINDS.items()],
}  # fmt: skip
# A null value ends the alert so many records before it, in the same partition.
EVERY, BEFORE = 10, 8
KEYS = 50_000  # of the alerts that are updated


class Message(NamedTuple):
    key: bytes | None
    value: bytes | None


def plain(number: int) -> Message:
    return Message(None, json.dumps(alerts.alert(number)).encode())


def keyed(number: int) -> Message:
    if number % EVERY == EVERY - 1:
        return Message(b"%d" % (number - BEFORE), None)
    return Message(b"%d" % number, plain(number).value)


def again(number: int) -> Message:
    """Few keys, each in one partition."""
    return plain(number % KEYS)


def enveloped(number: int) -> Message:
    value = {"schema": SCHEMA, "payload": alerts.alert(number)}
    return Message(None, json.dumps(value).encode())


def otherwise_named(number: int) -> Message:
    """What three transforms make a row of."""
    value = dict(alerts.alert(number))
    value["stage"] = value.pop("stage_id")
    del value["level"]
    return Message(None, json.dumps(value).encode())


def avro(registry: RegistryServer) -> Callable[[int], Message]:
    number_of_schema = registry.register(AVRO)
    return lambda number: Message(
        None, framed(number_of_schema, written(AVRO, alerts.alert(number)))
    )


class Logs:
    """Topics that are there once, whichever modes read them."""

    def __init__(self, kafka: KafkaTools, registry: RegistryServer, records: int) -> None:
        self._kafka, self._records = kafka, records
        self._spelled: Mapping[str, Callable[[int], Message]] = {
            "updates": again, "tombstones": keyed, "envelope": enveloped, "avro": avro(registry),
            "transforms": otherwise_named,
        }  # fmt: skip
        self._there: set[str] = set()

    def of(self, mode: str, partitions: int) -> str:
        """The topic."""
        spelled = self._spelled.get(mode, plain)
        topic = f"bench-{spelled.__name__ if mode != 'avro' else 'avro'}-{partitions}"
        if topic not in self._there:
            self._kafka.create_topic(topic, partitions)
            send(self._kafka, topic, partitions, map(spelled, range(self._records)))
            self._there.add(topic)
        return topic


def send(kafka: KafkaTools, topic: str, partitions: int, messages: Iterator[Message]) -> None:
    """Dealt to the partitions in turn."""
    producer = kafka.producer(linger_ms=50, queue_buffering_max_messages=1_000_000)
    for number, message in enumerate(messages):
        put(producer, topic, message, number % partitions)
    assert producer.flush(60) == 0, "not everything was produced"


def put(producer: Any, topic: str, message: Message, partition: int) -> None:
    while True:
        try:
            producer.produce(topic, message.value, message.key, partition)
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.1)
