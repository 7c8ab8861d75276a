"""`path.format`: a pattern in Joda's letters → a moment's path.

Owns the letters: https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html.
Names of months and days are English. Must not know time zones' rules or records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

Part: TypeAlias = Callable[[datetime], str]

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TOKENS = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z']+)")
SAMPLE = datetime(2026, 11, 21, 13, 45, tzinfo=UTC)


class PathFormat:
    """One pattern, read once."""

    def __init__(self, pattern: str) -> None:
        """ValueError when the pattern cannot be read, or is no path."""
        self._parts = list(_parts(pattern.strip("/")))
        self.has_names = bool(re.search("MMM|E|a|G", re.sub("'[^']*'", "", pattern)))
        _check(self(SAMPLE))

    def __call__(self, moment: datetime) -> str:
        return "".join([part(moment) for part in self._parts])


def _check(path: str) -> None:
    segments = path.split("/")
    if not path or any(segment in ("", ".", "..") for segment in segments):
        raise ValueError("Expected folders divided by single slashes")
    if any(ord(character) < 0x20 or character == "\\" for character in path):
        raise ValueError("Expected no control characters and no backslashes")


def _parts(pattern: str) -> Iterator[Part]:
    at = 0
    while at < len(pattern):
        token = TOKENS.match(pattern, at)
        if token is None:
            raise ValueError("Expected a closing quote")
        quoted, letters, _, text = token.groups()
        if letters is not None:
            yield _field(letters[0], len(letters))
        else:
            yield _literal(_unquoted(quoted) if quoted is not None else text)
        at = token.end()


def _unquoted(quoted: str) -> str:
    """Two quotes stand for one, also when nothing is between them."""
    return quoted.replace("''", "'") if quoted else "'"


def _literal(text: str) -> Part:
    return lambda _: text


def _field(letter: str, count: int) -> Part:
    if letter in NUMBERS and not (letter == "M" and count > 2):
        number = NUMBERS[letter]
        if letter in "yYx" and count == 2:
            return lambda moment: f"{number(moment) % 100:02d}"
        return lambda moment: f"{number(moment):0{count}d}"
    if letter in TEXTS:
        return TEXTS[letter](count)
    raise ValueError(f"Expected Joda's letters, and quotes around other text; {letter} is none")


NUMBERS: Mapping[str, Callable[[datetime], int]] = {
    "C": lambda moment: moment.year // 100,
    "y": lambda moment: moment.year,
    "Y": lambda moment: moment.year,
    "x": lambda moment: moment.isocalendar().year,
    "w": lambda moment: moment.isocalendar().week,
    "e": lambda moment: moment.isoweekday(),
    "D": lambda moment: moment.timetuple().tm_yday,
    "M": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "K": lambda moment: moment.hour % 12,
    "h": lambda moment: (moment.hour - 1) % 12 + 1,
    "H": lambda moment: moment.hour,
    "k": lambda moment: moment.hour or 24,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
}


def _month(count: int) -> Part:
    return lambda moment: MONTHS[moment.month - 1][: 3 if count == 3 else None]


def _day(count: int) -> Part:
    return lambda moment: DAYS[moment.weekday()][: None if count > 3 else 3]


def _halfday(moment: datetime) -> str:
    return "AM" if moment.hour < 12 else "PM"


def _fraction(count: int) -> Part:
    return lambda moment: f"{moment.microsecond:06d}".ljust(count, "0")[:count]


def _offset(count: int) -> Part:
    if count > 2:
        return lambda moment: str(moment.tzinfo)
    colon = ":" if count == 2 else ""

    def offset(moment: datetime) -> str:
        text = f"{moment:%z}"
        return f"{text[:3]}{colon}{text[3:5]}"

    return offset


def _zone_name(count: int) -> Part:
    if count > 3:
        raise ValueError("Expected z for a zone's short name, or ZZZ for its id; zzzz is unknown")
    return lambda moment: f"{moment:%Z}"


TEXTS: Mapping[str, Callable[[int], Part]] = {
    "G": lambda _: _literal("AD"),
    "M": _month,
    "E": _day,
    "a": lambda _: _halfday,
    "S": _fraction,
    "Z": _offset,
    "z": _zone_name,
}
