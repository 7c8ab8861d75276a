"""Numbers as Java writes, reads and narrows them.

Owns the differences between Java's and Python's numbers. Must not know records or schemas.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from decimal import Decimal

BITS: Mapping[str, int] = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
FLOATS = frozenset({"float", "float32"})
"""The names of the type of four bytes, in Connect's JSON and elsewhere."""

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SPECIAL: Mapping[str, float] = {"NaN": math.nan, "Infinity": math.inf}
_HEX = re.compile(r"[+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+")


def wrapped(number: int, kind: str) -> int:
    """The lowest bits, as Java's narrowing keeps them. kind: int8 … int64."""
    half = 1 << (BITS[kind] - 1)
    return (number + half) % (2 * half) - half


def truncated(number: float, kind: str) -> int:
    """A fraction as an integer: towards zero, at most the limits; NaN is 0."""
    if math.isnan(number):
        return 0
    limit = 2**63 if kind == "int64" else 2**31
    whole = int(max(-limit, min(limit, number)))
    return wrapped(min(whole, limit - 1), kind)


def low_bits(number: Decimal, kind: str) -> int:
    """A decimal as an integer: towards zero, and of that the lowest bits, as of a BigDecimal."""
    if not number.is_finite():
        return truncated(float(number), kind)
    if number.as_tuple().exponent >= 64:  # type: ignore[operator]
        return 0  # 10 ** 64 is a multiple of 2 ** 64; the number itself may be too long to write
    return wrapped(int(number), kind)


def float32(number: float) -> float:
    """The nearest number of four bytes; infinite when there is none."""
    try:
        nearest: float = struct.unpack("f", struct.pack("f", number))[0]
        return nearest
    except OverflowError:
        return math.copysign(math.inf, number)


def double(number: int | Decimal) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def decimal(text: str) -> Decimal | None:
    """As `new BigDecimal(text)`; None where that fails."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def parsed_integer(text: str, kind: str) -> int | None:
    """As `Integer.parseInt(text)` and its like; None where they fail."""
    if not re.fullmatch(r"[+-]?\d+", text):
        return None
    number = int(text)
    return number if wrapped(number, kind) == number else None


def parsed_float(text: str) -> float | None:
    """As `Double.parseDouble(text)`; None where that fails."""
    text = text.strip("".join(map(chr, range(0x21))))
    sign, bare = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if bare in _SPECIAL:
        return sign * _SPECIAL[bare]
    bare = text[:-1] if text.endswith(("f", "F", "d", "D")) else text
    if _HEX.fullmatch(bare):
        return float.fromhex(bare)
    return float(bare) if _DECIMAL.fullmatch(bare) else None


def text_of(number: float, *, is_float32: bool = False) -> str:
    """As `Double.toString(number)`, or `Float.toString(number)`."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    shortest = _shortest_float32(number) if is_float32 else repr(number)
    sign, digits, exponent = Decimal(shortest).as_tuple()
    figures = "".join(map(str, digits))
    point = len(figures) + int(exponent)
    figures = figures.rstrip("0") or "0"
    if figures == "0" or 1e-3 <= abs(number) < 1e7:
        shown = _plain(figures, 1 if figures == "0" else point)
    else:
        shown = f"{_plain(figures, 1)}E{point - 1}"
    return "-" + shown if sign else shown


def _plain(figures: str, point: int) -> str:
    """point: how many of the figures stand before the point."""
    if point <= 0:
        return f"0.{'0' * -point}{figures}"
    return f"{figures[:point].ljust(point, '0')}.{figures[point:] or '0'}"


def _shortest_float32(number: float) -> str:
    nearest = float32(number)
    texts = (f"{nearest:.{places}e}" for places in range(9))
    return next(text for text in texts if float32(float(text)) == nearest)
