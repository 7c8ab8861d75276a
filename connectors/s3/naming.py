"""Keys of data files: made from a template, and recognized again.

Owns that no two writers ever make the same key, and that a connector knows its own files by their
names. Pure.
"""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

from sinkworker.api import TopicPartition

# Neither topics nor connectors have a + in their names, so what stands between two is one of them.
DELIMITER = "+"
DEFAULT_TEMPLATE = "{{connector}}+{{topic}}+{{partition}}+{{start_offset}}"
PLACEHOLDERS = ("{{connector}}", "{{topic}}", "{{partition}}", "{{start_offset}}")
SUFFIX = re.compile(r"(.*?)\.e(\d+)\.[0-9a-f]{8}(?:\.[^/]*)?")


def checked_template(text: str) -> str:
    """ValueError when a connector could not tell its files from others' by it."""
    pieces = text.split(DELIMITER)
    rest = "".join(piece for piece in pieces if piece not in PLACEHOLDERS)
    if any(pieces.count(each) != 1 for each in PLACEHOLDERS) or "{{" in rest or "/" in rest:
        raise ValueError(f"Expected {', '.join(PLACEHOLDERS)}, once each, divided by {DELIMITER}")
    return text


class Named(NamedTuple):
    """What the name of a data file says: where its records were read, and by which claim."""

    source: TopicPartition
    first: int
    epoch: int


class FileNames:
    """The keys of one connector's data files."""

    def __init__(self, topics_dir: str, template: str, connector: str) -> None:
        self.folder = f"{topics_dir}/"
        self._pieces, self._connector = template.split(DELIMITER), connector

    def key(
        self, place: str, source: TopicPartition, first: int, epoch: int, extension: str
    ) -> str:
        """A new key at each call. place: folders, as <topic>/<path>. extension: with its dot."""
        values = (self._connector, source.topic, str(source.partition), f"{first:020d}")
        filled = dict(zip(PLACEHOLDERS, values, strict=True))
        name = DELIMITER.join(filled.get(piece, piece) for piece in self._pieces)
        return f"{self.folder}{place}/{name}.e{epoch}.{secrets.token_hex(4)}{extension}"

    def named(self, key: str) -> Named | None:
        """None when it is not the name of a file of this connector."""
        pieces = key.rpartition("/")[2].split(DELIMITER)
        found = SUFFIX.fullmatch(pieces[-1])
        if found is None or len(pieces) != len(self._pieces):
            return None
        pieces[-1] = found[1]
        values = dict(zip(self._pieces, pieces, strict=True))
        connector, topic, partition, first = (values[each] for each in PLACEHOLDERS)
        if connector != self._connector or any(
            values[piece] != piece for piece in values if piece not in PLACEHOLDERS
        ):
            return None
        if not partition.isdecimal() or not first.isdecimal():
            return None
        return Named(TopicPartition(topic, int(partition)), int(first), int(found[2]))
