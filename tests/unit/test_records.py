"""Records in columns are, to whoever looks at them, the records of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from connectors.postgres.batch import Chunks
from sinkworker.api import SinkRecord, TopicPartition
from sinkworker.api.records import Columns, Records, joined
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing.broker import LogRecord

SCHEMA = {"type": "int64"}


def listed(start: int, count: int, topic: str = "t", partition: int = 2) -> list[SinkRecord]:
    return [
        SinkRecord(topic, partition, n, 10 * n, f"k{n}", n, [("h", n)], None, SCHEMA)
        for n in range(start, start + count)
    ]


def in_columns(records: Sequence[SinkRecord]) -> Records:
    columns = Columns(*(
        [getattr(each, name) for each in records]
        for name in ("offset", "timestamp", "key", "value", "headers", "key_schema", "value_schema")
    ))  # fmt: skip
    return Records(records[0].topic, records[0].partition, columns)


def test_each_is_found_by_its_index_and_in_slices() -> None:
    expected = listed(5, 4)
    records = in_columns(expected)
    assert list(records) == expected
    assert [records[at] for at in range(-4, 4)] == [expected[at] for at in range(-4, 4)]
    assert list(records[1:3]) == expected[1:3]
    assert list(reversed(records)) == expected[::-1]
    assert len(records) == 4
    assert not records[4:]
    assert repr(records) == repr(expected)
    with pytest.raises(IndexError):
        records[4]


def test_parts_of_one_partition_stay_columns() -> None:
    first, second = listed(0, 2), listed(2, 3)
    both = joined([in_columns(first), in_columns(second)])
    assert isinstance(both, Records)
    assert list(both) == first + second


@pytest.mark.parametrize(
    "parts",
    [
        [in_columns(listed(0, 2)), listed(2, 2)],
        [in_columns(listed(0, 2)), in_columns(listed(2, 2, partition=3))],
        [in_columns(listed(0, 2)), in_columns(listed(2, 2, topic="other"))],
        [listed(0, 1), listed(1, 1)],
        [listed(0, 1)],
        [],
    ],
)
def test_parts_that_differ_are_listed(parts: Sequence[Sequence[SinkRecord]]) -> None:
    assert joined(parts) == [record for part in parts for record in part]


def test_chunks_are_one_after_the_other_also_empty_ones() -> None:
    chunks = Chunks(listed(0, 2), [], in_columns(listed(2, 3)))
    chunks.add([])
    chunks.add(listed(5, 1))
    assert [chunks[at] for at in range(6)] == list(chunks) == listed(0, 6)


@pytest.mark.parametrize("headers", [[], [("h", b"1")]])
@pytest.mark.parametrize("last", [b'{"a":3}', b"{"])
def test_a_pipeline_hands_over_the_same_whether_it_has_to_make_objects(
    headers: Any, last: bytes
) -> None:
    config = JsonConverterConfig(schemas_enable=False)
    converter = JsonConverter(config, is_key=False)
    tolerance = Tolerance(ToleranceMode.ALL, log_errors=False, include_messages=False)
    raws = [
        LogRecord(at, 7 * at, b"1", value, headers if at == 3 else ())
        for at, value in ((1, b'{"a":1}'), (3, None), (4, last))
    ]
    source, fetched = TopicPartition("t", 2), Fetched(0, raws, 6)
    plain, changed = (
        Pipeline(converter, converter, steps, tolerance).process(source, fetched, None)
        for steps in ([], [lambda record: record])
    )
    assert list(plain.records) == list(changed.records)
    assert plain.delivery._replace(errant=()) == changed.delivery._replace(errant=())
    assert [each.offset for each in plain.delivery.errant] == ([4] if last == b"{" else [])
    assert plain.barrier is changed.barrier is None
