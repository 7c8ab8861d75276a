"""Every type of Avro, and the value of the matrix that it is."""

from __future__ import annotations

from typing import Any

from tests.integration.postgres.encodings import (
    DOUBLES,
    INTS,
    LONGS,
    SINGLES,
    TEXTS,
    Encoding,
    each,
    listed,
)
from tests.integration.postgres.representations import NOON, UUID


def logical(kind: str, word: str, /, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": word, **more}


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
