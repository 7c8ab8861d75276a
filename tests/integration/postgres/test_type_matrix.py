"""Every kind of value by every kind of column: the value that comes back, or the exact error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from tests.integration.postgres.avro_encodings import AVRO
from tests.integration.postgres.encodings import Encoding
from tests.integration.postgres.json_schema_encodings import JSON_SCHEMA
from tests.integration.postgres.protobuf_encodings import PROTO, PROTOBUF
from tests.integration.postgres.representations import (
    NOTHING,
    REPRESENTATIONS,
    REPRESENTED,
    Representation,
)
from tests.integration.postgres.type_matrix import COLUMNS, KEYED, cells, expected
from tests.services.database import Database
from tests.services.registry import RegistryServer, running
from tests.unit.converters import avro_messages, protobuf_messages
from tests.unit.converters.test_json_schema import decode as decode_json_schema

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


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with running() as server:
        yield server


def as_represented(value: Any, one: Encoding) -> bool:
    """repr, because it tells types within lists and objects, and NaN is like NaN."""
    represented = REPRESENTATIONS[one.name].value
    return (type(value), repr(value)) == (type(represented), repr(represented))


@pytest.mark.parametrize("one", AVRO, ids=str)
def test_avro_makes_these_values(registry: RegistryServer, one: Encoding) -> None:
    """As a message of its own, and as a field."""
    _, value = avro_messages.decode(registry, one.schema, one.given)
    assert as_represented(value, one)
    around = {"type": "record", "name": "Around", "fields": [{"name": "v", "type": one.schema}]}
    _, value = avro_messages.decode(registry, around, {"v": one.given})
    assert as_represented(value["v"], one)


@pytest.mark.parametrize("one", PROTOBUF, ids=str)
def test_protobuf_makes_these_values(registry: RegistryServer, one: Encoding) -> None:
    message = protobuf_messages.message(PROTO, "All", **{one.schema: one.given})
    _, value = protobuf_messages.decode(registry, PROTO, message)
    assert as_represented(value[one.schema], one)


@pytest.mark.parametrize("one", JSON_SCHEMA, ids=str)
def test_json_schema_makes_these_values(registry: RegistryServer, one: Encoding) -> None:
    around = {"type": "object", "properties": {"v": one.schema}}
    _, value = decode_json_schema(registry, around, {"v": one.given})
    assert as_represented(value["v"], one)


# What a format has no word for.
NO_AVRO = {"2**63", "Decimal 1E+3"}
NO_PROTOBUF = {"[7, null]", "[[7], [8]]", "[[7], [8, 9]]", "object"}
NO_JSON_SCHEMA = {
    "2**63",
    "NaN",
    "Infinity",
    "Decimal 7",
    "Decimal 1E+3",
    "Timestamp of microseconds",
}


FORMATS = pytest.mark.parametrize(
    ("name", "encodings", "but"),
    [("Avro", AVRO, NO_AVRO), ("Protobuf", PROTOBUF, NO_PROTOBUF),
     ("JSON Schema", JSON_SCHEMA, NO_JSON_SCHEMA)],
    ids=["Avro", "Protobuf", "JSON Schema"],
)  # fmt: skip


@FORMATS
def test_a_format_makes_every_value_that_it_has_a_word_for(
    name: str, encodings: Sequence[Encoding], but: set[str]
) -> None:
    assert {one.name for one in encodings} == set(REPRESENTATIONS) - but


@FORMATS
def test_each_type_of_a_format_makes_what_the_matrix_says(
    name: str, encodings: Sequence[Encoding], but: set[str]
) -> None:
    made: dict[type, set[str]] = {}
    for one in encodings:
        made.setdefault(type(REPRESENTATIONS[one.name].value), set()).add(one.kind)
    assert made == {python: set(words(text, name)) for python, text in REPRESENTED.items()}


def words(text: str, of: str) -> list[str]:
    (listed,) = (part for part in text.split("; ") if part.startswith(f"{of} "))
    return listed.removeprefix(f"{of} ").split(", ")


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
