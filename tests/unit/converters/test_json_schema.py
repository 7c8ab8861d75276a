"""JSON with a JSON Schema → values and Connect's schemas, as Confluent's converter makes them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from sinkworker.api import DataError
from sinkworker.converters.json_schema import JsonSchemaConverter, JsonSchemaConverterConfig
from sinkworker.converters.wire import NOT_IN_FORMAT
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import framed

LOGICAL = "org.apache.kafka.connect.data."
ONE_OF = "io.confluent.connect.json.OneOf"
ENUM = "io.confluent.connect.json.Enum"


@cache
def converter(registry: RegistryServer, **keys: Any) -> JsonSchemaConverter:
    config = JsonSchemaConverterConfig(schema_registry_url=(registry.url,), **keys)
    return JsonSchemaConverter(config, is_key=False)


def decode(registry: RegistryServer, schema: Any, value: Any, **keys: Any) -> tuple[Any, Any]:
    """value: bytes as they are, anything else as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    number = registry.register(schema, "JSON")
    return converter(registry, **keys).decode("alerts", framed(number, data), ())


def obj(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


ALERT = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Alert",
    **obj(("sensor_id", "time"),
          sensor_id={"type": "integer"},
          time={"type": "integer", "connect.type": "int64", "title": LOGICAL + "Timestamp",
                "connect.version": 1},
          status={"type": "string", "enum": ["Critical", "Major"]},
          load={"type": "number"}),
}  # fmt: skip


def test_an_alert_of_the_factory_becomes_a_struct(schemas: RegistryServer) -> None:
    given = {"sensor_id": 7, "time": 1000, "status": "Major", "load": 2, "more": "of it"}
    schema, value = decode(schemas, ALERT, given)
    moment = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert value == {"sensor_id": 7, "time": moment, "status": "Major", "load": 2.0}
    assert type(value["load"]) is float
    assert schema == {
        "type": "struct", "optional": False, "name": "Alert",
        "fields": [
            {"field": "sensor_id", "type": "int64", "optional": False},
            {"field": "time", "type": "int64", "optional": False, "version": 1,
             "name": LOGICAL + "Timestamp"},
            {"field": "status", "type": "string", "optional": False,
             "parameters": {ENUM: "", f"{ENUM}.Critical": "Critical", f"{ENUM}.Major": "Major"}},
            {"field": "load", "type": "double", "optional": False},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "given", "kind", "value"),
    [
        ({"type": "boolean"}, True, "boolean", True),
        ({"type": "integer"}, 2**62, "int64", 2**62),
        ({"type": "number"}, 1, "double", 1.0),
        ({"type": "string"}, "ö", "string", "ö"),
        ({"type": "string", "connect.type": "bytes"}, "/wA=", "bytes", b"\xff\0"),
        ({"type": "integer", "connect.type": "int16"}, 5, "int16", 5),
        ({"type": "number", "connect.type": "float32"}, 5, "float", 5.0),
        ({"type": "integer", "enum": [1, 2]}, 2, "int64", 2),
        ({"const": "only"}, "only", "string", "only"),
        ({}, {"a": [1]}, "string", '{"a":[1]}'),
        (True, "x", "string", '"x"'),
        ({"type": "integer", "connect.type": "int32", "title": LOGICAL + "Date"}, 1, "int32",
         date(1970, 1, 2)),
    ],
)  # fmt: skip
def test_simple_types_are_those_of_connect(
    schemas: RegistryServer, schema: Any, given: Any, kind: str, value: Any
) -> None:
    found, read = decode(schemas, schema, given)
    assert (found["type"], read, type(read)) == (kind, value, type(value))


@pytest.mark.parametrize(
    "data", [b'"AgI="', b"5.14", b"0.514e1"], ids=["base64", "numeric", "exponent"]
)
def test_decimals_are_exact_in_both_forms(schemas: RegistryServer, data: bytes) -> None:
    schema = {"type": "number", "connect.type": "bytes", "title": LOGICAL + "Decimal",
              "connect.version": 1, "connect.parameters": {"scale": "2"}}  # fmt: skip
    found, value = decode(schemas, schema, data)
    assert value == Decimal("5.14")
    assert found == {"type": "bytes", "optional": False, "name": LOGICAL + "Decimal", "version": 1,
                     "parameters": {"scale": "2"}}  # fmt: skip


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"type": "null"}, {"type": "integer"}]},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"type": ["integer", "null"]},
    ],
)
def test_what_may_be_null_is_optional(schemas: RegistryServer, schema: Any) -> None:
    expected = {"type": "int64", "optional": True}
    assert decode(schemas, schema, None) == (expected, None)
    assert decode(schemas, schema, 5) == (expected, 5)


def test_what_is_missing_is_null_and_a_default_stands_in(schemas: RegistryServer) -> None:
    schema = obj(("a",), a={"type": "integer"}, b={"type": "string"},
                 c={"type": "integer", "default": 7})  # fmt: skip
    found, value = decode(schemas, schema, {"a": 1})
    assert value == {"a": 1, "b": None, "c": 7}
    assert found["fields"][2] == {"field": "c", "type": "int64", "optional": False, "default": 7}


def test_what_is_not_required_may_be_optional(schemas: RegistryServer) -> None:
    schema = obj(("a",), a={"type": "integer"}, b={"type": "string"})
    found, value = decode(schemas, schema, {"a": 1, "b": None}, use_optional_for_nonrequired=True)
    assert [field["optional"] for field in found["fields"]] == [False, True]
    assert value == {"a": 1, "b": None}


CHOICE = {"oneOf": [{"type": "string"}, {"type": "integer"}, obj(a={"type": "integer"}),
                    obj(a={"type": "integer"}, b={"type": "string"}), {"type": "null"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "number", "value"),
    [
        ("x", 0, "x"),
        (5, 1, 5),
        ({"a": 1}, 2, {"a": 1}),
        ({"a": 1, "b": "c"}, 3, {"a": 1, "b": "c"}),
    ],
)
def test_a_choice_is_a_struct_of_which_one_field_is_set(
    schemas: RegistryServer, given: Any, number: int, value: Any
) -> None:
    schema, read = decode(schemas, CHOICE, given)
    names = [f"{ONE_OF}.field.{n}" for n in range(4)]
    assert (schema["name"], schema["optional"]) == (ONE_OF, True)
    assert [field["field"] for field in schema["fields"]] == names
    assert read == {**dict.fromkeys(names), names[number]: value}


def test_arrays_and_maps(schemas: RegistryServer) -> None:
    entry = obj(key={"type": "integer"}, value={"type": "string"})
    schema = obj(
        l={"type": "array", "items": {"type": "integer"}},
        m={"type": "object", "connect.type": "map", "additionalProperties": {"type": "integer"}},
        e={"type": "array", "connect.type": "map", "items": entry},
    )
    given = {"l": [1, 2], "m": {"a": 1}, "e": [{"key": 1, "value": "a"}]}
    found, value = decode(schemas, schema, given)
    assert value == {"l": [1, 2], "m": {"a": 1}, "e": [[1, "a"]]}
    assert found["fields"][1] == {
        "field": "m", "type": "map", "optional": False,
        "keys": {"type": "string", "optional": False},
        "values": {"type": "int64", "optional": False},
    }  # fmt: skip


def test_fields_are_in_the_order_that_connect_noted(schemas: RegistryServer) -> None:
    schema = obj(
        z={"type": "integer", "connect.index": 1}, a={"type": "integer", "connect.index": 0}
    )
    assert list(decode(schemas, schema, {"z": 1, "a": 2})[1]) == ["a", "z"]


def test_the_parts_of_an_all_of_are_one_struct(schemas: RegistryServer) -> None:
    schema = {"allOf": [{"$ref": "#/$defs/base"}, obj(b={"type": "string"})],
              "$defs": {"base": obj(a={"type": "integer"})}}  # fmt: skip
    assert decode(schemas, schema, {"a": 1, "b": "x"})[1] == {"a": 1, "b": "x"}


def test_a_schema_that_contains_itself_reads_all(schemas: RegistryServer) -> None:
    schema = {**obj(v={"type": "integer"}, next={"$ref": "#"}), "type": ["object", "null"]}
    given = {"v": 1, "next": {"v": 2, "next": {"v": 3, "next": None}}}
    found, value = decode(schemas, schema, given)
    assert value == given
    assert found["fields"][1]["fields"] == []


def test_many_schemas_that_all_refer_to_each_other_are_no_burden(schemas: RegistryServer) -> None:
    names = [f"s{number}" for number in range(40)]
    all_of_them = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    schema = {**obj(**all_of_them), "$defs": {name: obj(**all_of_them) for name in names}}
    assert decode(schemas, schema, {"s3": {"s4": {"s3": {}}}})[1]["s3"]["s4"]["s3"]["s0"] is None


def test_schemas_may_refer_to_each_other(schemas: RegistryServer) -> None:
    place = {**obj(hall={"$ref": "#/definitions/number"}),
             "definitions": {"number": {"type": "integer"}}}  # fmt: skip
    schemas.register(place, "JSON", subject="json-place")
    alert = obj(place={"$ref": "place.json"}, hall={"$ref": "place.json#/definitions/number"})
    reference = {"name": "place.json", "subject": "json-place", "version": 1}
    number = schemas.register(alert, "JSON", [reference])
    data = framed(number, b'{"place":{"hall":1},"hall":2}')
    assert converter(schemas).decode("t", data, ())[1] == {"place": {"hall": 1}, "hall": 2}


BAD: dict[str, tuple[Any, bytes, str]] = {
    "no JSON": ({"type": "integer"}, b"{",
                "invalid JSON: EOF while parsing an object at line 1 column 1"),
    "nothing": ({"type": "integer"}, b"", "they end too early"),
    "two texts": ({"type": "integer"}, b"1 2", "invalid JSON: trailing characters at line 1 column 3"),
    "NaN": ({"type": "number"}, b"NaN", "invalid JSON: expected value at line 1 column 1"),
    "an infinity": ({"type": "number"}, b"1e999", "invalid JSON: a number that no float can hold"),
    "a text for a number": ({"type": "integer"}, b'"1"',
                            "a string where the schema says int64"),
    "a fraction for an integer": ({"type": "integer"}, b"1.5",
                                  "a fraction where the schema says int64"),
    "null": ({"type": "integer"}, b"null", "null where the schema says int64"),
    "null in a field": (obj(a={"type": "string"}), b'{"a":null}',
                        "null where the schema says string"),
    "a list for an object": (obj(), b"[]", "something else where the schema says an object"),
    "an object for a list": ({"type": "array", "items": {}}, b"{}",
                             "something else where the schema says an array"),
    "no choice that fits": (CHOICE, b"[1]", "none of the types to choose from fits"),
    "no base64": ({"type": "string", "connect.type": "bytes"}, b'"?"', "not base64"),
    "too deep": ({**obj(n={"$ref": "#"})}, b'{"n":' * 3000 + b"1",
                 "invalid JSON: recursion limit exceeded at line 1 column 1006"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_texts_that_do_not_fit_are_told(schemas: RegistryServer, name: str) -> None:
    schema, data, why = BAD[name]
    with pytest.raises(DataError) as caught:
        decode(schemas, schema, data)
    number = schemas.register(schema, "JSON")
    assert str(caught.value) == f"the bytes do not fit schema {number}: {why}"


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (5, "a schema in it is no object"),
        ({"type": "null"}, "the type null has none in Connect"),
        ({"type": "nonsense"}, "the type nonsense has none in Connect"),
        ({"type": "array"}, "an array in it does not say what its items are"),
        ({"$ref": "#/definitions/gone"}, "it refers to #/definitions/gone, which is not there"),
        ({"$ref": "gone.json"}, "it refers to gone.json, which is not among its references"),
        ({"oneOf": []}, "a choice of nothing but null has no type in Connect"),
        ({"allOf": [{}]}, "an allOf in it has no type"),
        ({"$ref": "#"}, "it is malformed (RecursionError)"),
    ],
)
def test_a_schema_that_cannot_be_used_is_told(
    schemas: RegistryServer, schema: Any, why: str
) -> None:
    with pytest.raises(DataError) as caught:
        decode(schemas, schema, 1)
    number = schemas.register(schema, "JSON")
    assert str(caught.value) == f"schema {number} cannot be used: {why}"


def test_plain_json_is_told(schemas: RegistryServer) -> None:
    with pytest.raises(DataError) as caught:
        converter(schemas).decode("t", b'{"a": 1}', ())
    assert str(caught.value) == NOT_IN_FORMAT
