"""The files of a stopped broker's partition: where each batch stands, cutting some off, damaging one.

Owns the layout of a log segment, as far as a test that breaks one needs it. Must not know brokers.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

HEADER = struct.Struct("!qiiBIhi")
"""Base offset, length, leader epoch, magic, CRC, attributes, last offset's distance from the base."""
BEFORE_LENGTH = 12


class Batch(NamedTuple):
    """base, last: offsets. at, size: bytes of the file."""

    file: Path
    base: int
    last: int
    at: int
    size: int


def batches(partition: Path) -> list[Batch]:
    """All of a partition's folder, in order."""
    found = []
    for file in sorted(partition.glob("*.log")):
        data, at = file.read_bytes(), 0
        while at + HEADER.size <= len(data):
            base, length, *_, distance = HEADER.unpack_from(data, at)
            if not length:
                break  # the rest is allocated, and empty
            size = BEFORE_LENGTH + length
            found.append(Batch(file, base, base + distance, at, size))
            at += size
    return found


def active_base(partition: Path) -> int:
    """The first offset of the segment that is being written, which is never compacted."""
    return max(int(file.stem) for file in partition.glob("*.log"))


def cut(partition: Path, offset: int) -> int:
    """Take off the batch that holds this offset, and all after it. Where the log now ends."""
    batch = _holding(partition, offset)
    assert batch.file.stem == f"{active_base(partition):020d}", "it is in an older segment"
    with batch.file.open("r+b") as file:
        file.truncate(batch.at)
    return batch.base


def damage(partition: Path, offset: int) -> Batch:
    """Turn a bit of the batch that holds this offset; it can be read all the same, but for its CRC."""
    batch = _holding(partition, offset)
    within_the_last_value = batch.at + batch.size - 10
    with batch.file.open("r+b") as file:
        file.seek(within_the_last_value)
        (byte,) = file.read(1)
        file.seek(within_the_last_value)
        file.write(bytes([byte ^ 1]))
    return batch


def _holding(partition: Path, offset: int) -> Batch:
    return next(batch for batch in batches(partition) if batch.base <= offset <= batch.last)
