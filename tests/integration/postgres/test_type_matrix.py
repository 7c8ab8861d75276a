"""Every kind of value by every kind of column: the value that comes back, or the exact error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from tests.integration.postgres.representations import (
    NOTHING,
    REPRESENTATIONS,
    REPRESENTED,
    Representation,
)
from tests.integration.postgres.type_matrix import COLUMNS, KEYED, cells, expected
from tests.services.database import Database

EACH = pytest.mark.parametrize("one", REPRESENTATIONS.values(), ids=list(REPRESENTATIONS))


@pytest.mark.postgres
@pytest.mark.parametrize("column", COLUMNS)
def test_a_value_comes_back_from_a_column_or_is_refused_with_the_reason(
    schema: Database, column: str
) -> None:
    assert cells(schema, column, "insert") == expected(column)


@pytest.mark.postgres
@pytest.mark.parametrize("column", KEYED)
def test_by_upsert_it_is_the_same(schema: Database, column: str) -> None:
    assert cells(schema, column, "upsert") == expected(column)


def decoded(data: Any, *, is_enveloped: bool) -> Any:
    converter = JsonConverter(JsonConverterConfig(schemas_enable=is_enveloped), is_key=False)
    _, value = converter.decode("alerts", json.dumps(data).encode(), [])
    return value


@EACH
def test_json_makes_these_values(one: Representation) -> None:
    """With an envelope, and without."""
    made = []
    if one.json is not None:
        made.append(decoded(json.loads(one.json), is_enveloped=False))
    if one.schema is not None and one.payload is not NOTHING:
        made.append(decoded({"schema": one.schema, "payload": one.payload}, is_enveloped=True))
    assert [(type(value), repr(value)) for value in made] == [
        (type(one.value), repr(one.value)) for _ in made
    ]


def test_every_type_that_converters_make_is_in_the_matrix() -> None:
    assert {type(one.value) for one in REPRESENTATIONS.values()} == set(REPRESENTED)
