"""Text → the value that it looks like: what Kafka Connect does to headers unless told otherwise.

Kafka's `org.apache.kafka.connect.storage.SimpleHeaderConverter`: null, true and false, numbers, dates,
times and timestamps as Connect writes them, lists and maps of these; all else is text. Where Kafka
would change what was written, it stays as it is: text of which Kafka reads only the beginning (`12:30`
as 12, `1,000` as 1), days that there are not, bytes that are no UTF-8. Fractions are doubles, not
floats, and times are those of UTC, as their Z says, not of the worker's time zone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sinkworker.api import Converter, Header, Schema

Typed = tuple[Schema | None, Any]

BLANKS = "".join(map(chr, range(0x21)))
"""What Java trims."""
LOGICAL = "org.apache.kafka.connect.data."
INTEGERS = {"int8": 2**7, "int16": 2**15, "int32": 2**31, "int64": 2**63}
LITERALS: Mapping[str, Typed] = {
    "null": (None, None),
    "true": ({"type": "boolean"}, True),
    "false": ({"type": "boolean"}, False),
}

DATE, TIME = r"\d{4}-\d\d-\d\d", r"\d\d\\?:\d\d\\?:\d\d\.\d{3}Z"
MOMENT = re.compile(rf"{DATE}T{TIME}|{DATE}|{TIME}")
NUMBER = re.compile(r"([+-]?\d+(\.\d*)?|[+-]\.\d+)([eE][+-]?\d{1,9})?")
# Within lists and maps: a mark, a text in quotes, a moment with its colons, or a word up to a mark.
PIECE = re.compile(
    rf'[\0- ]*([][{{}},:]|"(?:\\.|[^"\\])*"|{MOMENT.pattern}|[^][{{}},:"\\]+|.)', re.DOTALL
)


class SimpleHeaderConverter(Converter):
    """Never fails: what looks like nothing else is text, and what is no text is bytes."""

    never_fails = True

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        if data is None:
            return None, None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return {"type": "bytes"}, data
        try:
            return _typed(text.strip(BLANKS))
        except Exception:  # as in Kafka: whatever is wrong with it as a value, it is a text
            return {"type": "string"}, text


def _typed(text: str) -> Typed:
    return (None, _Reader(text).whole()) if text.startswith(("[", "{")) else _single(text)


def _single(text: str) -> Typed:
    return LITERALS.get(text) or _moment(text) or _number(text)


def _moment(text: str) -> Typed | None:
    """A date, a time or both; None for anything else. ValueError where there is no such day."""
    if not MOMENT.fullmatch(text):
        return None
    text = text.replace("\\", "")
    if "T" in text:
        return {"type": "int64", "name": LOGICAL + "Timestamp"}, datetime.fromisoformat(text)
    if ":" in text:
        return {"type": "int32", "name": LOGICAL + "Time"}, time.fromisoformat(text[:-1])
    return {"type": "int32", "name": LOGICAL + "Date"}, date.fromisoformat(text)


def _number(text: str) -> Typed:
    """As the smallest integer that holds it, else as a double, else as a decimal."""
    if not NUMBER.fullmatch(text):
        raise ValueError
    number = Decimal(text)
    if number.adjusted() < 19 and number == number.to_integral_value():
        for kind, bound in INTEGERS.items():
            if -bound <= number < bound:
                return {"type": kind}, int(number)
    exponent, double = int(number.as_tuple().exponent), float(number)
    if exponent and double and math.isfinite(double):
        return {"type": "double"}, double
    scale = {"scale": str(-exponent)}
    return {"type": "bytes", "name": LOGICAL + "Decimal", "parameters": scale}, number


class _Reader:
    """Reads a list or a map. Raises something where the text is none."""

    def __init__(self, text: str) -> None:
        self._pieces = PIECE.findall(text)[::-1]

    def whole(self) -> Any:
        value = self._value()
        if self._pieces:
            raise ValueError
        return value

    def _takes(self, mark: str) -> bool:
        is_next: bool = self._pieces[-1] == mark
        if is_next:
            self._pieces.pop()
        return is_next

    def _value(self) -> Any:
        piece: str = self._pieces.pop()
        if piece == "[":
            return self._list()
        if piece == "{":
            return self._map()
        if piece[0] == piece[-1] == '"' != piece:
            moment = _moment(piece[1:-1])
            return moment[1] if moment else piece[1:-1]
        return _single(piece.strip(BLANKS))[1]

    def _list(self) -> list[Any]:
        values = []
        while not self._takes("]"):
            values.append(self._value())
            self._end_item("]")
        _refuse_nulls_among(values)
        return values

    def _map(self) -> dict[Any, Any]:
        keys, values = [], []
        while not self._takes("}"):
            keys.append(self._value())
            if not self._takes(":"):
                raise ValueError
            values.append(self._value())
            self._end_item("}")
        if None in keys or len(_kinds(keys)) > 1:  # 1 and true would be the same key
            raise ValueError
        _refuse_nulls_among(values)
        return dict(zip(keys, values, strict=True))

    def _end_item(self, end: str) -> None:
        if self._pieces[-1] != end and not self._takes(","):
            raise ValueError


def _refuse_nulls_among(values: Collection[Any]) -> None:
    """Kafka's rule: nulls among values of one kind make it a text."""
    if None in values and len(_kinds(values)) == 1:
        raise ValueError


def _kinds(values: Collection[Any]) -> set[type]:
    kinds = {type(value) for value in values if value is not None}
    return kinds - {int} | {float} if int in kinds else kinds
