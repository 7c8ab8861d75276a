"""Cases of Debezium's ExtractNewRecordState, which knows events with a schema only."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.transforms.golden.field_cases import TWO
from tests.unit.transforms.golden.forms import (
    FILLS,
    KEEPS,
    Case,
    Json,
    a,
    case,
    maybe,
    struct,
    typed,
)

KIND = "io.debezium.transforms.ExtractNewRecordState"
ROW = struct(
    {"id": a("int32"), "name": maybe("string", default="n"), "topic": maybe("string")},
    name="db.t.Value", optional=True,
)  # fmt: skip
SOURCE = struct({"db": a("string"), "ts_ms": a("int64"), "lsn": maybe("int64")}, name="Source")
TRANSACTION = struct({"id": a("string"), "total_order": a("int64")}, optional=True)
ENVELOPE = struct(
    {"before": ROW, "after": ROW, "source": SOURCE, "op": a("string"), "ts_ms": maybe("int64"),
     "transaction": TRANSACTION},
    name="db.t.Envelope",
)  # fmt: skip
OLD = {"id": 1, "name": "old", "topic": "t-old"}
NEW = {"id": 1, "name": None, "topic": "t-new"}
MODES = ("drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone")


def event(op: str, before: Json, after: Json, transaction: Json = None) -> Json:
    source = {"db": "d", "ts_ms": 7, "lsn": None}
    return typed(ENVELOPE, {"before": before, "after": after, "source": source, "op": op, "ts_ms": 9,
                            "transaction": transaction})  # fmt: skip


EVENTS = {
    "a create": event("c", None, NEW), "an update": event("u", OLD, NEW),
    "a read": event("r", None, NEW), "a delete": event("d", OLD, None),
    "a truncate": event("t", None, None), "a tombstone": None, "no event": TWO,
    "a struct": typed(ROW, OLD),
}  # fmt: skip
ADDED = ("op", "ts_ms", "source.ts_ms", "db", "lsn", "source.lsn:LSN", "op:OPERATION", "nope", "id",
         "transaction.total_order", "op,source.db,ts_ms")  # fmt: skip


def extract_new_record_state() -> Iterator[Case]:
    for mode in MODES:
        for name, value in EVENTS.items():
            config = {
                "delete.tombstone.handling.mode": mode,
                "add.fields": "op",
                "add.headers": "op,db",
            }
            yield case(f"{name}, {mode}", KIND, config, value, headers=(("h", "1"),))
    for name in ("an update", "a delete", "a tombstone"):
        yield case(f"{name} as it is", KIND, {}, EVENTS[name])
        yield case(f"{name} by a field", KIND, {"route.by.field": "topic"}, EVENTS[name])
    for fields in ADDED:
        yield case(f"fields {fields}", KIND, {"add.fields": fields}, EVENTS["an update"])
        yield case(f"headers {fields}", KIND, {"add.headers": fields}, EVENTS["an update"])
    config = {"add.fields": "op", "add.fields.prefix": "_x_", "add.headers": "op",
              "add.headers.prefix": ""}  # fmt: skip
    yield case("other prefixes", KIND, config, EVENTS["an update"])
    inside = event("u", OLD, NEW, {"id": "tx", "total_order": 4})
    yield case("of a transaction", KIND, {"add.fields": "id,total_order"}, inside)
    yield case(
        "a name that there is", KIND, {"add.fields": "op:id", "add.fields.prefix": ""}, inside
    )
    rewrite = {"delete.tombstone.handling.mode": "rewrite"}
    yield case("rewritten, filled", KIND, rewrite | FILLS, EVENTS["an update"])
    yield case("rewritten, not filled", KIND, rewrite | KEEPS, EVENTS["an update"])
    for compatible in ("true", "false"):
        config = {
            "drop.fields.header.name": "drop",
            "drop.fields.keep.schema.compatible": compatible,
        }
        headers = (("drop", '["id","name"]'),)
        yield case(
            f"dropped fields, {compatible}", KIND, config, EVENTS["an update"], headers=headers
        )
    yield case("no fields to drop", KIND, {"drop.fields.header.name": "drop"}, EVENTS["an update"])
    yield case("no such mode", KIND, {"delete.tombstone.handling.mode": "x"}, EVENTS["an update"])
    yield case("two colons", KIND, {"add.fields": "a:b:c"}, EVENTS["an update"])
