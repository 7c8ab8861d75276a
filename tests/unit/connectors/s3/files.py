"""A partition's writer, records for it, and files read back."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import fastavro
import pyarrow.parquet as pq
import zstandard

from connectors.s3.budget import Budget
from connectors.s3.layout import FileConfig, Layout
from connectors.s3.open_file import EncodedFile
from connectors.s3.partition_writer import PartitionWriter
from sinkworker.api import Schema, SinkRecord, TopicPartition

SOURCE = TopicPartition("audit", 3)
MIDNIGHT = 1_767_225_600_000  # 2026-01-01T00:00:00Z


class Writing:
    """A writer, and what it reported. Its clock stands still."""

    def __init__(self, budget: Budget | None = None, **keys: Any) -> None:
        self.rejected: list[tuple[int, str]] = []
        self.budget = budget or Budget(1 << 30)
        layout = Layout.of(FileConfig.model_validate(keys))
        self.wall = MIDNIGHT
        self.writer = PartitionWriter(
            SOURCE, layout, self.budget, self._report, wall=lambda: self.wall
        )

    def files(self, *batches: list[SinkRecord]) -> list[EncodedFile]:
        for batch in batches:
            self.writer.put(batch)
        return self.writer.finish()

    def _report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> None:
        assert source == SOURCE
        self.rejected.append((record.offset, str(error)))


def records(
    *values: Any, first: int = 0, time: int | None = MIDNIGHT, schema: Schema | None = None
) -> list[SinkRecord]:
    return [
        SinkRecord("audit", 3, offset, time, None, value, value_schema=schema)
        for offset, value in enumerate(values, first)
    ]


def content(file: EncodedFile) -> bytes:
    """The file's bytes, checked against what it says of itself; the body is closed."""
    with file.body as body:
        data = body.read()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file.bytes, file.sha256)
    return data


def read(file: EncodedFile) -> list[Any]:
    """The file's records, as other programs read them."""
    data = content(file)
    if file.extension.endswith(".gz"):
        data = gzip.decompress(data)
    if file.extension.endswith(".zst"):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return READERS[file.extension.removesuffix(".gz").removesuffix(".zst").split(".")[-1]](data)


READERS: Mapping[str, Callable[[bytes], list[Any]]] = {
    "json": lambda data: [json.loads(line) for line in data.splitlines()],
    "csv": lambda data: list(csv.DictReader(io.StringIO(data.decode(), newline=""))),
    "avro": lambda data: list(fastavro.reader(io.BytesIO(data))),
    "parquet": lambda data: pq.read_table(io.BytesIO(data)).to_pylist(),
    "bin": lambda data: data.split(b"\n")[:-1],
}
