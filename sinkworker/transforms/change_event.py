"""Change events as Debezium writes them: `before`, `after`, `op`, and where they come from.

Owns telling them from other records, and finding what `add.fields` and `add.headers` name. Must not
know what becomes of an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sinkworker.api import Schema
from sinkworker.transforms.schemas import field_of, unnamed

ENVELOPE = ".Envelope"
OPERATION = "op"
IN_EVENT = frozenset({OPERATION, "ts_ms", "ts_us", "ts_ns"})
IN_TRANSACTION = frozenset({"id", "data_collection_order", "total_order"})


class Reference(NamedTuple):
    """A field of an event. struct: the field that holds it, if it is not the event itself."""

    struct: str | None
    field: str
    new_name: str


def reference(prefix: str, text: str) -> Reference:
    """`op`, `source.ts_ms`, or with a name of one's own `source.ts_ms:changed_at`. ValueError."""
    path, colon, own_name = text.partition(":")
    names = path.split(".")
    if len(names) > 2 or not all(names) or (colon and not own_name) or ":" in own_name:
        raise ValueError(f"Unexpected field name: {text}")
    struct = names[0] if len(names) == 2 else _home(path)
    return Reference(struct, names[-1], prefix + (own_name or "_".join(names)))


def _home(field: str) -> str | None:
    if field in IN_EVENT:
        return None
    return "transaction" if field in IN_TRANSACTION else "source"


def is_event(schema: Schema | None, value: Any) -> bool:
    """Without a schema it is known by its members."""
    if schema is not None:
        return str(schema.get("name") or "").endswith(ENVELOPE)
    return isinstance(value, dict) and OPERATION in value and not value.keys().isdisjoint(
        ("before", "after")
    )  # fmt: skip


def found(references: Iterable[Reference], event: Mapping[str, Any]) -> dict[str, Any]:
    """New name → value, of what the event has. A field of a struct may stand in the event itself."""
    values = {}
    for struct, field, new_name in references:
        holder = event if struct is None else event.get(struct)
        if isinstance(holder, dict) and field in holder:
            values[new_name] = holder[field]
        elif field in event:
            values[new_name] = event[field]
        elif struct in event and holder is None:
            values[new_name] = None
    return values


def found_schemas(references: Iterable[Reference], event: Schema) -> dict[str, Schema]:
    """New name → schema, which is optional, of what events of this schema have."""
    schemas: dict[str, Schema] = {}
    for struct, field, new_name in references:
        holder = event if struct is None else field_of(event, struct)
        schema = (holder and field_of(holder, field)) or field_of(event, field)
        if schema is not None:
            without = {key: each for key, each in unnamed(schema).items() if key != "default"}
            schemas[new_name] = {**without, "optional": True}
    return schemas
