"""Parquet files, by pyarrow.

Records are encoded as Arrow batches, which is compact and shows at once which one does not fit; row
groups are made of many batches. Owns what a Connect schema is in Arrow.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.s3.compression import Compression, Compressor
from connectors.s3.formats.format import Encoder, Format, SchemasOf
from connectors.s3.formats.schemas import DATE, DECIMAL, MICROSECONDS, TIME, TIMESTAMP, Schemas
from connectors.s3.formats.values import Change, change, changes, is_open, pairs
from sinkworker.api import DataError, Schema, SinkRecord

ROW_GROUP = 32 << 20
WRITER_MEMORY = 1 << 20
PRECISION = 38  # more would be a decimal of 256 bit, which few readers know
EXTENSIONS = {
    "none": "", "snappy": ".snappy", "gzip": ".gz", "brotli": ".br", "lz4": ".lz4", "zstd": ".zstd",
}  # fmt: skip

TYPES: Mapping[str, pa.DataType] = {
    "boolean": pa.bool_(), "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32(),
    "int64": pa.int64(), "float": pa.float32(), "float32": pa.float32(), "double": pa.float64(),
    "float64": pa.float64(), "string": pa.string(), "bytes": pa.binary(),
}  # fmt: skip
LOGICAL: Mapping[str, pa.DataType] = {
    DATE: pa.date32(),
    TIME: pa.time32("ms"),
    TIMESTAMP: pa.timestamp("ms", "UTC"),
    MICROSECONDS: pa.timestamp("us", "UTC"),
}


class ParquetSchema:
    """arrow: as the library wants it. changes: what the values of some columns need."""

    def __init__(self, schema: Schema) -> None:
        if schema.get("type") != "struct" or not schema.get("fields"):
            raise DataError("ParquetFormat writes objects with fields, and its schema has none")
        try:
            self.arrow = pa.schema([_field(field) for field in schema["fields"]])
        except (KeyError, TypeError, ValueError):
            raise DataError("its schema has no form in Parquet") from None
        self.changes = changes(schema, _of_map)


class ParquetFormat(Format):
    """Confluent's `ParquetFormat`."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self.extension = f"{EXTENSIONS[codec]}.parquet"

    def schemas(self) -> SchemasOf:
        return Schemas(ParquetSchema)

    def encoder(self, schema: Hashable) -> Encoder:
        return _Batches(cast("ParquetSchema", schema))

    def compression(self, schema: Hashable) -> Compression:
        arrow = cast("ParquetSchema", schema).arrow
        return Compression("", WRITER_MEMORY, lambda: _RowGroups(arrow, self._codec), ROW_GROUP)


class _Batches(Encoder):
    """Each batch is a message of Arrow's streaming format."""

    def __init__(self, schema: ParquetSchema) -> None:
        self._schema = schema

    def encode(self, records: Sequence[SinkRecord]) -> bytes:
        values = [record.value for record in records]
        if set(map(type, values)) != {dict}:
            raise DataError("ParquetFormat writes objects, and its value is none")
        fields = self._schema.arrow
        columns = list(map(self._column, fields, _columns(fields.names, values)))
        batch = pa.RecordBatch.from_arrays(columns, schema=fields)
        return cast("bytes", batch.serialize().to_pybytes())

    def _column(self, field: pa.Field, column: Sequence[Any]) -> pa.Array:
        try:
            if field.name in self._schema.changes:
                column = list(map(self._schema.changes[field.name], column))
            return pa.array(column, field.type)
        except DataError:
            raise
        except Exception:  # whatever the library meets; its text would show the value
            raise DataError(f"field {field.name} does not fit the type {field.type}") from None


def _columns(names: Sequence[str], values: Sequence[Mapping[str, Any]]) -> Iterable[Sequence[Any]]:
    """The values by columns; null where a record has none."""
    try:
        if len(names) > 1:  # one name alone would pick no tuples
            return zip(*map(itemgetter(*names), values), strict=True)
    except KeyError:  # not all have all
        pass
    return ([value.get(name) for value in values] for name in names)


class _RowGroups(Compressor):
    """Makes a row group of what it is given at once."""

    def __init__(self, schema: pa.Schema, codec: str) -> None:
        self._schema, self._sink = schema, io.BytesIO()
        self._writer = pq.ParquetWriter(self._sink, schema, compression=codec)

    def compress(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        batches = list(self._batches(b"".join(chunks)))
        if batches:
            table = pa.Table.from_batches(batches, self._schema).combine_chunks()
            self._writer.write_table(table)
        yield self._said()

    def _batches(self, data: bytes) -> Iterator[pa.RecordBatch]:
        stream = pa.BufferReader(data)
        while stream.tell() < len(data):
            yield pa.ipc.read_record_batch(pa.ipc.read_message(stream), self._schema)

    def flush(self) -> bytes:
        self._writer.close()
        return self._said()

    def _said(self) -> bytes:
        data = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return data


def _field(schema: Schema, name: str | None = None) -> pa.Field:
    return pa.field(name or schema["field"], _type(schema), bool(schema.get("optional")))


def _type(schema: Schema) -> pa.DataType:
    logical, kind = schema.get("name", ""), schema["type"]
    if logical in LOGICAL:
        return LOGICAL[logical]
    if logical == DECIMAL:
        return _decimal(schema.get("parameters") or {})
    if kind in TYPES:
        return TYPES[kind]
    if is_open(schema):
        return pa.string()
    return _COMPOSITES[kind](schema)


def _decimal(parameters: Mapping[str, Any]) -> pa.DataType:
    precision = int(parameters.get("connect.decimal.precision", PRECISION))
    return pa.decimal128(min(precision, PRECISION), int(parameters.get("scale", 0)))


def _map(schema: Schema) -> pa.DataType:
    keys = schema.get("keys") or {"type": "string"}
    return pa.map_(_type(keys), _field(schema["values"], "value"))


_COMPOSITES: Mapping[str, Callable[[Schema], pa.DataType]] = {
    "struct": lambda schema: pa.struct([_field(field) for field in schema.get("fields") or ()]),
    "array": lambda schema: pa.list_(_field(schema["items"], "element")),
    "map": _map,
}


def _of_map(schema: Schema) -> Change:
    value = change(schema["values"], _of_map)
    if value is None:
        return pairs
    return lambda whole: [(k, value(v)) for k, v in pairs(whole)]
