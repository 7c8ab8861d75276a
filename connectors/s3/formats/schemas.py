"""Which schema the file of a record has: the record's own, or one that was learnt from the values.

Owns what is learnt. A column is added when a record has a new field, and a whole number's column
becomes a fraction's: then a new file begins, with the wider schema, and whatever comes later fits it.
Values that contradict each other (text here, a number there) have files of their own. Every learnt
column may be null. Must not know what formats make of a schema.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime
from itertools import repeat
from operator import attrgetter
from typing import Any, Generic, TypeVar

import orjson

from sinkworker.api import DataError, Schema, SinkRecord

NativeT = TypeVar("NativeT", bound=Hashable)
Columns = dict[str, str]

DATE = "org.apache.kafka.connect.data.Date"
TIME = "org.apache.kafka.connect.data.Time"
TIMESTAMP = "org.apache.kafka.connect.data.Timestamp"
DECIMAL = "org.apache.kafka.connect.data.Decimal"
# Two that Connect has no names for.
MICROSECONDS, JSON_TEXT = "sinkworker.Microseconds", "sinkworker.Json"

VALUE, SCHEMA = attrgetter("value"), attrgetter("value_schema")
MOST_COLUMNS, MOST_FAMILIES, MOST_SEEN = 1000, 32, 1000

KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "int64",
    float: "double",
    str: "string",
    bytes: "bytes",
    datetime: MICROSECONDS,
    date: DATE,
}
BASES = {"null": "string", MICROSECONDS: "int64", DATE: "int32", JSON_TEXT: "string"}


def kind_of_column(type_: type) -> str:
    """Objects and lists become JSON text, and so do types that Connect has no words for."""
    return KINDS.get(type_, JSON_TEXT)


class Schemas(Generic[NativeT]):
    """What one source partition's records showed so far, each schema as its format wants it."""

    def __init__(
        self, build: Callable[[Schema], NativeT], kind: Callable[[type], str] = kind_of_column
    ) -> None:
        """build: makes the format's own schema. DataError when it has no words for it.

        kind: of a value's type, what a column must have in common.
        """
        self._build = build
        self._learnt = _Learnt(build, kind)
        self._given: dict[bytes, NativeT] = {}
        self._last: tuple[Schema, NativeT] | None = None

    def __call__(self, records: Sequence[SinkRecord]) -> Sequence[NativeT]:
        known = self._learnt.of_all(records)
        if known is not None:
            return known
        version = self._learnt.version
        found = [self._of(record) for record in records]
        if version == self._learnt.version:
            return found
        return [self._of(record) for record in records]  # now, all know of the widest

    def _of(self, record: SinkRecord) -> NativeT:
        schema = record.value_schema
        if schema is None:
            return self._learnt.of(record.value)
        if self._last is None or self._last[0] != schema:
            self._last = schema, self._known(schema)
        return self._last[1]

    def _known(self, schema: Schema) -> NativeT:
        key = orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
        native = self._given.get(key)
        if native is None:
            if len(self._given) >= MOST_SEEN:
                self._given.clear()
            native = self._given[key] = self._build(schema)
        return native


class _Learnt(Generic[NativeT]):
    def __init__(self, build: Callable[[Schema], NativeT], kind: Callable[[type], str]) -> None:
        self._build, self._kind = build, kind
        self._shapes: dict[Hashable, NativeT] = {}
        self._families: list[tuple[Columns, NativeT]] = []
        self.version = 0

    def of_all(self, records: Sequence[SinkRecord]) -> Sequence[NativeT] | None:
        """Many at once; None when one has a schema, or a shape that was never seen before."""
        if any(map(SCHEMA, records)):
            return None
        values = list(map(VALUE, records))
        try:
            types = map(tuple, map(map, repeat(type), map(dict.values, values)))
            found = list(map(self._shapes.get, zip(map(tuple, values), types, strict=True)))
        except TypeError:  # one is no object
            return None
        return None if None in found else found  # type: ignore[return-value]

    def of(self, value: Any) -> NativeT:
        try:
            shape = tuple(value), tuple(map(type, value.values()))
        except (TypeError, AttributeError):
            raise DataError(
                f"its value is a {type(value).__name__} without a schema, and only an object has "
                "columns"
            ) from None
        found = self._shapes.get(shape)
        if found is None:
            if len(self._shapes) >= MOST_SEEN:
                self._shapes.clear()
            columns = dict(zip(shape[0], map(self._kind, shape[1]), strict=True))
            found = self._shapes[shape] = self._learn(columns)
        return found

    def _learn(self, columns: Columns) -> NativeT:
        for index, (known, native) in enumerate(self._families):
            merged = _merged(known, columns)
            if merged == known:
                return native
            if merged is not None:
                wider = self._families[index] = merged, self._made(merged)
                self._forget(native)
                return wider[1]
        family = columns, self._made(columns)
        self._families = [family, *self._families][:MOST_FAMILIES]
        return family[1]

    def _made(self, columns: Columns) -> NativeT:
        if len(columns) > MOST_COLUMNS:
            raise DataError(
                f"its fields would make more than {MOST_COLUMNS} columns: choose JsonFormat"
            )
        if not all(isinstance(name, str) for name in columns):
            raise DataError("a field's name is no text")
        native = self._build({"type": "struct", "fields": [_field(*c) for c in columns.items()]})
        self.version += 1
        return native

    def _forget(self, native: NativeT) -> None:
        self._shapes = {s: each for s, each in self._shapes.items() if each is not native}


def _field(name: str, kind: str) -> dict[str, Any]:
    return {"field": name, "type": BASES.get(kind, kind), "name": kind, "optional": True}


def _merged(known: Columns, columns: Columns) -> Columns | None:
    """Columns for both; None when they contradict each other."""
    merged = dict(known)
    for name, kind in columns.items():
        wider = _wider(known.get(name, kind), kind)
        if wider is None:
            return None
        merged[name] = wider
    return merged


def _wider(one: str, other: str) -> str | None:
    if other in {one, "null"}:
        return one
    if one == "null":
        return other
    return "double" if {one, other} == {"int64", "double"} else None
