"""Which column type a field gets when a table is created or grows.

Owns the table of types: by Kafka Connect's schema where a record has one, else by the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from sinkworker.api import Schema, SinkRecord

BIGINT = range(-(2**63), 2**63)

LOGICAL_TYPES = {
    "org.apache.kafka.connect.data.Decimal": "numeric",
    "org.apache.kafka.connect.data.Date": "date",
    "org.apache.kafka.connect.data.Time": "time",
    "org.apache.kafka.connect.data.Timestamp": "timestamptz",
}
SCHEMA_TYPES = {
    "boolean": "boolean",
    "int8": "smallint",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "float": "real",
    "float32": "real",
    "double": "double precision",
    "float64": "double precision",
    "string": "text",
    "bytes": "bytea",
    "struct": "jsonb",
    "map": "jsonb",
}
VALUE_TYPES: Mapping[type, str] = {
    bool: "boolean",
    float: "double precision",
    str: "text",
    bytes: "bytea",
    Decimal: "numeric",
    datetime: "timestamptz",
    date: "date",
    time: "time",
    UUID: "uuid",
    dict: "jsonb",
    list: "jsonb",
}
# Each holds the values of those before it, and double precision those of real and of integers.
# Others that differ are kept as text.
NARROW_TO_WIDE: Sequence[Sequence[str]] = [
    ["smallint", "integer", "bigint", "double precision", "numeric"],
    ["real", "double precision", "numeric"],
]


def column_types(
    records: Iterable[tuple[SinkRecord, Mapping[str, Any]]], names: Iterable[str]
) -> dict[str, str]:
    """A type for each of these columns, from all records; text where no record has a value."""
    found: dict[str, str] = {}
    wanted = set(names)
    for record, values in records:
        for name in wanted & values.keys():
            kind = _schema_type(record, name, values[name]) or _value_type(values[name])
            if kind is not None:
                found[name] = _widest(found.get(name, kind), kind)
    return {name: found.get(name, "text") for name in sorted(wanted)}


def _widest(one: str, other: str) -> str:
    if one == other:
        return one
    for kinds in NARROW_TO_WIDE:
        if one in kinds and other in kinds:
            return max(one, other, key=kinds.index)
    is_number = {one, other} <= set(chain.from_iterable(NARROW_TO_WIDE))
    return "double precision" if is_number else "text"


def _value_type(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is int:
        return "bigint" if value in BIGINT else "numeric"
    return VALUE_TYPES.get(type(value), "text")


def _schema_type(record: SinkRecord, name: str, value: Any) -> str | None:
    if value is record.value:  # by value.column: no field, but all of it
        return _of_schema(record.value_schema or {})
    for schema in (record.value_schema, record.key_schema):
        for field in (schema or {}).get("fields", ()):
            if field.get("field") == name:
                return _of_schema(field)
    return None


def _of_schema(schema: Schema) -> str | None:
    if schema.get("name") in LOGICAL_TYPES:
        return LOGICAL_TYPES[schema["name"]]
    if schema.get("type") == "array":
        items = _of_schema(schema.get("items") or {})
        return f"{items}[]" if items not in (None, "jsonb") else "jsonb"
    return SCHEMA_TYPES.get(str(schema.get("type")))
