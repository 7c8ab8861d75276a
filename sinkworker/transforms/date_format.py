"""Patterns of Java's SimpleDateFormat, in UTC and in English: writing and reading moments.

Owns what each letter writes. Must not know records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sinkworker.api import DataError
from sinkworker.transforms.date_pattern import AM_PM, DAYS, MONTHS, WORDS, Part, parts_of
from sinkworker.transforms.date_reading import Reader
from sinkworker.transforms.moments import timestamp

Writer = Callable[[datetime], str]

NUMBERS: Mapping[str, Callable[[datetime], int]] = {
    "y": lambda moment: moment.year,
    "u": lambda moment: moment.isoweekday(),
    "M": lambda moment: moment.month,
    "L": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "D": lambda moment: moment.timetuple().tm_yday,
    "H": lambda moment: moment.hour,
    "k": lambda moment: moment.hour or 24,
    "K": lambda moment: moment.hour % 12,
    "h": lambda moment: moment.hour % 12 or 12,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
    "S": lambda moment: moment.microsecond // 1000,
}


def date_format(pattern: str) -> str:
    """For a model's field: ValueError when it cannot be used."""
    DateFormat(pattern)
    return pattern


class DateFormat:
    """One pattern. Moments are microseconds since 1970 in UTC; of them milliseconds are written."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._parts = pattern, list(parts_of(pattern))
        self._writers = [_writer(part) for part in self._parts]

    def format(self, microseconds: int) -> str:
        moment = timestamp(microseconds)
        return "".join([write(moment) for write in self._writers])

    def parse(self, text: str) -> int:
        """DataError when the text does not begin as the pattern says."""
        found = Reader(text).read(self._parts)
        if found is None:
            raise DataError(f"a text that does not match the pattern {self._pattern}")
        return found


def _writer(part: Part) -> Writer:
    letter, length = part.letter, part.length
    if part.text:
        return lambda _: part.text
    if letter in WORDS:
        return lambda moment: _word(moment, letter, length)
    if letter in "ML" and length >= 3:
        return lambda moment: _name(MONTHS, moment.month - 1, length)
    if letter == "y" and length == 2:
        return lambda moment: f"{moment.year % 100:02}"
    number = NUMBERS[letter]
    return lambda moment: str(number(moment)).zfill(length)


def _word(moment: datetime, letter: str, length: int) -> str:
    if letter == "E":
        return _name(DAYS, moment.weekday(), length)
    zone = "Coordinated Universal Time" if length >= 4 else "UTC"
    return {"G": "AD", "a": AM_PM[moment.hour // 12], "z": zone, "Z": "+0000", "X": "Z"}[letter]


def _name(names: Sequence[str], index: int, length: int) -> str:
    return names[index] if length >= 4 else names[index][:3]
