"""One file that is being written: encode, compress, count.

Owns the order of its bytes, from records to a finished body. Must not know which records belong to it
or when it is due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from connectors.s3.body import body
from connectors.s3.budget import Budget
from connectors.s3.compression import Compression, Compressor
from connectors.s3.formats.format import Encoder
from connectors.s3.spill import Chunks, Spill
from sinkworker.api import DataError, SinkRecord

OVERHEAD = 2048
WORTH_MOVING = 4096

Reject = Callable[[SinkRecord, DataError], object]


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """One finished data file, not yet uploaded.

    topic: the records' topic, which a transform may have renamed. path: the partitioner's, below
    it. first, last: source offsets. bytes, sha256: of the body, which is positioned at 0; closing
    it frees its memory or disk.
    """

    topic: str
    path: str
    extension: str
    first: int
    last: int
    count: int
    bytes: int
    sha256: str
    body: BinaryIO


class OpenFile:
    """The bytes of one file so far: encoded, and as many of them as make sense compressed."""

    def __init__(self, encoder: Encoder, compression: Compression, budget: Budget) -> None:
        self._encoder, self._compression, self._budget = encoder, compression, budget
        self._compressor: Compressor | None = None
        self._encoded, self._body, self._hash = Chunks(), Chunks(), hashlib.sha256()
        self._charged = 0
        self.first = self.last = -1
        self.count = 0

    @property
    def size(self) -> int:
        """About how large it is so far."""
        return self._encoded.size + self._body.size

    def write(self, records: Sequence[SinkRecord], reject: Reject) -> None:
        """Take records, in order, but not those that are rejected."""
        self._encode(records, reject)
        if self._encoded.size >= self._compression.worth:
            self._compress_if_affordable()
        self._count_memory()

    def _encode(self, records: Sequence[SinkRecord], reject: Reject) -> None:
        """A batch with a bad record is encoded by halves, so that the good ones stay together."""
        try:
            self._encoded.append(self._encoder.encode(records))
        except DataError as error:
            if len(records) == 1:
                reject(records[0], error)
                return
            middle = len(records) // 2
            self._encode(records[:middle], reject)
            self._encode(records[middle:], reject)
        else:
            self.first = records[0].offset if self.first < 0 else self.first
            self.last = records[-1].offset
            self.count += len(records)

    def _compress_if_affordable(self) -> None:
        """A compressor needs memory. Where there is none, lines wait, perhaps on disk."""
        if self._compressor is None and not self._budget.is_tight(self._compression.memory):
            self._compressor = self._compression.start()
        if self._compressor is not None:
            self._compress(self._compressor)

    def _compress(self, compressor: Compressor) -> None:
        for data in compressor.compress(self._encoded.take()):
            self._say(data)

    def _say(self, data: bytes) -> None:
        self._hash.update(data)
        self._body.append(data)

    def _count_memory(self) -> None:
        compressor = self._compression.memory if self._compressor is not None else 0
        self._charge(self._encoded.in_memory + self._body.in_memory + compressor + OVERHEAD)

    def _charge(self, memory: int) -> None:
        self._budget.charge(memory - self._charged)
        self._charged = memory

    def spill(self, spill: Spill) -> None:
        """Move to disk what is worth it. OSError when the disk is full."""
        for chunks in (self._encoded, self._body):
            if chunks.in_memory >= WORTH_MOVING:
                chunks.move_to(spill)
        self._count_memory()

    def seal(self) -> None:
        """Compress what still waits. Only `spill` and `finish` may follow."""
        compressor = self._compressor or self._compression.start()
        self._compressor = None
        self._compress(compressor)
        self._say(compressor.flush())
        self._count_memory()

    def finish(self, topic: str, path: str, extension: str) -> EncodedFile:
        """The sealed file. From now on its body owes the memory."""
        self._charge(self._body.in_memory)
        return EncodedFile(
            topic, path, extension, self.first, self.last, self.count,
            self._body.size, self._hash.hexdigest(), body(self._body, self._budget),
        )  # fmt: skip

    def discard(self) -> None:
        self._encoded.clear()
        self._body.clear()
        self._charge(0)
