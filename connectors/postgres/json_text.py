"""How Python values are written where psycopg alone would not know: documents, booleans, arrays.

Owns the text forms of COPY. psycopg chooses by the value's type only; what depends on the column is
an encoder of the column's kind.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Dumper

Write = Callable[[Any], str]


def to_json(value: Any) -> str:
    """A document as JSON text. Bytes become base64; decimals and times become text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


class _JsonDumper(Dumper):
    def dump(self, obj: Any) -> Buffer:
        return to_json(obj).encode()


class _BooleanDumper(Dumper):
    """`true` reads well in a text column, too; psycopg writes `t`."""

    def dump(self, obj: Any) -> Buffer:
        return b"true" if obj else b"false"


def copying(cursor: Cursor[Any]) -> Cursor[Any]:
    """A cursor whose COPY writes objects and lists as JSON text."""
    cursor.adapters.register_dumper(dict, _JsonDumper)
    cursor.adapters.register_dumper(list, _JsonDumper)
    cursor.adapters.register_dumper(bool, _BooleanDumper)
    return cursor


# Array literals: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO


def _array(items: Sequence[Any]) -> str:
    """Lists within lists are further dimensions."""
    return _literal(items, lambda each: _array(each) if isinstance(each, list) else _scalar(each))


def _array_of_documents(items: Sequence[Any]) -> str:
    return _literal(items, lambda each: _quoted(to_json(each)))


def _literal(items: Sequence[Any], write: Write) -> str:
    return "{" + ",".join(["NULL" if each is None else write(each) for each in items]) + "}"


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return _quoted("\\x" + value.hex())
    return _quoted(to_json(value) if isinstance(value, dict) else str(value))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _document(value: Any) -> str | None:
    return None if value is None else to_json(value)


def _list_with(write: Callable[[Sequence[Any]], str]) -> Callable[[Any], Any]:
    """What is no list may be an array's own text, such as `{1,2}`."""
    return lambda value: write(value) if isinstance(value, list) else value


# By the column's kind as sql/catalog.sql names it. A plain column takes what psycopg writes.
ENCODERS: Mapping[str, Callable[[Any], Any]] = {
    "json": _document,
    "array": _list_with(_array),
    "array of json": _list_with(_array_of_documents),
}
