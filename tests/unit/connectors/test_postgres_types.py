"""Which column type a field gets: by Connect's schema where there is one, else by the values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import permutations
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


WIDEST = {
    ("int16", "int32"): "integer", ("int16", "int64"): "bigint", ("int32", "int64"): "bigint",
    ("int16", "float"): "double precision", ("int64", "float"): "double precision",
    ("float", "double"): "double precision", ("float", "decimal"): "numeric",
    ("int16", "int32", "int64"): "bigint", ("int16", "float", "decimal"): "numeric",
    ("int32", "string"): "text", ("int32", "boolean"): "text",
}  # fmt: skip


@pytest.mark.parametrize(("kinds", "type_"), WIDEST.items(), ids=map("+".join, WIDEST))
def test_a_field_whose_schema_changes_within_a_batch_gets_a_type_for_both(
    kinds: tuple[str, ...], type_: str
) -> None:
    found = {types_of_schemas(order) for order in permutations(kinds)}
    assert found == {type_}


def types_of_schemas(kinds: Sequence[str]) -> str:
    decimal = {"type": "bytes", "name": LOGICAL + "Decimal"}
    schemas = [decimal if kind == "decimal" else {"type": kind} for kind in kinds]
    wholes = [{"type": "struct", "fields": [{"field": "f", **schema}]} for schema in schemas]
    records = [
        (SinkRecord("t", 0, 0, None, None, {"f": 1}, value_schema=whole), {"f": 1})
        for whole in wholes
    ]
    return column_types(records, ["f"])["f"]


@pytest.mark.parametrize(
    ("value", "schema", "type_"),
    [
        ({"payload": "its own"}, None, "jsonb"),
        ({"payload": 1}, {"type": "struct", "fields": [{"field": "payload", "type": "int32"}]},
         "jsonb"),
        ("text", {"type": "string"}, "text"),
        (b"\x00", None, "bytea"),
        ([1], {"type": "array", "items": {"type": "int32"}}, "integer[]"),
    ],
)  # fmt: skip
def test_a_column_for_the_whole_value_gets_the_type_of_the_whole_value(
    value: Any, schema: Schema | None, type_: str
) -> None:
    record = SinkRecord("t", 0, 0, None, None, value, value_schema=schema)
    assert column_types([(record, {"payload": value})], ["payload"]) == {"payload": type_}


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
