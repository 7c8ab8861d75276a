"""Writing a range of the log once more, in one step, while stored offsets stay.

Owns the contract between whoever reads the range again and a sink. Must not know either.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sinkworker.api.offsets import ErrantRecord
from sinkworker.api.record import SinkRecord, TopicPartition


class Rewritten(NamedTuple):
    """What became of one partition's offsets from start to, not including, end. Others were gaps."""

    start: int
    end: int
    records: int
    errant: int
    filtered: int


class Rewriter(ABC):
    """One operator's transaction. Every method may raise RetriableError or ConnectError; then, or when
    it is closed before `commit`, nothing has happened. Calls come from one thread, in this order.

    reads_on: whether the records after a range, up to the stored offset, must be written again too:
    they may have changed the same rows.
    """

    reads_on: bool = True

    @abstractmethod
    def begin(self, sources: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Hold these partitions: until the end nobody moves their offsets. Returns the stored ones."""

    def clear(self, source: TopicPartition, start: int, end: int) -> None:  # noqa: B027
        """Remove what was written of these offsets, where it was asked for."""

    @abstractmethod
    def write(
        self,
        source: TopicPartition,
        records: Sequence[SinkRecord],
        errant: Sequence[ErrantRecord],
    ) -> Collection[ErrantRecord]:
        """Write records of one partition, in order; those that its context tolerated are returned.

        errant: records between them that failed before; dead letters, for a sink that stores them.
        """

    @abstractmethod
    def commit(self, rewritten: Mapping[TopicPartition, Rewritten]) -> None:
        """Note it in the ledger, and make all of it visible in one step."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything. Called once, last."""
