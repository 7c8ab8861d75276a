"""Values → values of another type, by the rules of Java.

Owns what Cast does to one value. Must not know records, and of schemas only their types.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any

from sinkworker.api import DataError
from sinkworker.transforms.java_numbers import (
    BITS,
    FLOATS,
    double,
    float32,
    low_bits,
    parsed_float,
    parsed_integer,
    text_of,
    truncated,
    wrapped,
)
from sinkworker.transforms.moments import days_of, is_moment, milliseconds_of, moment_text
from sinkworker.transforms.schemas import kind_of

Casting = Callable[[Any], Any]

JSON_TYPES: Mapping[str, str] = {
    "int8": "int8", "int16": "int16", "int32": "int32", "int64": "int64", "float32": "float",
    "float64": "double", "boolean": "boolean", "string": "string",
}  # fmt: skip
"""What one may cast to → its name in a schema."""


def casting(target: str, source: str | None) -> Casting:
    """A function from values of one type to values of another; null stays null.

    source: the type in the schema; None without one. DataError where a value cannot be cast.
    """
    if source in ("array", "map", "struct"):
        raise DataError(f"Cast does not support casting from {source}")
    if target in BITS:
        return _to_integers(target)
    cast: Casting
    if target == "string":
        cast = partial(_string, is_float32=source in FLOATS)
    elif target == "boolean":
        cast = _boolean
    elif source in FLOATS:  # of the four bytes, not of the digits that stood for them
        cast = float32
    else:
        cast = partial(_float, kind=target)
    return lambda value: None if value is None else cast(value)


def _to_integers(kind: str) -> Casting:
    half = 1 << (BITS[kind] - 1)

    def cast(value: Any) -> Any:
        if type(value) is int and -half <= value < half:  # as most are
            return value
        return None if value is None else _integer(value, kind)

    return cast


def _integer(value: Any, kind: str) -> int:
    value = _encoded(value)
    if isinstance(value, float):
        return truncated(value, kind)
    if isinstance(value, Decimal):
        return low_bits(value, kind)
    if isinstance(value, int):
        return wrapped(value, kind)
    if isinstance(value, str):
        number: int = _known(parsed_integer(value, kind), kind)
        return number
    raise _impossible(value, kind)


def _float(value: Any, kind: str) -> float:
    value = _encoded(value)
    if isinstance(value, str):
        number = _known(parsed_float(value), kind)
    elif isinstance(value, int | float | Decimal):
        number = value if isinstance(value, float) else double(value)
    else:
        raise _impossible(value, kind)
    return float32(number) if kind == "float32" else number


def _boolean(value: Any) -> bool:
    """A fraction between -1 and 1 is false, as its integer is 0."""
    value = _encoded(value)
    if isinstance(value, str):
        return value.lower() == "true"
    if isinstance(value, int | float | Decimal):
        return value is True or _integer(value, "int64") != 0
    raise _impossible(value, "boolean")


def _string(value: Any, *, is_float32: bool) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return text_of(value, is_float32=is_float32)
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if is_moment(value):
        return moment_text(value)
    raise _impossible(value, "string")


def _encoded(value: Any) -> Any:
    """Dates, times and timestamps as the numbers that stand for them."""
    if isinstance(value, datetime | time):
        return milliseconds_of(value)
    return days_of(value) if isinstance(value, date) else value


def _known(number: Any, kind: str) -> Any:
    if number is None:
        raise DataError(f"Cast: a text that is no {kind}, or out of its range")
    return number


def _impossible(value: Any, kind: str) -> DataError:
    return DataError(f"Cast cannot make {kind} of {kind_of(value)}")
