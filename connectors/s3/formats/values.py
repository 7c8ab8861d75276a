"""Values as the libraries of Avro and Parquet want them, where a converter's differ.

Owns which types need a change, and makes none where all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.s3.formats.json import to_json
from connectors.s3.formats.schemas import JSON_TEXT
from sinkworker.api import Schema

Change = Callable[[Any], Any]


def change(schema: Schema, of_map: Callable[[Schema], Change | None]) -> Change | None:
    """What turns a value of this schema into the library's; None: it is that already.

    of_map: the same for a map, where libraries differ.
    """
    if schema.get("name") == JSON_TEXT or is_open(schema):
        return _optional(lambda value: to_json(value).decode())
    kind = schema["type"]
    if kind == "struct":
        return _of_struct(schema, of_map)
    if kind == "array":
        item = change(schema["items"], of_map)
        return item and _optional(lambda value: [item(each) for each in value])
    if kind == "map":
        whole = of_map(schema)
        return whole and _optional(whole)
    return None


def is_open(schema: Schema) -> bool:
    """Whether a struct's schema names no fields, as where a type contains itself: its values may.

    Neither Avro nor Parquet could write them: it becomes JSON as a text.
    """
    return schema["type"] == "struct" and not schema.get("fields")


def changes(schema: Schema, of_map: Callable[[Schema], Change | None]) -> Mapping[str, Change]:
    """The fields of a struct that need one."""
    found = {field["field"]: change(field, of_map) for field in schema.get("fields") or ()}
    return {name: each for name, each in found.items() if each is not None}


def _of_struct(schema: Schema, of_map: Callable[[Schema], Change | None]) -> Change | None:
    inner = changes(schema, of_map)
    if not inner:
        return None
    return _optional(
        lambda value: {**value, **{name: each(value.get(name)) for name, each in inner.items()}}
    )


def _optional(whole: Change) -> Change:
    return lambda value: None if value is None else whole(value)


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """A map's entries, also of one that is written as a list because its keys are no text."""
    return list(value.items()) if isinstance(value, dict) else [(k, v) for k, v in value]
