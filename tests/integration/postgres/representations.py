"""Every kind of value that converters make, in one place: what a column may be given.

Owns which converters' types have which Python representation. Where JSON, Avro and Protobuf make the
same of it there is one row; encodings.py says what they are given for it. Must not know columns.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

REPRESENTED: Mapping[type, str] = {
    bool: "JSON true; envelope boolean; Avro boolean; Protobuf bool; JSON Schema boolean; "
    "BooleanConverter",
    int: "JSON integers of any size; envelope int8 to int64; Avro int, long; Protobuf int32, int64, "
    "uint32, uint64, sint32, sint64, fixed32, fixed64, sfixed32, sfixed64; JSON Schema int8, int16, "
    "int32, integer; Short-, Integer-, LongConverter",
    float: "JSON fractions; envelope float, double; Avro float, double; Protobuf float, double; JSON "
    "Schema float32, number; Float-, DoubleConverter",
    str: "JSON strings; envelope string; Avro string, enum, uuid; Protobuf string, enum; JSON Schema "
    "string, enum; StringConverter",
    bytes: "envelope bytes; Avro bytes, fixed; Protobuf bytes; JSON Schema bytes; ByteArrayConverter",
    Decimal: "envelope Decimal; Avro decimal; Protobuf Decimal; JSON Schema Decimal",
    date: "envelope Date; Avro date; Protobuf Date; JSON Schema Date",
    time: "envelope Time; Avro time-millis, time-micros; Protobuf TimeOfDay; JSON Schema Time",
    datetime: "envelope Timestamp; Avro timestamp-millis, timestamp-micros, local-timestamp-millis, "
    "local-timestamp-micros; Protobuf Timestamp; JSON Schema Timestamp; always in UTC",
    list: "JSON arrays; envelope array, and map where keys are no strings; Avro array, map of other "
    "keys; Protobuf repeated, map of other keys; JSON Schema array, map of other keys",
    dict: "JSON objects; envelope struct, map; Avro record, map; Protobuf message, map; JSON Schema "
    "object, map",
    type(
        None
    ): "JSON null; what is optional in an envelope; Avro union; Protobuf optional, message; "
    "JSON Schema oneOf",
}

NOTHING: Any = object()
LOGICAL = "org.apache.kafka.connect.data."


class Representation(NamedTuple):
    """A value, and how it comes about: as JSON text, and as an envelope's schema and payload."""

    value: Any
    json: str | None = None
    schema: Mapping[str, Any] | None = None
    payload: Any = NOTHING


def plain(value: Any, json: str, kind: str | None = None) -> Representation:
    """The same in JSON and, if it has a type there, in an envelope."""
    schema = None if kind is None else {"type": kind}
    return Representation(value, json, schema, value)


def text(value: str) -> Representation:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "\\u0000")
    return plain(value, f'"{escaped}"', "string")


def blob(value: bytes) -> Representation:
    return Representation(value, None, {"type": "bytes"}, base64.b64encode(value).decode())


def decimal(value: str, unscaled: int, scale: int) -> Representation:
    data = unscaled.to_bytes(4, "big", signed=True)
    schema = {"type": "bytes", "name": LOGICAL + "Decimal", "parameters": {"scale": str(scale)}}
    return Representation(Decimal(value), None, schema, base64.b64encode(data).decode())


def moment(value: Any, name: str, kind: str, count: int) -> Representation:
    return Representation(value, None, {"type": kind, "name": LOGICAL + name}, count)


def array(value: list[Any], items: Mapping[str, Any], payload: Any = NOTHING) -> Representation:
    schema = {"type": "array", "items": items}
    return Representation(value, None, schema, value if payload is NOTHING else payload)


UUID, MOMENT = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "2024-02-29T12:00:00.123456+02:00"
INT, STRING = {"type": "int32"}, {"type": "string"}
NOON = datetime(2024, 2, 29, 12, 0, 0, 123_000, tzinfo=UTC)
NOON_MS = 1_709_208_000_123
TIMESTAMP = {"type": "int64", "name": LOGICAL + "Timestamp"}

REPRESENTATIONS: Mapping[str, Representation] = {
    "null": Representation(None, "null", {"type": "string", "optional": True}, None),
    "true": plain(True, "true", "boolean"),
    "0": plain(0, "0", "int8"),
    "7": plain(7, "7", "int16"),
    "-7": plain(-7, "-7", "int32"),
    "40000": plain(40_000, "40000", "int32"),
    "20240229": plain(20_240_229, "20240229", "int32"),
    "epoch milliseconds": plain(NOON_MS, str(NOON_MS), "int64"),
    "2**63": plain(2**63, str(2**63)),
    "0.5": plain(0.5, "0.5", "float"),
    "7.0": plain(7.0, "7.0", "double"),
    "1e39": plain(1e39, "1e39", "double"),
    "NaN": Representation(float("nan")),
    "Infinity": Representation(float("inf")),
    "empty text": text(""),
    "text 7": text("7"),
    "text 7.0": text("7.0"),
    "text true": text("true"),
    "text Minor": text("Minor"),
    "text of a date": text("2024-02-29"),
    "text of no date": text("2023-02-29"),
    "text of a time": text("12:00:00.123456"),
    "text of a moment": text("2024-02-29T12:00:00.123456Z"),
    "text of a moment elsewhere": text(MOMENT),
    "text of a moment in a named zone": text("2024-02-29 12:00:00 Europe/Berlin"),
    "text of a duration": text("P1DT2H"),
    "text of a uuid": text(UUID),
    "text of an address": text("10.0.0.1"),
    "text of base64": text("AP8="),
    "text of hexadecimal": text("\\x00ff"),
    "text of an object": text('{"a": 1}'),
    "text of an array": text("{7,8}"),
    "text with NUL": text("a\0b"),
    "bytes": blob(b"\x00\xff"),
    "bytes of ASCII": blob(b"7"),
    "Decimal 12.50": decimal("12.50", 1250, 2),
    "Decimal 7": decimal("7", 7, 0),
    "Decimal 1E+3": decimal("1E+3", 1, -3),
    "Date": moment(date(2024, 2, 29), "Date", "int32", 19_782),
    "Time": moment(time(12, 0, 0, 123_000), "Time", "int32", 43_200_123),
    "Timestamp": moment(NOON, "Timestamp", "int64", NOON_MS),
    "Timestamp of microseconds": Representation(NOON.replace(microsecond=123_456)),
    "[]": plain([], "[]"),
    "[7, 8]": array([7, 8], INT)._replace(json="[7,8]"),
    "[7, null]": plain([7, None], "[7,null]"),
    "[[7], [8]]": array([[7], [8]], {"type": "array", "items": INT})._replace(json="[[7],[8]]"),
    "[[7], [8, 9]]": plain([[7], [8, 9]], "[[7],[8,9]]"),
    "[text]": array(['a,"b"\\'], STRING)._replace(json='["a,\\"b\\"\\\\"]'),
    "[text Minor]": array(["Minor"], STRING)._replace(json='["Minor"]'),
    "[text of a uuid]": plain([UUID], f'["{UUID}"]'),
    "[text of a moment]": plain([MOMENT], f'["{MOMENT}"]'),
    "[0.5]": plain([0.5], "[0.5]"),
    "[true]": plain([True], "[true]"),
    "[bytes]": array([b"\x00\xff"], {"type": "bytes"}, ["AP8="]),
    "[Timestamp]": array([NOON], TIMESTAMP, [NOON_MS]),
    "[object]": plain([{"a": 1}], '[{"a":1}]'),
    "map with numbers as keys": Representation(
        [[7, "a"]], None, {"type": "map", "keys": INT, "values": STRING}, [[7, "a"]]
    ),
    "{}": plain({}, "{}"),
    "object": plain({"a": {"é": [1, None]}}, '{"a":{"é":[1,null]}}'),
    "object of logical types": Representation(
        {"n": Decimal("12.50"), "b": b"\x00\xff", "t": NOON, "d": date(2024, 2, 29)}
    ),
}  # fmt: skip
