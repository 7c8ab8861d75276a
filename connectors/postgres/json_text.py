"""How Python values are written where psycopg alone would not know: documents, booleans, UUIDs.

Owns the text forms of COPY that depend on the value's type only. Must not know columns.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Dumper


def to_json(value: Any) -> str:
    """A document as JSON text. Bytes become base64; decimals, times (ISO 8601) and UUIDs text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value)


class _JsonDumper(Dumper):
    def dump(self, obj: Any) -> Buffer:
        return to_json(obj).encode()


class _BooleanDumper(Dumper):
    """`true` reads well in a text column, too; psycopg writes `t`."""

    def dump(self, obj: Any) -> Buffer:
        return b"true" if obj else b"false"


class _UuidDumper(Dumper):
    """With its dashes, also in a text column; psycopg leaves them out."""

    def dump(self, obj: Any) -> Buffer:
        return str(obj).encode()


def copying(cursor: Cursor[Any]) -> Cursor[Any]:
    """A cursor whose COPY writes objects and lists as JSON text."""
    cursor.adapters.register_dumper(dict, _JsonDumper)
    cursor.adapters.register_dumper(list, _JsonDumper)
    cursor.adapters.register_dumper(bool, _BooleanDumper)
    cursor.adapters.register_dumper(UUID, _UuidDumper)
    return cursor
