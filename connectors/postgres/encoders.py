"""What a value becomes where its column's type matters: documents, arrays, moments, bytes.

Owns an encoder for each kind of column that sql/catalog.sql tells apart, and what such a column
refuses: Postgres's input of dates and bytes reads numbers and lists, too, as something else. Must not
know tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.postgres.json_text import to_json

Encode = Callable[[Any], Any]


class UnfitValueError(ValueError):
    """A value that its column does not take. column: is added by who knows it."""

    def __init__(self, reason: str, advice: str = "", column: str = "") -> None:
        super().__init__(f"{reason} in column {column}{advice}")
        self.reason, self.advice = reason, advice

    def in_column(self, name: str) -> UnfitValueError:
        return UnfitValueError(self.reason, self.advice, name)


# moments and bytes

NAMES: Mapping[type, str] = {
    bool: "a boolean", int: "a number", float: "a number", Decimal: "a number", bytes: "binary data",
    list: "a list", dict: "an object",
}  # fmt: skip
NO_MOMENT = frozenset(NAMES)
# What follows a time of day: an offset or a zone, which a timestamp without time zone would drop.
ZONE = re.compile(r":\d\d(?:\.\d*)?\s*(?!(?:am|pm|bc|ad)\b)([a-z+-].*)$", re.IGNORECASE)


def moment(value: Any) -> Any:
    """Dates, times and intervals. Is a number days, seconds, milliseconds, or 20240229?"""
    if type(value) not in NO_MOMENT:
        return value
    name = NAMES[type(value)]
    advice = "; TimestampConverter makes times of numbers" if name == "a number" else ""
    raise UnfitValueError(f"{name} is no date, time or interval", advice)


def _timestamp(value: Any) -> Any:
    """Without time zone: in UTC, also where the value names another zone."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None else _naive(value)
    if type(value) is str and value[-1:] not in "Zz" and ZONE.search(value):
        try:
            return _naive(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            raise UnfitValueError("a time with a zone that is not ISO 8601") from None
    return moment(value)


def _naive(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None)


def _bytes(value: Any) -> Any:
    """A text is read by Postgres: `\\x` and hexadecimal digits, or its escape format."""
    if value is None or isinstance(value, bytes | str):
        return value
    raise UnfitValueError(f"{NAMES.get(type(value), type(value).__name__)} is no binary data")


# documents


def _document(value: Any) -> str | None:
    return None if value is None else to_json(value)


# Array literals: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO


def _array_of(encode: Encode | None = None, *, nests: bool = True) -> Encode:
    """nests: lists within lists are further dimensions. A text may be an array's own: `{1,2}`."""

    def literal(items: Sequence[Any]) -> str:
        return "{" + ",".join(map(item, items)) + "}"

    def item(value: Any) -> str:
        if value is None:
            return "NULL"
        if nests and isinstance(value, list):
            return literal(value)
        return _scalar(value if encode is None else encode(value))

    def array(value: Any) -> Any:
        if isinstance(value, dict):
            raise UnfitValueError("an object is no array")
        return literal(value) if isinstance(value, list) else value

    return array


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return _quoted("\\x" + value.hex())
    return _quoted(to_json(value) if isinstance(value, dict) else str(value))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# By the column's kind as sql/catalog.sql names it. A plain column takes what psycopg writes.
ENCODERS: Mapping[str, Encode] = {
    "json": _document,
    "moment": moment,
    "timestamp": _timestamp,
    "bytes": _bytes,
    "array of json": _array_of(_document, nests=False),
    "array of moment": _array_of(moment),
    "array of timestamp": _array_of(_timestamp),
    "array of bytes": _array_of(_bytes),
    "array of plain": _array_of(),
}
