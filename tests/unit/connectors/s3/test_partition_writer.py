"""Records of one partition become files: nothing lost, nothing twice, hashes true."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.s3 import spill
from connectors.s3.budget import Budget
from connectors.s3.layout import FileConfig, Layout
from connectors.s3.partition_writer import PartitionWriter
from sinkworker.api import RecordRejectedError, SinkRecord, TopicPartition
from tests.unit.connectors.s3.files import MIDNIGHT, SOURCE, Writing, content, read, records


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


def test_a_writer_whose_records_were_all_rejected_is_empty() -> None:
    writing = Writing()
    writing.writer.put(records(object(), object()))
    assert writing.writer.is_empty
    writing.writer.put(records(1))
    assert not writing.writer.is_empty


def test_a_renamed_topic_has_its_own_files() -> None:
    renamed = SinkRecord("other", 0, 1, MIDNIGHT, None, "b")
    files = Writing().files([*records("a"), renamed, *records("c", first=2)])
    assert [(file.topic, file.path, read(file)) for file in files] == [
        ("audit", "partition=3", ["a", "c"]),
        ("other", "partition=3", ["b"]),
    ]


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


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", None, 1, 2.5])), max_size=9),
        max_size=9,
    ),
    st.sampled_from(["JsonFormat", "CsvFormat", "AvroFormat", "ParquetFormat"]),
    st.integers(1, 5),
    st.sampled_from([0, 1 << 30]),
)  # fmt: skip
def test_whatever_comes_every_record_is_in_one_file_and_in_order(
    batches: list[list[tuple[str, Any]]], format_: str, size: int, memory: int
) -> None:
    keys = {"partitioner.class": "FieldPartitioner", "partition.field.name": "p"}
    writing = Writing(Budget(memory), **keys, **{"format.class": format_, "flush.size": size})
    offset = 0
    for batch in batches:
        values = [{"p": p, "v": v, "o": offset + i} for i, (p, v) in enumerate(batch)]
        writing.writer.put(records(*values, first=offset))
        offset += len(batch)
    found = []
    for file in writing.writer.finish():
        rows = read(file)
        offsets = [int(row["o"]) for row in rows]
        assert (offsets[0], offsets[-1], len(rows)) == (file.first, file.last, file.count)
        assert offsets == sorted(offsets)
        assert len(rows) <= size
        assert {f"p={row['p']}" for row in rows} == {file.path}
        found += offsets
    assert sorted(found) == list(range(offset))
    assert writing.rejected == []
    assert writing.budget.used == 0


def test_a_full_disk_makes_files_due_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spill.os, "pwrite", full)
    writing = Writing(Budget(5000), **{"format.class": "ByteArrayFormat"})
    writing.writer.put(records(*[b"x" * 99] * 100))
    assert writing.writer.due(0, MIDNIGHT)
    [file] = writing.writer.finish()
    assert content(file) == (b"x" * 99 + b"\n") * 100
    assert writing.budget.used == 0
