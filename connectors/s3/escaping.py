"""A field's value as one segment of a path: whatever it is, it stays below its own folder.

Owns the escapes: `%XX` as Hive's, DuckDB's and Spark's partitioned tables read them. Must not know
records.
"""

from __future__ import annotations

import hashlib
import re

# Hive's name for a value that is null or empty.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
LONGEST = 200
# Hive's list, and what XML or UTF-8 cannot hold: a store could not list it.
UNSAFE = re.compile("[\x00-\x1f\"#%'*/:=?\\\\\x7f-\x9f{}\\[\\]^\ud800-\udfff\ufffe\uffff]")
DOTS = re.compile(r"\.+")


def escaped(text: str, longest: int = LONGEST) -> str:
    """At most so many bytes: of a longer one, its beginning and a hash of the whole."""
    if not text:
        return NO_VALUE
    safe = UNSAFE.sub(_escape, text)
    if len(safe.encode()) > longest:
        return _shortened(text, longest)
    if text == NO_VALUE or DOTS.fullmatch(text):
        return _percent(text[0]) + text[1:]
    return safe


def _escape(match: re.Match[str]) -> str:
    return _percent(match[0])


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _shortened(text: str, longest: int) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    room, start = longest - len(digest) - 1, ""
    for character in text[:room]:
        piece = UNSAFE.sub(_escape, character)
        room -= len(piece.encode())
        if room < 0:
            break
        start += piece
    return f"{start}~{digest}"
