"""Records from JSON lines: what a line may say, and what is told of one that says something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sinkworker.api import TopicPartition
from sinkworker.testing import InMemoryBroker
from sinkworker.testing.crashing.records import (
    RecordFileError,
    SampleRecord,
    produce,
    read_records,
)


def read(tmp_path: Path, text: str) -> list[SampleRecord]:
    file = tmp_path / "r.jsonl"
    file.write_text(text, "utf-8")
    return read_records(file, "alerts")


def test_only_a_value_must_be_there(tmp_path: Path) -> None:
    assert read(tmp_path, '{"value": {"id": 1}}\n') == [
        SampleRecord(TopicPartition("alerts", 0), b'{"id": 1}', None, [], None)
    ]


def test_everything_else_may_be_there(tmp_path: Path) -> None:
    line = {"topic": "audit", "partition": 3, "key": "k", "value": 1, "timestamp": 5,
            "headers": {"trace": "a", "n": 1, "empty": None}}  # fmt: skip
    assert read(tmp_path, json.dumps(line)) == [
        SampleRecord(
            TopicPartition("audit", 3), b"1", b"k",
            [("trace", b"a"), ("n", b"1"), ("empty", None)], 5,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, b""),
        ("größe", "größe".encode()),
        ("1", b"1"),
        (True, b"true"),
        ([1, "ü"], '[1, "ü"]'.encode()),
        (10**30, b"1" + b"0" * 30),
    ],
)
def test_text_is_sent_as_it_is_and_anything_else_as_json(
    tmp_path: Path, value: Any, data: bytes
) -> None:
    (record,) = read(tmp_path, json.dumps({"value": value, "key": value}))
    expected = None if value is None else data
    assert (record.value, record.key) == (expected, expected)


def test_empty_lines_are_passed_over(tmp_path: Path) -> None:
    assert [r.value for r in read(tmp_path, '\n{"value": "a"}\n \n{"value": "b"}\n')] == [
        b"a",
        b"b",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"value": 1}\n{"key": 1}', ":2: value: Field required"),
        ('{"value": 1, "offset": 5}', ":1: offset: Extra inputs are not permitted"),
        ('{"value": 1, "partition": -1}',
         ":1: partition: Input should be greater than or equal to 0"),
        ('{"value": 1, "headers": ["a"]}', ":1: headers: Input should be an object"),
        ("5", ":1: Input should be an object"),
        ("{", ":1: Invalid JSON: EOF while parsing an object at line 1 column 1"),
        ("", ": there is no record in it"),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_told_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(RecordFileError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'r.jsonl'}{message}"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordFileError) as caught:
        read_records(tmp_path, "alerts")
    assert str(caught.value) == f"{tmp_path}: Is a directory"


def test_they_are_produced_in_their_order_to_topics_that_are_the_same_each_time(
    tmp_path: Path,
) -> None:
    records = read(tmp_path, '{"value": "a", "partition": 1}\n{"value": "b", "partition": 1}')
    first, second = InMemoryBroker(), InMemoryBroker()
    produce(first, records)
    produce(second, records)
    assert first.topic_ids == second.topic_ids == {"alerts": "sample-alerts"}
    ends = {partition.partition: log.end for partition, log in first.logs.items()}
    assert ends == {0: 0, 1: 2}
    log = first.logs[TopicPartition("alerts", 1)]
    assert [record.value for record in log.records] == [b"a", b"b"]
