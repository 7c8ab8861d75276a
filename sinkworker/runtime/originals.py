"""The pending records of one partition, as they were read.

Owns finding one by its offset, and its number among all that were read since the partition was
opened. Must not know why somebody wants it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from sinkworker.runtime.ports import RawRecord

_offset = attrgetter("offset")


class Original(NamedTuple):
    """number: from 0, among the records of its partition since that was opened."""

    number: int
    record: RawRecord


@dataclass(slots=True)
class Originals:
    """Batches, in order. passed: how many records are forgotten; they still count."""

    passed: int = 0
    _batches: list[Sequence[RawRecord]] = field(default_factory=list)

    def add(self, batch: Sequence[RawRecord]) -> None:
        if batch:
            self._batches.append(batch)

    def find(self, offset: int) -> Original | None:
        """None when it is not among those that are pending."""
        number = self.passed
        for batch in self._batches:
            if offset <= batch[-1].offset:
                index = bisect_left(batch, offset, key=_offset)
                found = batch[index]
                return Original(number + index, found) if found.offset == offset else None
            number += len(batch)
        return None

    def at(self, number: int) -> RawRecord:
        """The record with this number, or the first one that is pending if that is later."""
        index = max(0, number - self.passed)
        for batch in self._batches:
            if index < len(batch):
                return batch[index]
            index -= len(batch)
        raise IndexError(number)

    def forget(self) -> None:
        self.passed += sum(map(len, self._batches))
        self._batches = []
