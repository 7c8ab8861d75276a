"""How Python values are written where psycopg alone would not know: JSON documents, booleans, lists.

Owns the text forms of COPY. psycopg chooses by the value's type only; what depends on the column is
an encoder of the column's kind.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.types.array import ListDumper


def to_json(value: Any) -> str:
    """A document as JSON text. Bytes become base64; decimals and times become text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


class PgArray(list[Any]):
    """A list for an array column: `{1,2}` instead of JSON."""


class _JsonDumper(Dumper):
    def dump(self, obj: Any) -> Buffer:
        return to_json(obj).encode()


class _BooleanDumper(Dumper):
    """`true` reads well in a text column, too; psycopg writes `t`."""

    def dump(self, obj: Any) -> Buffer:
        return b"true" if obj else b"false"


class _ArrayDumper(ListDumper):
    """psycopg's own, under another key."""


def copying(cursor: Cursor[Any]) -> Cursor[Any]:
    """A cursor whose COPY writes objects and lists as JSON text, unless the column is an array."""
    cursor.adapters.register_dumper(PgArray, _ArrayDumper)
    cursor.adapters.register_dumper(dict, _JsonDumper)
    cursor.adapters.register_dumper(list, _JsonDumper)
    cursor.adapters.register_dumper(bool, _BooleanDumper)
    return cursor


def _document(value: Any) -> str | None:
    return None if value is None else to_json(value)


def _array(value: Any) -> Any:
    return PgArray(value) if isinstance(value, list) else value


# By the column's kind as sql/catalog.sql names it. A plain column takes what psycopg writes.
ENCODERS: Mapping[str, Callable[[Any], Any]] = {"json": _document, "array": _array}
