"""Every type of JSON Schema in Connect, and the value of the matrix that it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.integration.postgres.encodings import INTS, LONGS, TEXTS, Encoding, each, listed
from tests.integration.postgres.representations import LOGICAL, NOON_MS


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
