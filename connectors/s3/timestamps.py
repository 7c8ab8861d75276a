"""Timestamp extractors: which moment a record belongs to, in ms since 1970.

Owns the values of `timestamp.extractor`. Must not know paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from connectors.s3.fields import Field
from sinkworker.api import DataError, SinkRecord

Times: TypeAlias = Callable[[Sequence[SinkRecord], int], Sequence[int]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def wall_clock(records: Sequence[SinkRecord], wall_ms: int) -> Sequence[int]:
    """When the records were written here."""
    return [wall_ms] * len(records)


def record_time(records: Sequence[SinkRecord], _wall_ms: int) -> Sequence[int]:
    """Kafka's own."""
    times = [record.timestamp for record in records]
    if None in times:
        raise DataError("Kafka has no time for it: set timestamp.extractor=Wallclock")
    return times  # type: ignore[return-value]


def field_time(field: Field) -> Times:
    """A field of the value: ms since 1970, ISO 8601 text (without a zone: UTC), or a date."""

    def times(records: Sequence[SinkRecord], _wall_ms: int) -> Sequence[int]:
        values = field.of_all(records)
        if set(map(type, values)) == {int}:
            return values
        return [_milliseconds(value, field.name) for value in values]

    return times


def _milliseconds(value: Any, name: str) -> int:
    if isinstance(value, str):
        value = _moment(value, name)
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return (aware - EPOCH) // MILLISECOND
    if isinstance(value, date):
        return (datetime.combine(value, time(), UTC) - EPOCH) // MILLISECOND
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _whole(value, name)
    raise DataError(f"timestamp.field {name} is a {type(value).__name__}, no moment")


def _whole(value: float, name: str) -> int:
    try:
        return int(value)
    except (ValueError, OverflowError):
        raise DataError(f"timestamp.field {name} is no moment") from None


def _moment(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise DataError(f"timestamp.field {name} is no date and time in ISO 8601") from None
