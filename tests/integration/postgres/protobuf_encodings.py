"""Every type of Protobuf, and the value of the matrix that it is: fields of one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.integration.postgres.encodings import (
    DOUBLES,
    INTS,
    LONGS,
    SINGLES,
    TEXTS,
    Encoding,
    each,
)
from tests.integration.postgres.representations import NOON_MS, NOTHING

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
