"""Patterns of Java's SimpleDateFormat, split into their parts, and the English words of dates.

Owns which letters there are. Weeks (Y, w, W, F) are refused: their numbers depend on the country that
Java believes to be in. Must not know moments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AM_PM = ("AM", "PM")
TOKEN = re.compile(
    r"'(?P<quoted>(?:[^']|'')*)'|(?P<letter>[A-Za-z])(?P=letter)*|(?P<text>[^A-Za-z']+)"
)
WORDS = "GaEzZX"
LETTERS = "GyuMLdDEaHkKhmsSzZX"


class Part(NamedTuple):
    """A run of one letter, or text that stands for itself (then letter is empty)."""

    letter: str
    length: int
    text: str

    def is_word(self) -> bool:
        """Whether it is read and written in letters."""
        return self.letter in WORDS or (self.letter in "ML" and self.length >= 3)


def parts_of(pattern: str) -> Iterator[Part]:
    position = 0
    while position < len(pattern):
        token = TOKEN.match(pattern, position)
        if token is None:
            raise ValueError("Unterminated quote")
        quoted, letter, text = token.group("quoted", "letter", "text")
        if letter and letter not in LETTERS:
            raise ValueError(_why_not(letter))
        if letter:
            yield Part(letter, len(token[0]), "")
        else:
            yield Part("", 0, text or quoted.replace("''", "'") or "'")
        position = token.end()


def _why_not(letter: str) -> str:
    if letter == "Y":
        return "Y is the year of the week, which depends on the country; y is the year"
    weeks = "the number of a week depends on the country; leave it out"
    return weeks if letter in "wWF" else f"Illegal pattern character '{letter}'"
