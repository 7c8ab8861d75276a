"""Schemas as transforms need them: fields, defaults, and what is made of them.

Owns the form of schemas, which is that of Kafka Connect's JSON, and what was worked out for those
that were seen last. Must not know any transform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sinkworker.api import DataError, Schema
from sinkworker.converters.envelope import Envelope

T = TypeVar("T")
Fields = Sequence[Schema]

LOGICAL = "org.apache.kafka.connect.data."
DECIMAL, DATE, TIME = LOGICAL + "Decimal", LOGICAL + "Date", LOGICAL + "Time"
TIMESTAMP = LOGICAL + "Timestamp"
STRING: Schema = {"type": "string", "optional": False}
INT32: Schema = {"type": "int32", "optional": False}
INT64: Schema = {"type": "int64", "optional": False}
TIMESTAMP_SCHEMA: Schema = {"type": "int64", "optional": False, "name": TIMESTAMP, "version": 1}
KEPT = ("name", "version", "doc", "parameters")
"""What a schema keeps when its fields or its type change: as in Kafka, neither optional nor default."""
SEEN_LAST = 16

_ENVELOPE = Envelope(fills_nulls=False)


class Memo(Generic[T]):
    """What was worked out for the schemas seen last: every record brings a schema, few a new one."""

    def __init__(self, work_out: Callable[[Schema], T]) -> None:
        self._work_out = work_out
        self._known: list[tuple[Schema, T]] = []

    def of(self, schema: Schema) -> T:
        for known, result in self._known:
            if known is schema or known == schema:
                return result
        result = self._work_out(schema)
        self._known = [(schema, result), *self._known[: SEEN_LAST - 1]]
        return result


def fields_of(schema: Schema) -> Fields:
    return schema.get("fields") or ()


def field_of(schema: Schema, name: str) -> Schema | None:
    """The field of that name; None where there is none."""
    return next((each for each in fields_of(schema) if each["field"] == name), None)


def named(name: str, schema: Schema) -> Schema:
    """A schema as a field."""
    return {**schema, "field": name}


def unnamed(field: Schema) -> Schema:
    """A field as a schema."""
    return {key: value for key, value in field.items() if key != "field"}


def optional(schema: Schema, *, is_optional: bool = True) -> Schema:
    return {**schema, "optional": is_optional}


def is_optional(schema: Schema) -> bool:
    return bool(schema.get("optional", False))


def basics(schema: Schema) -> dict[str, Any]:
    return {key: schema[key] for key in KEPT if schema.get(key) is not None}


def struct(fields: Iterable[Schema], like: Schema | None = None) -> Schema:
    """A struct of these fields. DataError when two have the same name."""
    listed = list(fields)
    names = [field["field"] for field in listed]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"the schema would have the field {twice} twice")
    return {"type": "struct", "optional": False, **basics(like or {}), "fields": listed}


def defaults_of(schema: Schema) -> dict[str, Any]:
    """Field → its default, where it has one."""
    return {
        field["field"]: default_of(field)
        for field in fields_of(schema)
        if field.get("default") is not None
    }


def default_of(schema: Schema) -> Any:
    """A schema's default as a value, not as its JSON; None where there is none."""
    given = schema.get("default")
    return None if given is None else _ENVELOPE.typed({**schema, "optional": True}, given)


def filled(value: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a struct's value, with defaults in the place of nulls."""
    copy = dict(value)
    for name, default in defaults.items():
        if copy.get(name) is None:
            copy[name] = default
    return copy


def an_object(value: Any, title: str) -> dict[str, Any]:
    """A value without a schema that must be an object. DataError when it is none."""
    if isinstance(value, dict):
        return value
    raise DataError(f"{title} needs an object without a schema, not {kind_of(value)}")


def a_struct(schema: Schema, value: Any, title: str) -> dict[str, Any]:
    """A value with a schema that must be a struct. DataError when it is none."""
    if isinstance(value, dict) and schema.get("type") == "struct":
        return value
    found = kind_of(value) if value is None else f"the type {schema.get('type')}"
    raise DataError(f"{title} needs a struct, not {found}")


def kind_of(value: Any) -> str:
    names: Mapping[type, str] = {
        type(None): "null", bool: "a boolean", int: "an integer", float: "a fraction",
        str: "a string", bytes: "bytes", list: "an array", dict: "an object",
    }  # fmt: skip
    return names.get(type(value), f"a value of the type {type(value).__name__}")
