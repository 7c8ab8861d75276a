"""Records of one partition become files: nothing lost, nothing twice, hashes true."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.s3.budget import Budget
from connectors.s3.layout import FileConfig, Layout
from connectors.s3.partition_writer import PartitionWriter
from sinkworker.api import RecordRejectedError, SinkRecord, TopicPartition
from tests.unit.connectors.s3.files import MIDNIGHT, SOURCE, Writing, read, records


def test_records_become_lines_of_one_file() -> None:
    writing = Writing(**{"s3.compression.type": "gzip"})
    writing.writer.put(records({"n": 0}, {"n": 1}))
    writing.writer.put(records({"n": 2}, first=7))
    [file] = writing.writer.finish()
    assert (file.topic, file.path, file.extension) == ("audit", "partition=3", ".json.gz")
    assert (file.first, file.last, file.count) == (0, 7, 3)
    assert read(file) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert writing.writer.finish() == []
    assert writing.budget.used == 0


def test_no_file_has_more_records_than_flush_size() -> None:
    writing = Writing(**{"flush.size": 4})
    writing.writer.put(records(*range(3)))
    assert not writing.writer.due(0, MIDNIGHT)
    writing.writer.put(records(*range(3, 10), first=3))
    assert writing.writer.due(0, MIDNIGHT)
    files = writing.writer.finish()
    assert [(file.first, file.last, file.count) for file in files] == [
        (0, 3, 4), (4, 7, 4), (8, 9, 2),
    ]  # fmt: skip
    assert [read(file) for file in files] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_record_that_cannot_be_written_is_reported_and_left_out() -> None:
    writing = Writing()
    writing.writer.put(records(*range(5), object(), *range(6, 9), object()))
    [file] = writing.writer.finish()
    assert writing.rejected == [
        (5, "it cannot be written as JSON: Type is not JSON serializable: object"),
        (9, "it cannot be written as JSON: Type is not JSON serializable: object"),
    ]
    assert (file.first, file.last, file.count) == (0, 8, 8)
    assert read(file) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_what_the_report_raises_goes_through() -> None:
    def refuse(source: TopicPartition, record: SinkRecord, error: Exception) -> None:
        raise RecordRejectedError(source, record.offset, str(error))

    writer = PartitionWriter(SOURCE, Layout.of(FileConfig()), Budget(1 << 20), refuse)
    with pytest.raises(RecordRejectedError) as raised:
        writer.put(records(1, object()))
    assert raised.value.offset == 1


@pytest.mark.parametrize(
    ("behavior", "written", "rejected"),
    [("fail", [1], [0, 2]), ("ignore", [1], []), ("write", [1, None, None], [])],
)
def test_records_without_a_value(behavior: str, written: list[Any], rejected: list[int]) -> None:
    writing = Writing(**{"behavior.on.null.values": behavior})
    writing.writer.put(records(None, 1, None))
    files = writing.writer.finish()
    assert sorted((v for f in files for v in read(f)), key=str) == written
    assert [offset for offset, _ in writing.rejected] == rejected


def test_memory_goes_to_disk_when_the_budget_is_tight_and_comes_back_whole() -> None:
    writing = Writing(Budget(20_000), **{"s3.compression.type": "gzip"})
    values = [f"{number:0100d}" for number in range(5000)]
    for start in range(0, 5000, 500):
        writing.writer.put(records(*values[start : start + 500], first=start))
        assert writing.budget.used < 20_000
        assert not writing.writer.due(0, MIDNIGHT)
    [file] = writing.writer.finish()
    assert read(file) == values
    assert writing.budget.used == 0


def test_discard_gives_everything_back() -> None:
    writing = Writing(**{"flush.size": 2})
    writing.writer.put(records(*range(5)))
    writing.writer.discard()
    assert writing.budget.used == 0
    assert not writing.writer.due(0, MIDNIGHT)
    assert writing.writer.finish() == []
