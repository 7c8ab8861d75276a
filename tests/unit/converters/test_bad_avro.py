"""Bytes that are no Avro, or not in the registry's wire format: each is told, none does harm."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import DataError
from sinkworker.converters.wire import NOT_IN_FORMAT
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import converter, decode_raw, framed

ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
NESTED = {"type": "record", "name": "N", "fields": [{"name": "n", "type": ["null", "N"]}]}
LISTS = {"type": "record", "name": "L",
         "fields": [{"name": "l", "type": {"type": "array", "items": "L"}}]}  # fmt: skip
EARLY = "they end too early"
LONGEST = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
"""2^63 - 1"""

BAD: dict[str, tuple[Any, bytes, str]] = {
    "nothing for a long": ("long", b"", EARLY),
    "a long that goes on": ("long", b"\x80", EARLY),
    "a long of eleven bytes": ("long", b"\xff" * 11 + b"\x01", "a number of more than 64 bit"),
    "a long of ten bytes and 70 bit": ("long", b"\xff" * 9 + b"\x7f",
                                       "a number of more than 64 bit"),
    "a long of ten bytes that goes on": ("long", b"\xff" * 10, "a number of more than 64 bit"),
    "a long of nine bytes that goes on": ("long", b"\xff" * 9, EARLY),
    "an int of 64 bit": ("int", LONGEST, "an int of more than 32 bit"),
    "half a float": ("float", b"\0\0", EARLY),
    "half a double": ("double", b"\0\0\0\0", EARLY),
    "a boolean of 2": ("boolean", b"\x02", "a boolean that is neither 0 nor 1"),
    "a text cut off": ("string", b"\x08abc", EARLY),
    "a text of a negative length": ("string", b"\x01abc", EARLY),
    "a text of the longest length": ("string", LONGEST + b"abc", EARLY),
    "a text that is no UTF-8": ("string", b"\x04\xff\xfe", "a text in them is no UTF-8"),
    "half a character": ("string", b"\x02\xc3", "a text in them is no UTF-8"),
    "bytes cut off": ("bytes", b"\x04a", EARLY),
    "fixed bytes cut off": ({"type": "fixed", "name": "F", "size": 4}, b"abc", EARLY),
    "a symbol too high": (ENUM, b"\x04", "an enum's symbol that there is not"),
    "a symbol of -1": (ENUM, b"\x01", "an enum's symbol that there is not"),
    "a symbol far too high": (ENUM, LONGEST, "an enum's symbol that there is not"),
    "a branch too high": (["null", "int"], b"\x04", "a union's branch that there is not"),
    "a branch of -1": (["null", "int"], b"\x01\x02", "a union's branch that there is not"),
    "an array without its end": ({"type": "array", "items": "int"}, b"\x02\x02", EARLY),
    "an array of too many": ({"type": "array", "items": "int"}, LONGEST, "more items than bytes"),
    "a block of the lowest number": ({"type": "array", "items": "int"}, b"\xff" * 9 + b"\x01\0",
                                     "more items than bytes"),
    "an array of many empty records": (
        {"type": "array", "items": {"type": "record", "name": "R", "fields": []}},
        b"\x80\x80\x80\x80\x04\0", "more items than bytes"),
    "a map with a bad key": ({"type": "map", "values": "int"}, b"\x02\x02\xff\x02\0",
                             "a text in them is no UTF-8"),
    "a date after all dates": ({"type": "int", "logicalType": "date"}, b"\xfe\xff\xff\xff\x0f",
                               "a moment in them is outside the years 1 to 9999"),
    "a moment after all moments": (
        {"type": "long", "logicalType": "timestamp-millis"}, LONGEST,
        "a moment in them is outside the years 1 to 9999"),
    "a time before the day": ({"type": "int", "logicalType": "time-millis"}, b"\x01",
                              "a time outside the day"),
    "a time after the day": ({"type": "long", "logicalType": "time-micros"}, LONGEST,
                             "a time outside the day"),
    "records nested a million deep": (NESTED, b"\x02" * 1_000_000 + b"\0",
                                      "they are nested too deeply"),
    "arrays nested a million deep": (LISTS, b"\x02" * 1_000_000, "they are nested too deeply"),
    "a byte too many": ("long", b"\x02\x00", "1 bytes are left over"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_do_not_fit_are_told(schemas: RegistryServer, name: str) -> None:
    schema, data, why = BAD[name]
    with pytest.raises(DataError) as caught:
        decode_raw(schemas, schema, data)
    number = schemas.register(schema)
    assert str(caught.value) == f"the bytes do not fit schema {number}: {why}"


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\0\0\0\0", b'{"a":1}', b"\x01\0\0\0\x01\x02", b"\xff" * 8, b"1"],
    ids=["empty", "a zero", "no id", "JSON", "another magic number", "noise", "a digit"],
)
def test_bytes_that_name_no_schema_are_told(schemas: RegistryServer, data: bytes) -> None:
    asked = len(schemas.asked)
    with pytest.raises(DataError) as caught:
        converter(schemas).decode("alerts", data, ())
    assert str(caught.value) == NOT_IN_FORMAT
    assert len(schemas.asked) == asked


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("null", "a null that is no branch of a union has no type in Connect"),
        ("nonsense", "there is no type nonsense"),
        ([], "a union of nothing but null has no type in Connect"),
        (["null"], "a union of nothing but null has no type in Connect"),
        ({}, "a type in it is neither a name nor an object nor a list"),
        ({"type": "record", "name": "R"}, "the type R has no fields"),
        ({"type": "record", "fields": []}, "a type record has no name"),
        ({"type": "enum", "name": "E"}, "the type E has no symbols"),
        ({"type": "fixed", "name": "F"}, "the fixed type F has no size"),
        ({"type": "array"}, "an array has no items"),
        ({"type": "map"}, "a map has no values"),
        ({"type": "record", "name": "R", "fields": [1]}, "it is malformed (TypeError)"),
        ({"type": "record", "name": "R", "fields": [{"name": "a"}]}, "it is malformed (KeyError)"),
        (["int", {"type": "int", "connect.type": "int8"}],
         "branches of a union have the same name: set enhanced.avro.schema.support=true"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_is_told(
    schemas: RegistryServer, schema: Any, why: str
) -> None:
    made = converter(schemas)
    number, asked = schemas.register(schema), len(schemas.asked)
    for _ in range(2):
        with pytest.raises(DataError) as caught:
            made.decode("t", framed(number, b""), ())
        assert str(caught.value) == f"schema {number} cannot be used: {why}"
    assert len(schemas.asked) == asked + 1


def test_a_schema_of_another_format_is_told(schemas: RegistryServer) -> None:
    number = schemas.register('syntax = "proto3"; message A {}', "PROTOBUF")
    with pytest.raises(DataError) as caught:
        converter(schemas).decode("t", framed(number, b"\0"), ())
    why = "it is of the kind PROTOBUF, not AVRO"
    assert str(caught.value) == f"schema {number} cannot be used: {why}"
