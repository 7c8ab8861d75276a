"""Avro's binary form: bytes and where to begin → a value and where it ends.

Owns the encoding, and that nothing but it is taken for data: what ends too early raises IndexError, a
text that is no UTF-8 UnicodeDecodeError, a number, a symbol or a branch that there is not DataError.
Neither does a count lead to more work than the bytes are worth. Must not know schemas' texts.

Written in Python, as fastavro's reader ends the process on deeply nested data, rounds decimals, takes
-1 for the last symbol or branch, and is slower: it reads from a file, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Any

from sinkworker.api import DataError

Read = Callable[[bytes, int], tuple[Any, int]]

_FLOAT, _DOUBLE = Struct("<f").unpack_from, Struct("<d").unpack_from
BOOLEANS = {0: False, 1: True}


def null(_: bytes, at: int) -> tuple[None, int]:
    return None, at


def boolean(data: bytes, at: int) -> tuple[bool, int]:
    value = BOOLEANS.get(data[at])
    if value is None:
        raise DataError("a boolean that is neither 0 nor 1")
    return value, at + 1


def long(data: bytes, at: int) -> tuple[int, int]:
    """Seven bits a byte, the lowest first; the lowest of all is the sign."""
    first = data[at]
    at += 1
    if first < 128:
        return (first >> 1) ^ -(first & 1), at
    number, shift = first & 127, 7
    for byte in data[at : at + 9]:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128 and not number >> 64:
            return (number >> 1) ^ -(number & 1), at + shift // 7 - 1
    if shift < 70:
        raise IndexError
    raise DataError("a number of more than 64 bit")


def integer(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 128:
        return (byte >> 1) ^ -(byte & 1), at + 1
    number, at = long(data, at)
    if not -(2**31) <= number < 2**31:
        raise DataError("an int of more than 32 bit")
    return number, at


def single(data: bytes, at: int) -> tuple[float, int]:
    return _FLOAT(data, at)[0], at + 4


def double(data: bytes, at: int) -> tuple[float, int]:
    return _DOUBLE(data, at)[0], at + 8


def blob(data: bytes, at: int) -> tuple[bytes, int]:
    size = data[at]
    if size < 128 and not size & 1:
        at, size = at + 1, size >> 1
    else:
        size, at = long(data, at)
    end = at + size
    if size < 0 or end > len(data):
        raise IndexError
    return data[at:end], end


def text(data: bytes, at: int) -> tuple[str, int]:
    """As blob() does it: a call less makes it a fifth faster."""
    size = data[at]
    if size < 128 and not size & 1:
        at, size = at + 1, size >> 1
    else:
        size, at = long(data, at)
    end = at + size
    if size < 0 or end > len(data):
        raise IndexError
    return data[at:end].decode(), end


def fixed(size: int) -> Read:
    def read(data: bytes, at: int) -> tuple[bytes, int]:
        end = at + size
        if end > len(data):
            raise IndexError
        return data[at:end], end

    return read


def changed(read: Read, change: Callable[[Any], Any]) -> Read:
    """What is read, made into something else."""

    def read_and_change(data: bytes, at: int) -> tuple[Any, int]:
        value, at = read(data, at)
        return change(value), at

    return read_and_change


def symbol(symbols: Sequence[str]) -> Read:
    by_byte = _by_byte(symbols)

    def read(data: bytes, at: int) -> tuple[str, int]:
        value = by_byte.get(data[at])
        if value is not None:
            return value, at + 1
        index, at = long(data, at)
        if not 0 <= index < len(symbols):
            raise DataError("an enum's symbol that there is not")
        return symbols[index], at

    return read


def union(branches: Sequence[Read]) -> Read:
    by_byte: Mapping[int, Read] = _by_byte(branches)

    def read(data: bytes, at: int) -> tuple[Any, int]:
        branch = by_byte.get(data[at])
        if branch is not None:
            return branch(data, at + 1)
        index, at = long(data, at)
        if not 0 <= index < len(branches):
            raise DataError("a union's branch that there is not")
        return branches[index](data, at)

    return read


def _by_byte(values: Sequence[Any]) -> Mapping[int, Any]:
    """Index → value, by the one byte that most indexes are."""
    return {index * 2: value for index, value in enumerate(values[:64])}


def record(fields: Sequence[tuple[str, Read]]) -> Read:
    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        for name, field in fields:
            value[name], at = field(data, at)
        return value, at

    return read


def array(item: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        count, at = _block(data, at, 0)
        while count:
            for _ in range(count):
                value, at = item(data, at)
                values.append(value)
            count, at = _block(data, at, len(values))
        return values, at

    return read


def entries(item: Read) -> Read:
    """A map: its keys are texts."""

    def pair(data: bytes, at: int) -> tuple[tuple[str, Any], int]:
        key, at = text(data, at)
        value, at = item(data, at)
        return (key, value), at

    return changed(array(pair), dict)


def _block(data: bytes, at: int, before: int) -> tuple[int, int]:
    """How many items follow; 0 at the end. before: how many there were."""
    count, at = long(data, at)
    if count < 0:
        count = -count
        _, at = long(data, at)  # how many bytes they are
    if before + count > len(data):  # items of no bytes could be as many as anybody likes
        raise DataError("more items than bytes")
    return count, at
