"""Texts → moments, by the parts of a pattern of Java's SimpleDateFormat.

Owns what each letter reads, and Java's lenient sum of it: 32 January is 1 February, and what follows
the end of the pattern does not count. Must not know how patterns are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sinkworker.transforms.date_pattern import AM_PM, DAYS, MONTHS, Part

BLANKS = re.compile(r"[ \t]*")
NUMBER = re.compile(r"-?[0-9]+")
ZONES = re.compile(
    r"(?:UTC|GMT|UT|Z)(?![+-])|(?:GMT)?(?P<sign>[+-])(?P<hours>\d\d?):?(?P<minutes>\d\d)?"
)
CENTURY_BEGINS_YEARS_AGO = 80
SECOND = 1_000_000


class Reader:
    """One text being read, from its beginning."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._fields: dict[str, int] = {}

    def read(self, parts: Sequence[Part]) -> int | None:
        """Microseconds since 1970; None where the text does not match, or no calendar has the year."""
        for part, following in zip(parts, [*parts[1:], None], strict=True):
            is_read = self._literal(part.text) if part.text else self._field(part, following)
            if not is_read:
                return None
        try:
            return _sum(self._fields)
        except (OverflowError, ValueError):
            return None

    def _literal(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text)
        return found

    def _field(self, part: Part, following: Part | None) -> bool:
        blanks = BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at
        if part.letter in "zZX":
            return self._zone()
        if part.is_word():
            return self._word(part.letter)
        is_abutting = following is not None and not following.text and not following.is_word()
        return self._number(part.letter, part.length, exactly=is_abutting)

    def _zone(self) -> bool:
        found = ZONES.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        minutes = int(found["hours"] or 0) * 60 + int(found["minutes"] or 0)
        self._fields["Z"] = -minutes if found["sign"] == "-" else minutes
        return True

    def _word(self, letter: str) -> bool:
        """Long names and short ones, in capitals or not."""
        names = {"G": ("BC", "AD"), "a": AM_PM, "E": DAYS}.get(letter, MONTHS)
        rest = self._text[self._at :].lower()
        for index, name in enumerate(names):
            for each in (name.lower(), name[:3].lower()):
                if rest.startswith(each):
                    self._at += len(each)
                    self._fields["M" if letter in "ML" else letter] = index + (letter in "ML")
                    return True
        return False

    def _number(self, letter: str, count: int, *, exactly: bool) -> bool:
        end = self._at + count if exactly else len(self._text)
        found = NUMBER.match(self._text, self._at, end)
        if found is None or end > len(self._text):
            return False
        self._at = found.end()
        number = int(found[0])
        is_short_year = letter == "y" and count <= 2 and re.fullmatch(r"\d\d", found[0])
        self._fields["M" if letter == "L" else letter] = _full(number) if is_short_year else number
        return True


def _full(year: int) -> int:
    """A year of two digits: within the hundred years that began eighty years ago."""
    first = datetime.now(UTC).year - CENTURY_BEGINS_YEARS_AGO
    return first + (year - first) % 100


def _sum(fields: dict[str, int]) -> int:
    year, month = fields.get("y", 1970), fields.get("M", 1) - 1
    if fields.get("G") == 0:
        year = 1 - year
    days, is_by_year = fields.get("d", 1), "D" in fields and "d" not in fields
    if is_by_year:
        month, days = 0, fields["D"]
    first = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    since = first - datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days - 1)
    seconds = _hours(fields) * 3600 + (fields.get("m", 0) - fields.get("Z", 0)) * 60
    seconds += fields.get("s", 0)
    return (since.days * 86400 + seconds) * SECOND + fields.get("S", 0) * 1000


def _hours(fields: dict[str, int]) -> int:
    """Of 24 or of 12; k counts from 1 to 24 and h from 1 to 12."""
    for letter, beyond in (("H", None), ("k", 24)):
        if letter in fields:
            return 0 if fields[letter] == beyond else fields[letter]
    half = 12 * fields.get("a", 0)
    for letter, beyond in (("K", None), ("h", 12)):
        if letter in fields:
            return half + (0 if fields[letter] == beyond else fields[letter])
    return half
