"""How Avro, Protobuf and JSON Schema say the values of the matrix: each of their types, and what it is.

Owns which of a format's types are which representation, and what the format's own library is given to
write it. Must not know columns, nor converters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.integration.postgres.representations import (
    LOGICAL,
    NOON,
    NOON_MS,
    NOTHING,
    REPRESENTATIONS,
    UUID,
)

TEXTS = tuple(name for name in REPRESENTATIONS if name.startswith(("text", "empty text")))
INTS = ("0", "7", "-7", "40000", "20240229")
LONGS = (*INTS, "epoch milliseconds")
SINGLES, DOUBLES = ("0.5", "7.0", "NaN", "Infinity"), ("0.5", "7.0", "1e39", "NaN", "Infinity")


class Encoding(NamedTuple):
    """kind: the format's word for it. name: of the representation. given: to the format's library."""

    kind: str
    schema: Any
    name: str
    given: Any

    def __str__(self) -> str:
        return f"{self.kind}, {self.name}"


def each(kind: str, schema: Any, *names: str, given: Any = NOTHING) -> Iterator[Encoding]:
    """What is given is what is read, unless `given` says otherwise."""
    for name in names:
        value = REPRESENTATIONS[name].value if given is NOTHING else given
        yield Encoding(kind, schema, name, value)


def logical(kind: str, word: str, /, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": word, **more}


def listed(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def record(name: str, **fields: Any) -> dict[str, Any]:
    parts = [{"name": field, "type": kind} for field, kind in fields.items()]
    return {"type": "record", "name": name, "fields": parts}


LEVEL = {"type": "enum", "name": "Level", "symbols": ["Minor", "Major"]}
DECIMAL_2 = logical("bytes", "decimal", precision=9, scale=2)
MILLIS, DAY = logical("long", "timestamp-millis"), logical("int", "date")
LOCAL_NOON = NOON.replace(tzinfo=None)
ENTRY = {**record("MapEntry", key="int", value="string"), "namespace": "io.confluent.connect.avro"}
AVRO: tuple[Encoding, ...] = (
    *each("union", ["null", "string"], "null"),
    *each("string", ["null", "string"], "text Minor"),
    *each("boolean", "boolean", "true"),
    *each("int", "int", *INTS),
    *each("long", "long", *LONGS),
    *each("float", "float", *SINGLES),
    *each("double", "double", *DOUBLES),
    *each("string", "string", *TEXTS),
    *each("enum", LEVEL, "text Minor"),
    *each("uuid", logical("string", "uuid"), "text of a uuid", given=UUID),
    *each("bytes", "bytes", "bytes", "bytes of ASCII"),
    *each("fixed", {"type": "fixed", "name": "Two", "size": 2}, "bytes"),
    *each("decimal", DECIMAL_2, "Decimal 12.50"),
    *each("decimal", logical("bytes", "decimal", precision=9, scale=0), "Decimal 7"),
    *each("decimal", logical("fixed", "decimal", name="F", size=5, precision=9, scale=2),
          "Decimal 12.50"),
    *each("date", DAY, "Date"),
    *each("time-millis", logical("int", "time-millis"), "Time"),
    *each("time-micros", logical("long", "time-micros"), "Time"),
    *each("timestamp-millis", MILLIS, "Timestamp"),
    *each("timestamp-micros", logical("long", "timestamp-micros"),
          "Timestamp", "Timestamp of microseconds"),
    *each("local-timestamp-millis", logical("long", "local-timestamp-millis"), "Timestamp",
          given=LOCAL_NOON),
    *each("local-timestamp-micros", logical("long", "local-timestamp-micros"),
          "Timestamp of microseconds", given=LOCAL_NOON.replace(microsecond=123_456)),
    *each("array", listed("int"), "[]", "[7, 8]"),
    *each("array", listed(["null", "int"]), "[7, null]"),
    *each("array", listed(listed("int")), "[[7], [8]]", "[[7], [8, 9]]"),
    *each("array", listed("string"), "[text]", "[text of a uuid]", "[text of a moment]"),
    *each("array", listed(LEVEL), "[text Minor]"),
    *each("array", listed("double"), "[0.5]"),
    *each("array", listed("boolean"), "[true]"),
    *each("array", listed("bytes"), "[bytes]"),
    *each("array", listed(MILLIS), "[Timestamp]"),
    *each("array", listed(record("Item", a="int")), "[object]"),
    *each("map of other keys", listed(ENTRY), "map with numbers as keys",
          given=[{"key": 7, "value": "a"}]),
    *each("record", record("Nothing"), "{}"),
    *each("map", {"type": "map", "values": "int"}, "{}"),
    *each("record", record("Outer", a={"type": "map", "values": listed(["null", "int"])}), "object"),
    *each("record", record("Logical", n=DECIMAL_2, b="bytes", t=MILLIS, d=DAY),
          "object of logical types"),
)  # fmt: skip

PROTO = """
    syntax = "proto3"; package matrix;
    import "google/protobuf/timestamp.proto"; import "google/type/date.proto";
    import "google/type/timeofday.proto"; import "confluent/type/decimal.proto";
    message All {
      bool of_bool = 1; double of_double = 2; float of_float = 3; string of_string = 4;
      bytes of_bytes = 5; Level of_enum = 6; Nothing of_message = 7; optional string of_optional = 8;
      int32 of_int32 = 11; int64 of_int64 = 12; uint32 of_uint32 = 13; uint64 of_uint64 = 14;
      sint32 of_sint32 = 15; sint64 of_sint64 = 16; fixed32 of_fixed32 = 17; fixed64 of_fixed64 = 18;
      sfixed32 of_sfixed32 = 19; sfixed64 of_sfixed64 = 20;
      google.protobuf.Timestamp of_Timestamp = 21; google.type.Date of_Date = 22;
      google.type.TimeOfDay of_TimeOfDay = 23; confluent.type.Decimal of_Decimal = 24;
      repeated int32 of_int32s = 31; repeated string of_strings = 32; repeated Level of_enums = 33;
      repeated double of_doubles = 34; repeated bool of_bools = 35; repeated bytes of_many_bytes = 36;
      repeated google.protobuf.Timestamp of_Timestamps = 37; repeated Item of_messages = 38;
      map<int32, string> of_map_by_number = 41; map<string, int32> of_map = 42; Logical of_logical = 43;
    }
    enum Level { Major = 0; Minor = 1; }
    message Nothing {}
    message Item { int32 a = 1; }
    message Logical {
      confluent.type.Decimal n = 1; bytes b = 2; google.protobuf.Timestamp t = 3; google.type.Date d = 4;
    }
"""
SIGNED = ("int64", "sint64", "sfixed64")
NOON_S = {"seconds": NOON_MS // 1000, "nanos": 123_000_000}
DAY_GIVEN = {"year": 2024, "month": 2, "day": 29}
PRICE = {"value": (1250).to_bytes(2, "big"), "scale": 2}
UNSIGNED = ("0", "7", "40000", "20240229")


def field(kind: str, *names: str, given: Any = NOTHING) -> Iterator[Encoding]:
    return each(kind, f"of_{kind}", *names, given=given)


PROTOBUF: tuple[Encoding, ...] = (
    *field("bool", "true"),
    *(one for kind in ("int32", "sint32", "sfixed32") for one in field(kind, *INTS)),
    *(one for kind in SIGNED for one in field(kind, *LONGS)),
    *(one for kind in ("uint32", "fixed32") for one in field(kind, *UNSIGNED)),
    *(one for kind in ("uint64", "fixed64") for one in field(kind, *UNSIGNED, "2**63")),
    *field("float", *SINGLES),
    *field("double", *DOUBLES),
    *field("string", *TEXTS),
    *field("enum", "text Minor"),
    *field("bytes", "bytes", "bytes of ASCII"),
    *field("optional", "null"),
    *each("string", "of_optional", "text Minor", "empty text"),
    *each("message", "of_Timestamp", "null"),
    *field("Timestamp", "Timestamp", given=NOON_S),
    *field("Timestamp", "Timestamp of microseconds", given={**NOON_S, "nanos": 123_456_000}),
    *field("Date", "Date", given=DAY_GIVEN),
    *field("TimeOfDay", "Time", given={"hours": 12, "nanos": 123_000_000}),
    *field("Decimal", "Decimal 12.50", given=PRICE),
    *field("Decimal", "Decimal 7", given={"value": b"\x07"}),
    *field("Decimal", "Decimal 1E+3", given={"value": b"\x01", "scale": -3}),
    *each("repeated", "of_int32s", "[]", "[7, 8]"),
    *each("repeated", "of_strings", "[text]", "[text of a uuid]", "[text of a moment]"),
    *each("repeated", "of_enums", "[text Minor]"),
    *each("repeated", "of_doubles", "[0.5]"),
    *each("repeated", "of_bools", "[true]"),
    *each("repeated", "of_many_bytes", "[bytes]"),
    *each("repeated", "of_Timestamps", "[Timestamp]", given=[NOON_S]),
    *each("repeated", "of_messages", "[object]"),
    *each("map of other keys", "of_map_by_number", "map with numbers as keys", given={7: "a"}),
    *field("map", "{}"),
    *field("message", "{}"),
    *each("message", "of_logical", "object of logical types",
           given={"n": PRICE, "b": b"\x00\xff", "t": NOON_S, "d": DAY_GIVEN}),
)  # fmt: skip


def typed(kind: str, connect: str = "", name: str = "", **more: Any) -> Mapping[str, Any]:
    """A schema as Connect's own converter writes it."""
    notes = {"connect.type": connect, "title": LOGICAL + name if name else ""}
    return {"type": kind, **{key: note for key, note in notes.items() if note}, **more}


def properties(**fields: Any) -> Mapping[str, Any]:
    return {"type": "object", "properties": fields}


INTEGER, STRING = {"type": "integer"}, {"type": "string"}
BYTES = typed("string", "bytes")
NUMBER_2 = typed("number", "bytes", "Decimal", **{"connect.parameters": {"scale": "2"}})
TIMESTAMP, DATE = typed("integer", "int64", "Timestamp"), typed("integer", "int32", "Date")
ENTRIES = typed("array", "map", items=properties(key=INTEGER, value=STRING))
JSON_SCHEMA: tuple[Encoding, ...] = (
    *each("oneOf", {"oneOf": [{"type": "null"}, STRING]}, "null"),
    *each("boolean", {"type": "boolean"}, "true"),
    *each("int8", typed("integer", "int8"), "0"),
    *each("int16", typed("integer", "int16"), "7"),
    *each("int32", typed("integer", "int32"), *INTS),
    *each("integer", INTEGER, *LONGS),
    *each("float32", typed("number", "float32"), "0.5"),
    *each("number", {"type": "number"}, "0.5", "7.0", "1e39"),
    *each("string", STRING, *TEXTS),
    *each("enum", {"enum": ["Minor", "Major"]}, "text Minor"),
    *each("bytes", BYTES, "bytes", given="AP8="),
    *each("bytes", BYTES, "bytes of ASCII", given="Nw=="),
    *each("Decimal", NUMBER_2, "Decimal 12.50", given="BOI="),
    *each("Date", DATE, "Date", given=19_782),
    *each("Time", typed("integer", "int32", "Time"), "Time", given=43_200_123),
    *each("Timestamp", TIMESTAMP, "Timestamp", given=NOON_MS),
    *each("array", listed(INTEGER), "[]", "[7, 8]"),
    *each("array", listed({"type": ["integer", "null"]}), "[7, null]"),
    *each("array", listed(listed(INTEGER)), "[[7], [8]]", "[[7], [8, 9]]"),
    *each("array", listed(STRING), "[text]", "[text Minor]", "[text of a uuid]",
          "[text of a moment]"),
    *each("array", listed({"type": "number"}), "[0.5]"),
    *each("array", listed({"type": "boolean"}), "[true]"),
    *each("array", listed(BYTES), "[bytes]", given=["AP8="]),
    *each("array", listed(TIMESTAMP), "[Timestamp]", given=[NOON_MS]),
    *each("array", listed(properties(a=INTEGER)), "[object]"),
    *each("map of other keys", ENTRIES, "map with numbers as keys",
          given=[{"key": 7, "value": "a"}]),
    *each("object", {"type": "object"}, "{}"),
    *each("map", typed("object", "map", additionalProperties=INTEGER), "{}"),
    *each("object", properties(a=properties(é=listed({"type": ["integer", "null"]}))), "object"),
    *each("object", properties(n=NUMBER_2, b=BYTES, t=TIMESTAMP, d=DATE),
          "object of logical types",
          given={"n": "BOI=", "b": "AP8=", "t": NOON_MS, "d": 19_782}),
)  # fmt: skip
