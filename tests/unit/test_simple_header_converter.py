"""Text → the value that it looks like.

The tables were asked of Kafka 4.3.1's own SimpleHeaderConverter, but for what is kept as text here and
changed there: that has a table of its own.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkworker.api import ConfigModel, Schema
from sinkworker.converters.simple_header import SimpleHeaderConverter

LOGICAL = "org.apache.kafka.connect.data."
DATE = {"type": "int32", "name": LOGICAL + "Date"}
TIME = {"type": "int32", "name": LOGICAL + "Time"}
TIMESTAMP = {"type": "int64", "name": LOGICAL + "Timestamp"}
DAY, NOON = date(2019, 8, 23), time(12, 0, 0, 346_000)
MOMENT = datetime(2019, 8, 23, 12, 0, 0, 346_000, UTC)


def decode(data: bytes | None) -> tuple[Schema | None, Any]:
    return SimpleHeaderConverter(ConfigModel(), is_key=False).decode("alerts", data, ())


def value(text: str) -> Any:
    return decode(text.encode())[1]


def decimal(scale: int) -> Schema:
    return {"type": "bytes", "name": LOGICAL + "Decimal", "parameters": {"scale": str(scale)}}


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ("true", {"type": "boolean"}, True),
        ("false", {"type": "boolean"}, False),
        (" true\n", {"type": "boolean"}, True),
        ("null", None, None),
        (" null ", None, None),
        ("0", {"type": "int8"}, 0),
        ("+1", {"type": "int8"}, 1),
        ("-128", {"type": "int8"}, -128),
        ("128", {"type": "int16"}, 128),
        ("-129", {"type": "int16"}, -129),
        ("32768", {"type": "int32"}, 32_768),
        ("-2147483649", {"type": "int64"}, -2_147_483_649),
        ("9223372036854775807", {"type": "int64"}, 2**63 - 1),
        ("9223372036854775808", decimal(0), Decimal(2**63)),
        ("-9223372036854775809", decimal(0), Decimal(-(2**63) - 1)),
        ("007", {"type": "int8"}, 7),
        ("1.0", {"type": "int8"}, 1),
        ("5.", {"type": "int8"}, 5),
        ("1e3", {"type": "int16"}, 1000),
        ("100e-2", {"type": "int8"}, 1),
        ("-0.0", {"type": "int8"}, 0),
        ("1.5", {"type": "double"}, 1.5),
        ("-.5", {"type": "double"}, -0.5),
        ("3.14159265358979", {"type": "double"}, 3.14159265358979),
        ("1e19", {"type": "double"}, 1e19),
        ("1.5E40", {"type": "double"}, 1.5e40),
        ("1E400", decimal(-400), Decimal("1E400")),
        ("1.5e-400", decimal(401), Decimal("1.5e-400")),
        ("1e999999999", decimal(-999_999_999), Decimal("1e999999999")),
        ("2019-08-23", DATE, DAY),
        (" 2019-08-23 ", DATE, DAY),
        ("12:00:00.346Z", TIME, NOON),
        (r"12\:00\:00.346Z", TIME, NOON),
        ("2019-08-23T12:00:00.346Z", TIMESTAMP, MOMENT),
    ],
)
def test_what_looks_like_a_value_is_one(text: str, schema: Schema | None, expected: object) -> None:
    read = decode(text.encode())
    assert read == (schema, expected)
    assert type(read[1]) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "text", " text ", "größe 日本 🚲", "True", "NULL", "true x", "null x", "true}",
        '"quoted"', '"1"', "a:b", "a,b", "\\", "00-4bf92f3577b34da6-00f067aa0ba902b7-01", "1_000",
        "0x10", "1f", "1L", "NaN", "-Infinity", "-", "--1", "- 1", ".5", "1.5.2", "1 2", "12 apples",
        "1e9999999999", "2019-8-23", "2019-08-23x", "2019-08-23 12:00:00.346Z", "2019-08-23T12:00:00Z",
        "2019-08-23T12:00:00.346+0100", "{", "[", "]", "[1", "[1 2]", "[,1]", "[1,,2]", "[a]",
        "[true x]", '["a" "b"]', '["open]', "[1:2]", "{a:1}", '{"a"}', '{"a":}', '{"a" 1}',
        "{null:1}", "{,}",
    ],
)  # fmt: skip
def test_what_looks_like_nothing_else_is_text_as_it_was_written(text: str) -> None:
    assert decode(text.encode()) == ({"type": "string"}, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        (" [ ] ", []),
        ("[1, 2 ,300]", [1, 2, 300]),
        ("[1,]", [1]),
        ("[1,2.5]", [1, 2.5]),
        ('["a","b,c:d]"]', ["a", "b,c:d]"]),
        ('[" a ",""]', [" a ", ""]),
        (r'["a\"b","c\\"]', [r"a\"b", r"c\\"]),
        ('["a",1,true]', ["a", 1, True]),
        ("[null]", [None]),
        ('["a",null,1]', ["a", None, 1]),
        ("[99999999999999999999]", [Decimal(99999999999999999999)]),
        ("[[1],[],[2,[3]]]", [[1], [], [2, [3]]]),
        ("[2019-08-23]", [DAY]),
        ('["2019-08-23","12:00:00.346Z"]', [DAY, NOON]),
        ("[12:00:00.346Z , 2019-08-23T12:00:00.346Z]", [NOON, MOMENT]),
        ("{}", {}),
        ('{"a":1,"b":"x"}', {"a": 1, "b": "x"}),
        ('{ "a" : null }', {"a": None}),
        ('{"a":1,"a":2}', {"a": 2}),
        ("{1:2,300:4}", {1: 2, 300: 4}),
        ('{"a":[1,{"b":2019-08-23}]}', {"a": [1, {"b": DAY}]}),
    ],
)
def test_lists_and_maps_are_read_with_what_is_in_them(text: str, expected: object) -> None:
    assert decode(text.encode()) == (None, expected)


@pytest.mark.parametrize("text", ["[1,null]", '["a",null]', "[null,2.5,1]", '{"a":null,"b":1}'])
def test_nulls_among_values_of_one_kind_make_it_a_text_as_in_kafka(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "12:30", "1,000", "1:2:3", "5 [a]", "1}", "[1]x", '{"a":1}{', "2019-08-23,", "12:00:00.34Z",
        "2019-02-30", "2019-13-45", "2019-08-2x", "25:00:00.000Z", "{[1]:2}", '{1:1,"a":2}',
        "{1:1,true:2}",
    ],
)  # fmt: skip
def test_what_kafka_would_cut_short_or_change_is_kept_as_text(text: str) -> None:
    assert decode(text.encode()) == ({"type": "string"}, text)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"12\xff", b"\xed\xa0\x80"])
def test_bytes_that_are_no_utf_8_stay_bytes(data: bytes) -> None:
    assert decode(data) == ({"type": "bytes"}, data)


def test_nothing_at_all_is_null() -> None:
    assert decode(None) == (None, None)


@pytest.mark.parametrize("text", ["[" * 20_000, "[" * 20_000 + "]" * 20_000, '{"a":' * 20_000])
def test_however_deep_it_is_it_does_not_crash(text: str) -> None:
    assert value(text) == text


@given(st.one_of(st.binary(), st.text('[]{},:"\\ 1-.eTZnulltrue0').map(str.encode)))
def test_it_never_fails(data: bytes) -> None:
    assert SimpleHeaderConverter.never_fails
    decode(data)
