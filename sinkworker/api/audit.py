"""What a sink holds at one moment, for whoever compares it with its offsets and with Kafka's log.

Owns the values of that comparison's sink side. Must not know any sink, nor what is right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from sinkworker.api.ledger import LedgerEntry
from sinkworker.api.offsets import StoredOffset
from sinkworker.api.record import SinkRecord, TopicPartition


class Coordinates(NamedTuple):
    """The fields in which records say where they were read. topic: None where none says it."""

    topic: str | None
    partition: str
    offset: str


class Counted(NamedTuple):
    """What became of all offsets that a partition ever passed, as its store counts them."""

    records: int
    errant: int
    filtered: int
    gaps: int


KeyOf: TypeAlias = Callable[[TopicPartition, SinkRecord], tuple[Hashable, bool] | None]
"""A record → the key of its row, and whether it removes that row; None: it has no row. Raises DataError
where it cannot tell."""


@dataclass(frozen=True)
class Holding:
    """What one place holds: a table, or the files of a partition.

    place: as people name it. sources: the partitions whose records it takes. rows: how many there are.
    offsets: of each source's rows, ascending, one for each row; None where rows do not say it.
    merges: a row stands for all records of its key. key_of: which row that is, where it can be told.
    flaws: what is wrong with it, whatever the log holds.
    """

    place: str
    sources: Collection[TopicPartition]
    rows: int
    offsets: Mapping[TopicPartition, Sequence[int]] | None = None
    merges: bool = False
    key_of: KeyOf | None = None
    flaws: Sequence[str] = ()


@dataclass(frozen=True)
class Audit:
    """A sink at one moment. ledger: every step that it remembers, oldest first."""

    stored: Mapping[TopicPartition, StoredOffset]
    counted: Mapping[TopicPartition, Counted]
    ledger: Sequence[LedgerEntry]
    holdings: Sequence[Holding]
