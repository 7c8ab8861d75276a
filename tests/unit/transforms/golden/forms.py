"""The form of golden cases and of their results.

A case: a transform's or predicate's Java name as `type`, its `config`, and a record: `topic`,
`timestamp`, `headers` (names and texts, read by the SimpleHeaderConverter), `key` and `value` (null, or
the envelope of the JsonConverter, without `schema` for schemaless data). Partition 3, offset 42.

A result: `{"refused": "configure" | "apply", "why": …}`, `{"filtered": true}`, `{"holds": …}` of a
predicate, or the value and what else of the record has changed. What JSON has no words for is tagged:
`{"struct": {…}}`, `{"map": [[key, value], …]}`, `{"float": text}`, `{"double": text}`,
`{"decimal": text}`, `{"bytes": base64}`, `{"moment": milliseconds}`.
"""

from __future__ import annotations

from typing import Any

Case = dict[str, Any]
Json = Any

KAFKA = "org.apache.kafka.connect.transforms."
DATA = "org.apache.kafka.connect.data."
TIMESTAMP = 1_700_000_000_123
TOPIC = "alerts"
FILLS = {"replace.null.with.default": "true"}
KEEPS = {"replace.null.with.default": "false"}
# Kafka's default is true. It is false here, and said in each case of what has that key.
FILLING = frozenset(
    {"Cast", "ExtractField", "HeaderFrom", "InsertField", "MaskField", "ReplaceField",
     "SetSchemaMetadata", "TimestampConverter", "ValueToKey",
     "io.debezium.transforms.ExtractNewRecordState"}
)  # fmt: skip


def case(
    name: str,
    kind: str,
    config: dict[str, str],
    value: Json = None,
    key: Json = None,
    headers: tuple[tuple[str, str], ...] = (),
    topic: str = TOPIC,
    timestamp: int | None = TIMESTAMP,
) -> Case:
    if kind.partition("$")[0] in FILLING:
        config = KEEPS | config
    java = kind if "." in kind and not kind.startswith("predicates.") else KAFKA + kind
    return {
        "name": f"{kind.rpartition('.')[2]}: {name}", "type": java, "config": config, "topic": topic,
        "timestamp": timestamp, "headers": [list(header) for header in headers], "key": key,
        "value": value,
    }  # fmt: skip


def plain(payload: Json) -> Json:
    """A value without a schema."""
    return {"payload": payload}


def typed(schema: Json, payload: Json) -> Json:
    """A value with a schema."""
    return {"schema": schema, "payload": payload}


def a(kind: str, **more: Json) -> Json:
    """A schema; required unless told otherwise."""
    return {"type": kind, "optional": False, **more}


def maybe(kind: str, **more: Json) -> Json:
    """An optional schema."""
    return {"type": kind, "optional": True, **more}


def struct(fields: dict[str, Json], **more: Json) -> Json:
    listed = [{**schema, "field": name} for name, schema in fields.items()]
    return {"type": "struct", "optional": False, "fields": listed, **more}


def decimal(scale: int, **more: Json) -> Json:
    parameters = {"scale": str(scale)}
    return a("bytes", name=DATA + "Decimal", version=1, parameters=parameters, **more)


DATE = a("int32", name=DATA + "Date", version=1)
TIME = a("int32", name=DATA + "Time", version=1)
MOMENT = a("int64", name=DATA + "Timestamp", version=1)

# One field of each kind; used where a transform must leave what it is not told to change.
ROW = struct(
    {
        "id": a("int64"),
        "name": maybe("string"),
        "level": maybe("int32", default=7),
        "ratio": a("double"),
        "small": a("float"),
        "ok": a("boolean"),
        "price": decimal(2),
        "raw": maybe("bytes"),
        "tags": maybe("array", items=a("string")),
        "limits": maybe("map", keys=a("string"), values=a("int32")),
        "day": DATE,
        "clock": TIME,
        "at": MOMENT,
        "place": struct({"x": a("int8"), "y": maybe("int16")}, optional=True, name="Place"),
    },
    name="Row",
    version=3,
    doc="A row.",
    parameters={"origin": "here"},
)
PAYLOAD = {
    "id": 5, "name": "pump", "level": None, "ratio": 0.25, "small": 1.5, "ok": True, "price": "BNI=",
    "raw": "AQI=", "tags": ["a", "b"], "limits": {"low": 1}, "day": 19_000, "clock": 3_600_000,
    "at": 1_700_000_000_123, "place": {"x": 1, "y": None},
}  # fmt: skip
FULL = typed(ROW, PAYLOAD)
OBJECT = plain(
    {"id": 5, "name": "pump", "level": None, "ratio": 0.25, "ok": True, "tags": ["a", "b"],
     "place": {"x": 1, "y": None}}
)  # fmt: skip
