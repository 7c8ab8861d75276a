"""Bytes that wait, in memory or on disk, and the file-like object that reads them back.

Owns a partition's temporary file: nameless, so that a killed process leaves nothing behind. Must not
know what the bytes are.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import TypeAlias

PIECE = 1 << 20


class Spill:
    """One temporary file for many writers, so that many open files need few file descriptors.

    It only grows. It is gone when the last who holds it lets go.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  closed by let_go
        self._end, self._holders = 0, 1

    def hold(self) -> Spill:
        self._holders += 1
        return self

    def let_go(self) -> None:
        self._holders -= 1
        if not self._holders:
            self._file.close()

    def append(self, chunks: list[bytes]) -> range:
        """Where the chunks now are. OSError when the disk is full; nothing has changed then."""
        start = at = self._end
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                written = os.pwrite(self._file.fileno(), view, at)
                view, at = view[written:], at + written
        self._end = at
        return range(start, at)

    def read(self, start: int, length: int) -> bytes:
        return os.pread(self._file.fileno(), length, start)


Chunk: TypeAlias = bytes | range  # in memory, or where in the spill


class Chunks:
    """Bytes in order, of which the older ones may have been moved to disk."""

    def __init__(self) -> None:
        self._chunks: list[Chunk] = []
        self._spill: Spill | None = None
        self.size = self.in_memory = 0

    def append(self, data: bytes) -> None:
        if data:
            self._chunks.append(data)
            self.size += len(data)
            self.in_memory += len(data)

    def move_to(self, spill: Spill) -> None:
        """Move to disk what is in memory: all of it is behind what was moved before."""
        waiting = [chunk for chunk in self._chunks if isinstance(chunk, bytes)]
        if not waiting:
            return
        where = spill.append(waiting)
        self._spill = self._spill or spill.hold()
        self._chunks[-len(waiting) :] = [where]
        self.in_memory = 0

    def take(self) -> Iterator[bytes]:
        """All bytes, in order; nothing is left afterwards."""
        chunks, self._chunks = self._chunks, []
        self.size = self.in_memory = 0
        try:
            for chunk in chunks:
                if isinstance(chunk, bytes):
                    yield chunk
                else:
                    yield from self._pieces(chunk)
        finally:
            self.clear()

    def _pieces(self, chunk: range) -> Iterator[bytes]:
        assert self._spill is not None
        for start in chunk[::PIECE]:
            yield self._spill.read(start, min(PIECE, chunk.stop - start))

    def read(self, index: int, skip: int, length: int) -> bytes:
        """Up to so many bytes of one chunk; none behind the last chunk."""
        chunk = self._chunks[index]
        if isinstance(chunk, bytes):
            return chunk[skip : skip + length]
        assert self._spill is not None
        return self._spill.read(chunk.start + skip, min(length, len(chunk) - skip))

    def starts(self) -> list[int]:
        """At which byte each chunk begins."""
        starts, at = [], 0
        for chunk in self._chunks:
            starts.append(at)
            at += len(chunk)
        return starts

    def clear(self) -> None:
        self._chunks = []
        self.size = self.in_memory = 0
        if self._spill is not None:
            self._spill.let_go()
            self._spill = None
