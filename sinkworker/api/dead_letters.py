"""Dead letters as an operator sees them, where a sink stores them itself.

Owns what can be done to them. Must not know how any sink stores them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sinkworker.api.errors import ConnectError
from sinkworker.api.offsets import ErrantRecord, Stage
from sinkworker.api.record import Header, SinkRecord, TopicPartition


class DeadLetter(NamedTuple):
    """A record as it was read, and why it could not be written. exception: its class's name."""

    source: TopicPartition
    offset: int
    stage: Stage
    exception: str
    message: str
    failed_at: str
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


class DeadLetterStore(ABC):
    """One connector's dead letters. Raises RetriableError and ConnectError as an OffsetStore does."""

    @abstractmethod
    def read(self) -> Iterator[DeadLetter]:
        """All of them, by topic, partition and offset. They may be dropped and replayed meanwhile."""

    def drop(self, letters: Collection[DeadLetter]) -> int:
        """Remove them; how many of them were still there."""
        raise ConnectError("The dead letters of this sink cannot be removed")

    def replay(
        self,
        letters: Collection[DeadLetter],
        records: Mapping[TopicPartition, Sequence[SinkRecord]],
        errant: Sequence[ErrantRecord],
    ) -> Collection[ErrantRecord]:
        """Write what became of these letters and remove them, in one step.

        records: what could be converted and transformed. errant: what could not: these stay, with
        their new errors, as do records that cannot be written. Returns all that stay.
        """
        raise ConnectError("The dead letters of this sink cannot be replayed")

    def close(self) -> None:  # noqa: B027  some hold nothing open
        """Let go of connections. Called once, last."""
