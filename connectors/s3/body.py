"""A finished file's bytes, to be read, sought and closed like any file.

Owns giving back memory and disk when it is closed. Must not know what the bytes are.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from typing import BinaryIO

from connectors.s3.budget import Budget
from connectors.s3.spill import Chunks

BUFFER = 1 << 14


def body(chunks: Chunks, budget: Budget) -> BinaryIO:
    """Takes the chunks over, and the memory that is already charged for them."""
    return io.BufferedReader(_Body(chunks, budget), BUFFER)


class _Body(io.RawIOBase):
    def __init__(self, chunks: Chunks, budget: Budget) -> None:
        self._chunks, self._budget = chunks, budget
        self._starts, self._size, self._at = chunks.starts(), chunks.size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        index = bisect_right(self._starts, self._at) - 1
        data = self._chunks.read(index, self._at - self._starts[index], len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._budget.charge(-self._chunks.in_memory)
            self._chunks.clear()
        super().close()
