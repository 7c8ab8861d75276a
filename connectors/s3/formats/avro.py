"""Avro container files.

Owns what a Connect schema is in Avro, and the blocks of a file: one or more a batch, made by the
library. Names that Avro does not allow are refused; structs are named by their place.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, cast

import fastavro

from connectors.s3.compression import NONE, Compression
from connectors.s3.formats.format import Encoder, Format, SchemasOf
from connectors.s3.formats.schemas import DATE, DECIMAL, MICROSECONDS, TIME, TIMESTAMP, Schemas
from connectors.s3.formats.values import Change, change, is_open, pairs
from sinkworker.api import DataError, Schema, SinkRecord

BLOCK = 64_000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Confluent's converter says this precision where a schema says none.
PRECISION = 64

TYPES: Mapping[str, str] = {
    "boolean": "boolean", "int8": "int", "int16": "int", "int32": "int", "int64": "long",
    "float": "float", "float32": "float", "double": "double", "float64": "double",
    "string": "string", "bytes": "bytes",
}  # fmt: skip
LOGICAL: Mapping[str, Mapping[str, str]] = {
    DATE: {"type": "int", "logicalType": "date"},
    TIME: {"type": "int", "logicalType": "time-millis"},
    TIMESTAMP: {"type": "long", "logicalType": "timestamp-millis"},
    MICROSECONDS: {"type": "long", "logicalType": "timestamp-micros"},
}


class AvroSchema:
    """parsed: as the library wants it. change: what its values need."""

    def __init__(self, schema: Schema) -> None:
        try:
            self.parsed = fastavro.parse_schema(_type({**schema, "optional": False}, "Value"))
        except (fastavro.schema.SchemaParseException, KeyError, TypeError, ValueError):
            raise DataError("its schema has no form in Avro") from None
        self.change: Change | None = change(schema, _of_map)


class AvroFormat(Format):
    """Confluent's `AvroFormat`."""

    extension = ".avro"

    def __init__(self, codec: str) -> None:
        self._codec = codec

    def schemas(self) -> SchemasOf:
        return Schemas(AvroSchema)

    def encoder(self, schema: Hashable) -> Encoder:
        return _Blocks(cast("AvroSchema", schema), self._codec)

    def compression(self, schema: Hashable) -> Compression:
        return NONE


class _Blocks(Encoder):
    """Every batch is written as a file of its own with the same marker; its header counts once."""

    def __init__(self, schema: AvroSchema, codec: str) -> None:
        self._schema, self._codec, self._marker = schema, codec, os.urandom(16)
        self._header = len(self._file(()))
        self._skip = 0

    def encode(self, records: Sequence[SinkRecord]) -> bytes:
        values: list[Any] = [record.value for record in records]
        try:
            if self._schema.change is not None:
                values = list(map(self._schema.change, values))
            data = self._file(values)[self._skip :]
        except DataError:
            raise
        except Exception as error:  # whatever the library meets; its text would show the value
            raise DataError(f"it does not fit its schema ({type(error).__name__})") from None
        self._skip = self._header
        return data

    def _file(self, values: Iterable[Any]) -> bytes:
        file = io.BytesIO()
        fastavro.writer(
            file, self._schema.parsed, values, self._codec,
            sync_interval=BLOCK, sync_marker=self._marker,
        )  # fmt: skip
        return file.getvalue()


def _type(schema: Schema, name: str) -> Any:
    plain = _required(schema, name)
    return ["null", plain] if schema.get("optional") else plain


def _required(schema: Schema, name: str) -> Any:
    logical, kind = schema.get("name", ""), schema["type"]
    if logical in LOGICAL:
        return LOGICAL[logical]
    if logical == DECIMAL:
        return _decimal(schema.get("parameters") or {})
    if kind in TYPES:
        return TYPES[kind]
    if is_open(schema):
        return "string"
    return _COMPOSITES[kind](schema, name)


def _decimal(parameters: Mapping[str, Any]) -> Any:
    precision = int(parameters.get("connect.decimal.precision", PRECISION))
    return {"type": "bytes", "logicalType": "decimal", "precision": precision,
            "scale": int(parameters.get("scale", 0))}  # fmt: skip


def _record(schema: Schema, name: str) -> Any:
    fields = [_field(field, name) for field in schema.get("fields") or ()]
    return {"type": "record", "name": name, "fields": fields}


def _field(field: Schema, parent: str) -> Mapping[str, Any]:
    name = field["field"]
    if not NAME.fullmatch(name):
        raise DataError(
            f"field {name!r}: names in Avro are of letters, digits and _. Rename the field, or choose "
            "another format"
        )
    default = {"default": None} if field.get("optional") else {}
    return {"name": name, "type": _type(field, f"{parent}_{name}"), **default}


def _array(schema: Schema, name: str) -> Any:
    return {"type": "array", "items": _type(schema["items"], f"{name}_item")}


def _map(schema: Schema, name: str) -> Any:
    if _has_text_keys(schema):
        return {"type": "map", "values": _type(schema["values"], f"{name}_value")}
    entry = {"fields": [{**schema["keys"], "field": "key"}, {**schema["values"], "field": "value"}]}
    return {"type": "array", "items": _record(entry, f"{name}_entry")}


def _has_text_keys(schema: Schema) -> bool:
    keys = schema.get("keys") or {"type": "string"}
    return keys.get("type") == "string" and not keys.get("optional")


_COMPOSITES: Mapping[str, Callable[[Schema, str], Any]] = {
    "struct": _record,
    "array": _array,
    "map": _map,
}


def _of_map(schema: Schema) -> Change | None:
    value = change(schema["values"], _of_map)
    if not _has_text_keys(schema):
        return lambda whole: [
            {"key": k, "value": value(v) if value else v} for k, v in pairs(whole)
        ]
    return lambda whole: {k: value(v) if value else v for k, v in pairs(whole)}
