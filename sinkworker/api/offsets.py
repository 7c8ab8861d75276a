"""Offsets as sinks store them: claims, advances and the store itself.

An offset is always the *next* offset to read. Must not know how any sink stores it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, NamedTuple

from sinkworker.api.ledger import LedgerEntry
from sinkworker.api.record import Header, TopicPartition


class Offset(NamedTuple):
    """Where to read on, and of which log.

    next: the next offset to read.
    leader_epoch: that of the record before `next`; lets Kafka notice a truncated log (KIP-320).
    topic_id, cluster_id: None where the broker gives none; unknown equals anything.
    """

    next: int
    leader_epoch: int | None = None
    topic_id: str | None = None
    cluster_id: str | None = None

    def is_of_same_log(self, other: Offset | StoredOffset) -> bool:
        """Whether topic and cluster ids are equal, or unknown on either side."""
        return _may_be_equal(self.topic_id, other.topic_id) and _may_be_equal(
            self.cluster_id, other.cluster_id
        )


def _may_be_equal(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


class Claim(NamedTuple):
    """One partition is now this task's: where to resume, and the epoch that flushes must carry."""

    resume: Offset
    epoch: int


class StoredOffset(NamedTuple):
    """What a store holds for one partition.

    next: None after a reset: the start is decided anew at the next claim.
    epoch: raised by every claim and every alteration; 0 means seeded and never claimed.
    owner: who claimed last; None when an operator's alteration came after.
    """

    next: int | None
    leader_epoch: int | None
    topic_id: str | None
    cluster_id: str | None
    epoch: int
    owner: str | None


def next_claim(stored: StoredOffset | None, start: Offset) -> Claim | None:
    """What a task's `open` answers for one partition, in a store that is not SQL.

    None when the stored offset belongs to another topic or cluster: nothing is to be changed then.
    """
    if stored is None:
        return Claim(start, 1)
    if not start.is_of_same_log(stored):
        return None
    if stored.next is None:
        return Claim(start, stored.epoch + 1)
    topic_id, cluster_id = stored.topic_id or start.topic_id, stored.cluster_id or start.cluster_id
    resume = Offset(stored.next, stored.leader_epoch, topic_id, cluster_id)
    return Claim(resume, stored.epoch + 1)


class Alteration(NamedTuple):
    """An operator's or the worker's change of a stored offset.

    to: the new offset, or None to reset it (the ids are forgotten too).
    epoch: alter only while the store holds this epoch; None alters whatever it holds.
    """

    to: Offset | None
    epoch: int | None = None


class Stage(Enum):
    """Where a record failed; the names are Kafka Connect's."""

    KEY_CONVERTER = "KEY_CONVERTER"
    VALUE_CONVERTER = "VALUE_CONVERTER"
    HEADER_CONVERTER = "HEADER_CONVERTER"
    TRANSFORMATION = "TRANSFORMATION"
    TASK_PUT = "TASK_PUT"


class ErrantRecord(NamedTuple):
    """A failed record with its original bytes, as it was read.

    executing_class: of the converter, transform or task that failed. Of a record that a task reported
    the bytes are there only if somebody wants them: `SinkConnector.stores_dead_letters`.
    """

    source: TopicPartition
    offset: int
    stage: Stage
    error: Exception
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
    executing_class: str = ""


@dataclass(frozen=True, slots=True)
class Advance:
    """What one flush does to one partition: from `expected` to `to`.

    A flush is refused unless the store still holds exactly (`epoch`, `expected`).
    `records + filtered + len(errant) + gaps` is the distance: gaps are offsets that hold no record
    (transaction markers, aborted and compacted records).
    errant: what could not be converted or transformed, and what the task reported from `put`; not
    what it reports while it flushes, which is counted under records.
    """

    epoch: int
    expected: int
    to: Offset
    records: int
    filtered: int = 0
    gaps: int = 0
    errant: Sequence[ErrantRecord] = ()


class OffsetStore(ABC):
    """A connector's stored offsets, outside any flush.

    The engine calls its own instance from the task's thread: at a topic's first claim and every few
    seconds. The command line and REST call theirs. Every method may raise RetriableError (the store
    is unreachable; the caller tries again) or ConnectError (it answers, and cannot be used).

    alters_seen_within_ms: how often the engine reads, to see what an operator changed. A flush notices
    it anyway; so where a read costs money, this may be longer.
    """

    alters_seen_within_ms: ClassVar[int] = 5_000

    @abstractmethod
    def read(self) -> Mapping[TopicPartition, StoredOffset]:
        """Everything stored for this connector; empty when nothing ever was."""

    @abstractmethod
    def seed(self, starts: Mapping[TopicPartition, Offset]) -> None:
        """Store these offsets with epoch 0 and no owner; leave partitions that have one alone."""

    @abstractmethod
    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> Collection[TopicPartition]:
        """Change stored offsets, raise their epochs and forget their owners, all at once.

        Returns the partitions that were changed: not those whose epoch was no longer the expected
        one. Rows are never deleted, or epochs would start again.
        """

    def ledger(self, limit: int) -> Sequence[LedgerEntry]:
        """The newest steps of all partitions, newest first; empty where a sink keeps no ledger."""
        return ()

    def close(self) -> None:  # noqa: B027  most stores hold nothing open
        """Let go of connections. Called once, last."""
