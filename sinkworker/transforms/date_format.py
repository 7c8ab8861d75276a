"""Patterns of Java's SimpleDateFormat, in UTC and in English: writing and reading moments.

Owns what each letter writes. Must not know records.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sinkworker.api import DataError
from sinkworker.transforms.date_pattern import AM_PM, DAYS, MONTHS, WORDS, parts_of
from sinkworker.transforms.date_reading import Reader
from sinkworker.transforms.moments import timestamp


def date_format(pattern: str) -> str:
    """For a model's field: ValueError when it cannot be used."""
    DateFormat(pattern)
    return pattern


class DateFormat:
    """One pattern. Moments are microseconds since 1970 in UTC; of them milliseconds are written."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._parts = pattern, list(parts_of(pattern))

    def format(self, microseconds: int) -> str:
        moment = timestamp(microseconds)
        return "".join(
            part.text or _written(moment, part.letter, part.length) for part in self._parts
        )

    def parse(self, text: str) -> int:
        """DataError when the text does not begin as the pattern says."""
        found = Reader(text).read(self._parts)
        if found is None:
            raise DataError(f"a text that does not match the pattern {self._pattern}")
        return found


def _written(moment: datetime, letter: str, count: int) -> str:
    if letter in WORDS:
        return _word(moment, letter, count)
    if letter in "ML" and count >= 3:
        return _name(MONTHS, moment.month - 1, count)
    if letter == "y" and count == 2:
        return f"{moment.year % 100:02}"
    return str(_number(moment, letter)).zfill(count)


def _word(moment: datetime, letter: str, count: int) -> str:
    if letter == "E":
        return _name(DAYS, moment.weekday(), count)
    zone = "Coordinated Universal Time" if count >= 4 else "UTC"
    return {"G": "AD", "a": AM_PM[moment.hour // 12], "z": zone, "Z": "+0000", "X": "Z"}[letter]


def _name(names: Sequence[str], index: int, count: int) -> str:
    return names[index] if count >= 4 else names[index][:3]


def _number(moment: datetime, letter: str) -> int:
    hour = moment.hour
    return {
        "y": moment.year, "u": moment.isoweekday(), "M": moment.month, "L": moment.month,
        "d": moment.day, "D": moment.timetuple().tm_yday, "H": hour, "k": hour or 24,
        "K": hour % 12, "h": hour % 12 or 12, "m": moment.minute, "s": moment.second,
        "S": moment.microsecond // 1000,
    }[letter]  # fmt: skip
