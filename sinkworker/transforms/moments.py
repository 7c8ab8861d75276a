"""Dates, times and timestamps as numbers, and back.

Owns the arithmetic: a moment is a whole number of microseconds since 1970 in UTC. Kafka Connect
counts milliseconds; nothing here takes the rest away. Must not know schemas or formats.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sinkworker.api import DataError
from sinkworker.converters.envelope import EPOCH

MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000
FIRST_DAY = EPOCH.date()


def is_moment(value: Any) -> bool:
    return isinstance(value, date | time)


def microseconds_of(value: date | time) -> int:
    """A date is its midnight, a time is one of 1970-01-01, and what has no zone is UTC."""
    if isinstance(value, time):
        value = datetime.combine(FIRST_DAY, value)
    elif not isinstance(value, datetime):
        value = datetime.combine(value, time())
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return (aware - EPOCH) // MICROSECOND


def milliseconds_of(value: date | time) -> int:
    return microseconds_of(value) // 1000


def days_of(value: date) -> int:
    return (value - FIRST_DAY).days


def timestamp(microseconds: int) -> datetime:
    try:
        return EPOCH + microseconds * MICROSECOND
    except OverflowError:
        raise DataError("a moment outside the years 1 to 9999") from None


def date_of(microseconds: int) -> date:
    return timestamp(microseconds).date()


def time_of(microseconds: int) -> time:
    return timestamp(microseconds % DAY).time()


def moment_text(value: date | time) -> str:
    """As Cast writes it. Kafka's rule: before 1970-01-02 it is a time, at midnight a date."""
    microseconds = microseconds_of(value)
    moment = timestamp(microseconds)
    clock = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}Z"
    if microseconds < DAY:
        return clock
    day = moment.date().isoformat()
    return day if microseconds % DAY == 0 else f"{day}T{clock}"
