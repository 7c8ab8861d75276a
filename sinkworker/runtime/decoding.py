"""The keys and values of a batch, decoded.

Owns that one that cannot be decoded does not keep its neighbours from it. Must not know transforms
or what becomes of bad records.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

from sinkworker.api import ConnectError, Converter, DataError, Schema
from sinkworker.api.record import Header
from sinkworker.runtime.ports import Columns


class Decoded(NamedTuple):
    """Four columns parallel to the raw records, and what could not be decoded.

    size: bytes of keys and values. undecodable: indexes in order; errors: why, one each.
    """

    key_schemas: Sequence[Schema | None]
    keys: Sequence[Any]
    value_schemas: Sequence[Schema | None]
    values: Sequence[Any]
    size: int
    undecodable: Sequence[int]
    errors: Sequence[Exception]

    def failure(self, start: int) -> tuple[int, Exception | None]:
        """Where the first failure from an index on is, and why; else the number of records."""
        at = bisect_left(self.undecodable, start)
        if at == len(self.undecodable):
            return len(self.keys), None
        return self.undecodable[at], self.errors[at]


def is_of_the_record(error: Exception) -> bool:
    """Whether it is told of the record. An outage is not, nor is a right that the worker lacks."""
    return isinstance(error, DataError) or not isinstance(error, ConnectError)


def decoded(raws: Columns, topic: str, key: Converter, value: Converter) -> Decoded:
    """All of them, also those after one that fails. What is no record's fault leaves at once."""
    keys, values, headers = raws.keys, raws.values, raws.headers
    failed: dict[int, Exception] = {}
    key_schemas, decoded_keys = _decode_all(key, topic, keys, headers, failed)
    value_schemas, decoded_values = _decode_all(value, topic, values, headers, failed)
    size = sum(map(len, filter(None, keys))) + sum(map(len, filter(None, values)))
    undecodable = sorted(failed)
    errors = [failed[index] for index in undecodable]
    return Decoded(
        key_schemas, decoded_keys, value_schemas, decoded_values, size, undecodable, errors
    )


def _decode_all(
    converter: Converter,
    topic: str,
    data: Sequence[bytes | None],
    headers: Sequence[Sequence[Header]],
    failed: dict[int, Exception],
) -> tuple[Sequence[Schema | None], Sequence[Any]]:
    try:
        return converter.decode_all(topic, data, headers)
    except Exception as error:
        if not is_of_the_record(error):
            raise  # otherwise it is found below; and those found there do not come of this one
    return _decode_each(converter, topic, data, headers, failed)


def _decode_each(
    converter: Converter,
    topic: str,
    data: Sequence[bytes | None],
    headers: Sequence[Sequence[Header]],
    failed: dict[int, Exception],
) -> tuple[Sequence[Schema | None], Sequence[Any]]:
    schemas: list[Schema | None] = [None] * len(data)
    values: list[Any] = [None] * len(data)
    for index, (each, its_headers) in enumerate(zip(data, headers, strict=True)):
        try:
            schemas[index], values[index] = converter.decode(topic, each, its_headers)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            failed.setdefault(index, error)
    return schemas, values
