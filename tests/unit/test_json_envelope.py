"""JSON in Kafka Connect's envelope: schema and payload must agree, and logical types are read."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from sinkworker.api import DataError
from sinkworker.converters.envelope import ENVELOPE_EXPECTED
from sinkworker.converters.json import JsonConverter, JsonConverterConfig

LOGICAL = "org.apache.kafka.connect.data."
STRUCT = {
    "type": "struct",
    "fields": [
        {"field": "id", "type": "int32"},
        {"field": "note", "type": "string", "optional": True},
    ],
}
INT = {"type": "int32"}


def decode(data: bytes | None, *, fill_nulls: bool = False) -> tuple[Any, Any]:
    config = JsonConverterConfig(replace_null_with_default=fill_nulls)
    return JsonConverter(config, is_key=False).decode("alerts", data, ())


def read(schema: object, payload: object, *, fill_nulls: bool = False) -> Any:
    """The value of an envelope; its schema is handed over as it came."""
    data = json.dumps({"schema": schema, "payload": payload}).encode()
    handed_over, value = decode(data, fill_nulls=fill_nulls)
    assert handed_over == schema
    return value


def why_not(schema: object, payload: object) -> str:
    with pytest.raises(DataError) as caught:
        read(schema, payload)
    return str(caught.value)


def decimal(scale: int) -> dict[str, Any]:
    return {"type": "bytes", "name": f"{LOGICAL}Decimal", "parameters": {"scale": str(scale)}}


def unscaled(number: int) -> str:
    """As Java's BigInteger.toByteArray writes it, in base64."""
    length = (number.bit_length() // 8) + 1
    return base64.b64encode(number.to_bytes(length, "big", signed=True)).decode()


# the envelope itself


@pytest.mark.parametrize("data", [None, b"", b"null", b'{"schema":null,"payload":null}'])
def test_a_tombstone_in_any_form_is_null(data: bytes | None) -> None:
    assert decode(data) == (None, None)


def test_an_envelope_without_schema_is_schemaless() -> None:
    assert decode(b'{"schema":null,"payload":{"a":1}}') == (None, {"a": 1})


@pytest.mark.parametrize(
    "data",
    [b"1", b"[]", b"{}", b'{"a":1}', b'{"payload":1}', b'{"schema":null}',
     b'{"schema":{"type":"int32"},"payload":1,"more":1}'],
)  # fmt: skip
def test_plain_json_is_told_how_to_be_read(data: bytes) -> None:
    with pytest.raises(DataError) as caught:
        decode(data)
    assert str(caught.value) == ENVELOPE_EXPECTED
    assert "set schemas.enable=false" in ENVELOPE_EXPECTED


@pytest.mark.parametrize("schema", [5, "int32", [], {}, {"type": 5}, {"type": None}])
def test_a_schema_needs_a_type(schema: object) -> None:
    assert why_not(schema, 1) == "the envelope's schema has no type"


@pytest.mark.parametrize(
    ("schema", "payload", "cause"),
    [
        ({"type": "struct", "fields": [{"type": "int32"}]}, {}, "KeyError"),
        ({"type": "struct", "fields": ["hunter2"]}, {}, "TypeError"),
        ({"type": "struct", "fields": {"a": 1}}, {}, "TypeError"),
        ({"type": "map", "keys": INT, "values": INT}, [[1]], "ValueError"),
        ({"type": "map", "keys": INT, "values": INT}, ["hunter2"], "ValueError"),
        ({"type": "map", "keys": INT, "values": INT}, [1], "TypeError"),
        ({"type": "int32", "name": ["hunter2"]}, 1, "TypeError"),
        (decimal(2) | {"parameters": {"scale": "hunter2"}}, "MDk=", "ValueError"),
    ],
)
def test_a_malformed_envelope_is_a_data_error_that_shows_none_of_it(
    schema: object, payload: object, cause: str
) -> None:
    assert why_not(schema, payload) == f"a malformed envelope ({cause})"


@pytest.mark.parametrize("parameters", [None, {}])
def test_an_unscaled_decimal_without_a_scale_is_a_data_error(parameters: object) -> None:
    """As in Kafka, where it is `Invalid Decimal schema: scale parameter not found`."""
    why_not(decimal(2) | {"parameters": parameters}, unscaled(12345))


# plain types


@pytest.mark.parametrize(
    ("kind", "payload", "value"),
    [
        ("boolean", True, True),
        ("int8", -128, -128),
        ("int64", 2**63 - 1, 2**63 - 1),
        ("float", 1.5, 1.5),
        ("double", 1, 1.0),
        ("string", "größe 🚲", "größe 🚲"),
        ("bytes", "AP8=", b"\x00\xff"),
        ("bytes", "", b""),
    ],
)
def test_a_payload_is_read_as_its_type(kind: str, payload: object, value: object) -> None:
    decoded = read({"type": kind}, payload)
    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("schema", "payload", "message"),
    [
        (INT, "hunter2", "a string where the schema says int32"),
        (INT, True, "a boolean where the schema says int32"),
        (INT, 1.0, "a fraction where the schema says int32"),
        ({"type": "boolean"}, 1, "an integer where the schema says boolean"),
        ({"type": "string"}, 5, "an integer where the schema says string"),
        ({"type": "double"}, "NaN", "a string where the schema says double"),
        ({"type": "bytes"}, "hunter2!", "not base64"),
        ({"type": "colour"}, 1, "an integer where the schema says colour"),
        ({"type": "array", "items": INT}, [1, "hunter2"], "a string where the schema says int32"),
        ({"type": "map", "keys": {"type": "string"}, "values": INT}, {"hunter2": "x"},
         "a string where the schema says int32"),
        (STRUCT, {"id": "hunter2"}, "a string where the schema says int32 (id)"),
        (STRUCT, {"id": 1, "note": 2}, "an integer where the schema says string (note)"),
        (STRUCT, {"note": "hunter2"}, "null for a field that is not optional (id)"),
        (STRUCT, "hunter2", "a string where the schema says struct"),
        (INT, [], "an array where the schema says int32"),
        (INT, {"hunter2": 1}, "an object where the schema says int32"),
        (INT, None, "null for a field that is not optional"),
    ],
)  # fmt: skip
def test_where_schema_and_payload_disagree_the_message_shows_no_value(
    schema: object, payload: object, message: str
) -> None:
    assert why_not(schema, payload) == message


def test_a_struct_has_exactly_the_fields_of_its_schema() -> None:
    assert read(STRUCT, {"id": 1, "unknown": 2}) == {"id": 1, "note": None}


def test_containers_are_read_inside_out() -> None:
    schema = {"type": "array", "items": {"type": "map", "keys": {"type": "string"},
                                         "values": {"type": "bytes"}}}  # fmt: skip
    assert read(schema, [{"a": "AQ=="}, {}]) == [{"a": b"\x01"}, {}]


def test_a_map_with_keys_that_are_no_text_is_a_list_of_pairs() -> None:
    schema = {"type": "map", "keys": INT, "values": {"type": "bytes"}}
    assert read(schema, [[1, "AQ=="], [2, "Ag=="]]) == [[1, b"\x01"], [2, b"\x02"]]


@pytest.mark.parametrize(
    ("schema", "fill_nulls", "value"),
    [
        (INT | {"optional": True}, False, None),
        (INT | {"optional": True, "default": 5}, False, None),
        (INT | {"optional": True, "default": 5}, True, 5),
        (INT | {"default": 5}, False, 5),
        ({"type": "bytes", "default": "AQ=="}, False, b"\x01"),
    ],
)
def test_null_becomes_the_default_where_null_is_not_possible_or_it_is_wanted(
    schema: object, value: object, *, fill_nulls: bool
) -> None:
    assert read(schema, None, fill_nulls=fill_nulls) == value


# logical types


@pytest.mark.parametrize(
    ("schema", "payload", "value"),
    [
        (decimal(2), unscaled(12345), Decimal("123.45")),
        (decimal(2), unscaled(-1), Decimal("-0.01")),
        (decimal(0), unscaled(2**63), Decimal(2**63)),
        (decimal(-2), unscaled(5), Decimal("5E+2")),
        (decimal(2), 12.34, Decimal("12.34")),
        (decimal(2), 12, Decimal(12)),
        ({"type": "int32", "name": f"{LOGICAL}Date"}, 20_000, date(2024, 10, 4)),
        ({"type": "int32", "name": f"{LOGICAL}Date"}, -1, date(1969, 12, 31)),
        ({"type": "int32", "name": f"{LOGICAL}Time"}, 86_399_999, time(23, 59, 59, 999_000)),
        ({"type": "int64", "name": f"{LOGICAL}Timestamp"}, 1_732_176_000_123,
         datetime(2024, 11, 21, 8, 0, 0, 123_000, tzinfo=UTC)),
        ({"type": "int64", "name": f"{LOGICAL}Timestamp"}, -1,
         datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ({"type": "string", "name": "com.example.Colour"}, "red", "red"),
    ],
)  # fmt: skip
def test_logical_types_become_pythons(schema: object, payload: object, value: object) -> None:
    decoded = read(schema, payload)
    assert decoded == value
    assert str(decoded) == str(value)


@pytest.mark.parametrize(
    ("name", "payload", "message"),
    [
        ("Decimal", "???", "not base64 (org.apache.kafka.connect.data.Decimal)"),
        ("Decimal", True,
         "a boolean where the schema says bytes (org.apache.kafka.connect.data.Decimal)"),
        ("Date", "hunter2",
         "a string where the schema says bytes (org.apache.kafka.connect.data.Date)"),
        ("Time", 1.5, "a fraction where the schema says bytes (org.apache.kafka.connect.data.Time)"),
    ],
)  # fmt: skip
def test_a_logical_type_with_another_payload_is_a_data_error(
    name: str, payload: object, message: str
) -> None:
    assert why_not({"type": "bytes", "name": f"{LOGICAL}{name}"}, payload) == message


def test_deep_schemas_are_a_data_error_and_no_crash() -> None:
    schema = b'{"type":"array","items":' * 20_000 + b'{"type":"int32"}' + b"}" * 20_000
    with pytest.raises(DataError, match="invalid JSON: recursion limit exceeded"):
        decode(b'{"schema":' + schema + b',"payload":[]}')


@pytest.mark.parametrize("number", [10**28 + 1, 10**40 + 1, -(10**60) - 7])
def test_decimals_of_more_than_28_digits_stay_exact(number: int) -> None:
    digits = f"{abs(number)}"
    exact = Decimal(f"{'-' if number < 0 else ''}{digits[:-2]}.{digits[-2:]}")
    assert str(read(decimal(2), unscaled(number))) == str(exact)


def test_decimals_in_numeric_format_stay_exact() -> None:
    data = json.dumps({"schema": decimal(12), "payload": "NUMBER"}).encode()
    _, value = decode(data.replace(b'"NUMBER"', b"1234567890123456789.123456789012"))
    assert value == Decimal("1234567890123456789.123456789012")


@pytest.mark.parametrize(
    ("name", "payload", "message"),
    [
        ("Time", -1, "a time outside the day"),
        ("Time", 86_400_000, "a time outside the day"),
        ("Time", 10**18, "a time outside the day"),
        ("Date", 10**9, "a moment outside the years 1 to 9999"),
        ("Date", -(10**9), "a moment outside the years 1 to 9999"),
        ("Timestamp", 10**18, "a moment outside the years 1 to 9999"),
    ],
)
def test_a_moment_outside_the_day_or_the_calendar_is_a_data_error_without_the_number(
    name: str, payload: int, message: str
) -> None:
    schema = {"type": "int64", "name": f"{LOGICAL}{name}"}
    assert why_not(schema, payload) == f"{message} ({LOGICAL}{name})"


# schema.content

CONTENT = json.dumps({**STRUCT, "name": "alerts"})


def by_content(data: bytes | None, content: str = CONTENT) -> tuple[Any, Any]:
    config = JsonConverterConfig(schema_content=content)
    return JsonConverter(config, is_key=False).decode("alerts", data, ())


def test_a_schema_from_the_configuration_is_that_of_every_message() -> None:
    schema, value = by_content(b'{"id": 5, "note": null}')
    assert (schema, value) == (json.loads(CONTENT), {"id": 5, "note": None})


def test_a_schema_from_the_configuration_is_the_same_object_each_time() -> None:
    converter = JsonConverter(JsonConverterConfig(schema_content=CONTENT), is_key=False)
    schemas, _ = converter.decode_all("t", [b'{"id":1}', b'{"id":2}'], [()] * 2)
    assert schemas[0] is schemas[1]


def test_decimals_are_exact_with_a_schema_from_the_configuration() -> None:
    decimal = {"type": "bytes", "name": LOGICAL + "Decimal", "parameters": {"scale": "2"}}
    assert by_content(b"12345678901234567890.12", json.dumps(decimal))[1] == Decimal(
        "12345678901234567890.12"
    )


def test_messages_that_do_not_fit_the_schema_from_the_configuration_are_told() -> None:
    with pytest.raises(DataError, match=r"null for a field that is not optional \(id\)"):
        by_content(b"{}")


@pytest.mark.parametrize("text", ["no JSON", "[]", "5"])
def test_what_is_no_schema_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="It is no schema in JSON"):
        JsonConverterConfig(schema_content=text)
