"""Records are shown after each stage, safely, and nobody notices."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from sinkworker.administration.tapping import Look
from sinkworker.api import ConnectError, TopicPartition
from sinkworker.app import load_without_kafka
from sinkworker.cli.tap import _json, _lines
from sinkworker.testing import InMemoryBroker, InMemoryConsumer

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
TRANSFORMS = {
    "transforms": "where, drop", "transforms.where.type": "InsertField$Value",
    "transforms.where.offset.field": "o", "transforms.drop.type": "Filter",
    "transforms.drop.predicate": "null", "predicates": "null",
    "predicates.null.type": "RecordIsTombstone",
}  # fmt: skip


@pytest.fixture
def broker() -> InMemoryBroker:
    broker = InMemoryBroker()
    broker.create_topic("alerts", 2)
    return broker


SINK = {
    "name": "to-pg", "topics": "alerts", "connection.url": "postgresql://nowhere/x",
    "key.converter": "StringConverter", "value.converter": "JsonConverter",
    "value.converter.schemas.enable": "false",
}  # fmt: skip


def look(broker: InMemoryBroker, **keys: str) -> Look:
    configured = load_without_kafka("PostgresSink", SINK | keys)

    def connect(partitions: Collection[TopicPartition]) -> InMemoryConsumer:
        return InMemoryConsumer(broker, "none", partitions=partitions)

    return Look(configured, [P0, P1], connect)


def lines(made: Look, limit: int, start: Any = "earliest") -> list[str]:
    return [line for tapped in made.records(start, limit) for line in _lines(made, tapped)]


def test_a_record_is_shown_where_it_changes(broker: InMemoryBroker) -> None:
    broker.produce(P0, b'{"id": 1}', b"k", [("h", b"x")], timestamp=5)
    broker.produce(P0, None, b"k", timestamp=6)
    broker.produce(P0, b"{", b"k", timestamp=7)
    assert lines(look(broker, **TRANSFORMS), 3) == [
        "alerts-0 offset 0 timestamp 5",
        '  read   key "k"',
        '         value {"id": 1}',
        '         headers [["h", "x"]]',
        '  where  value {"id": 1, "o": 0}',
        "  drop   unchanged",
        "alerts-0 offset 1 timestamp 6",
        '  read   key "k"',
        "         value null",
        "  where  unchanged",
        "  drop   left out",
        "alerts-0 offset 2 timestamp 7",
        "  read  FAILED: invalid JSON: EOF while parsing an object at line 1 column 1",
        "        key bytes b'k'",
        "        value bytes b'{'",
    ]


def test_it_begins_where_it_is_told(broker: InMemoryBroker) -> None:
    for number in range(5):
        broker.produce(P0, b"%d" % number)
    offsets = [tapped.raw.offset for tapped in look(broker).records(3, 2)]
    assert offsets == [3, 4]
    with pytest.raises(ConnectError, match="Kafka has no audit-0"):
        next(look(broker).records("latest", 1, [TopicPartition("audit", 0)]))


def test_hostile_characters_are_written_as_their_codes(broker: InMemoryBroker) -> None:
    value = b'{"a": "\\u001b[31m\\u202e\\u0085"}'
    broker.produce(P0, value, b"\x1b]0;x\x07")
    shown = "\n".join(lines(look(broker), 1))
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert "\\u001b[31m" in shown
    assert "\\u202e" in shown
    assert 'key "\\u001b]0;x\\u0007"' in shown


BYTES = {key: value for key, value in SINK.items() if "schemas" not in key} | {
    "value.converter": "ByteArrayConverter"
}


def test_bytes_are_written_as_python_does(broker: InMemoryBroker) -> None:
    broker.produce(P0, b"\xff\x1b[0m")
    configured = load_without_kafka("PostgresSink", BYTES)
    made = Look(configured, [P0], lambda found: InMemoryConsumer(broker, "none", partitions=found))
    assert lines(made, 1)[2] == "        value \"b'\\\\xff\\\\x1b[0m'\""


def test_secrets_of_the_configuration_are_hidden(broker: InMemoryBroker) -> None:
    broker.produce(P0, b'{"password": "s3cret\\"word", "other": 1}')
    made = look(broker, **{"connection.password": 's3cret"word'})
    assert lines(made, 1)[2] == '        value {"password": "[hidden]", "other": 1}'


def test_programs_read_an_object_a_line(broker: InMemoryBroker) -> None:
    broker.produce(P0, b"{}", timestamp=5)
    made = look(broker)
    (tapped,) = made.records("earliest", 1)
    shown = '{"topic": "alerts", "key": "null", "value": "{}", "headers": "[]"}'
    assert _json(made, tapped) == (
        '{"topic": "alerts", "partition": 0, "offset": 0, "timestamp": 5, "stages": [{"stage": "read", '
        f'"record": {shown}, "is_left_out": false, "problem": null}}]}}'
    )
