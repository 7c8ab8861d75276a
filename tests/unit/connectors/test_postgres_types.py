"""Which column type a field gets: by Connect's schema where there is one, else by the values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from connectors.postgres.types import column_types
from sinkworker.api import Schema, SinkRecord


def type_of(*values: Any, schema: Schema | None = None) -> str:
    """The type of a field that has these values, one a record."""
    whole = None if schema is None else {"type": "struct", "fields": [{"field": "f", **schema}]}
    records = [
        (SinkRecord("t", 0, i, None, None, {"f": value}, value_schema=whole), {"f": value})
        for i, value in enumerate(values)
    ]
    return column_types(records, ["f"])["f"]


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (True, "boolean"),
        (1, "bigint"),
        (2**63 - 1, "bigint"),
        (-(2**63), "bigint"),
        (2**63, "numeric"),
        (-(2**63) - 1, "numeric"),
        (1.5, "double precision"),
        ("text", "text"),
        (b"\x00", "bytea"),
        (Decimal("1.10"), "numeric"),
        (datetime(2024, 2, 29, tzinfo=UTC), "timestamptz"),
        (date(2024, 2, 29), "date"),
        (time(12, 30), "time"),
        (UUID(int=7), "uuid"),
        ({"a": 1}, "jsonb"),
        ([1, 2], "jsonb"),
        (None, "text"),
    ],
)
def test_without_a_schema_the_value_decides(value: Any, type_: str) -> None:
    assert type_of(value) == type_


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ((1, 2**70), "numeric"),
        ((1, 1.5), "double precision"),
        ((1.5, 2**70), "numeric"),
        ((1, 1.5, 2**70), "numeric"),
        ((None, 1, None), "bigint"),
        ((1, "one"), "text"),
        ((True, 1), "text"),
        (("one", None, {"a": 1}), "text"),
        ((date(2024, 2, 29), datetime(2024, 2, 29, tzinfo=UTC)), "text"),
    ],
)
def test_a_type_holds_the_values_of_all_records_in_any_order(
    values: tuple[Any, ...], type_: str
) -> None:
    assert {type_of(*values), type_of(*reversed(values))} == {type_}


LOGICAL = "org.apache.kafka.connect.data."


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"type": "boolean"}, "boolean"),
        ({"type": "int8"}, "smallint"),
        ({"type": "int16"}, "smallint"),
        ({"type": "int32"}, "integer"),
        ({"type": "int64"}, "bigint"),
        ({"type": "float"}, "real"),
        ({"type": "double"}, "double precision"),
        ({"type": "string"}, "text"),
        ({"type": "bytes"}, "bytea"),
        ({"type": "struct", "fields": []}, "jsonb"),
        ({"type": "map"}, "jsonb"),
        ({"type": "array", "items": {"type": "int32"}}, "integer[]"),
        ({"type": "array", "items": {"type": "struct"}}, "jsonb"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "text[][]"),
        ({"type": "array"}, "jsonb"),
        ({"type": "bytes", "name": LOGICAL + "Decimal"}, "numeric"),
        ({"type": "int32", "name": LOGICAL + "Date"}, "date"),
        ({"type": "int32", "name": LOGICAL + "Time"}, "time"),
        ({"type": "int64", "name": LOGICAL + "Timestamp"}, "timestamptz"),
        ({"type": "string", "name": "io.debezium.data.Json"}, "text"),
    ],
)
def test_a_schema_decides_whatever_the_value_is(schema: Schema, type_: str) -> None:
    assert {type_of(None, schema=schema), type_of(1, schema=schema)} == {type_}


def test_a_type_that_no_schema_names_falls_back_to_the_value() -> None:
    assert type_of(1.5, schema={"type": "quaternion"}) == "double precision"


def test_the_schema_of_the_key_decides_about_its_fields() -> None:
    key_schema = {"type": "struct", "fields": [{"field": "id", "type": "int32"}]}
    record = SinkRecord("t", 0, 0, None, {"id": 1}, {}, key_schema=key_schema)
    assert column_types([(record, {"id": 1})], ["id"]) == {"id": "integer"}


def test_only_the_columns_that_are_asked_for_get_a_type() -> None:
    record = SinkRecord("t", 0, 0, None, None, {"known": 1, "new": 2})
    assert column_types([(record, record.value)], ["new", "never seen"]) == {
        "never seen": "text",
        "new": "bigint",
    }
