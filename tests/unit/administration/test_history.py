"""Which steps of a ledger are shown, and how."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sinkworker.administration.history import steps
from sinkworker.api import (
    Alteration,
    LedgerEntry,
    Offset,
    OffsetStore,
    StoredOffset,
    TopicPartition,
)
from sinkworker.rest.port import LedgerQuestion

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)


class Kept(OffsetStore):
    """A store that has only a ledger, and counts what it is asked for."""

    def __init__(self, *entries: LedgerEntry) -> None:
        self._entries, self.asked = entries, list[int]()

    def read(self) -> Mapping[TopicPartition, StoredOffset]:
        return {}

    def seed(self, starts: Mapping[TopicPartition, Offset]) -> None:
        raise NotImplementedError

    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> Collection[TopicPartition]:
        raise NotImplementedError

    def ledger(self, limit: int) -> Sequence[LedgerEntry]:
        self.asked.append(limit)
        return self._entries[::-1][:limit]


def commit(source: TopicPartition, at: int) -> LedgerEntry:
    return LedgerEntry(source, "commit", 1, at, at + 1, 1, 0, 0, 0, "me", None, at)


def test_the_newest_come_last() -> None:
    store = Kept(*(commit(P0, at) for at in range(5)))
    assert [step.at_ms for step in steps(store, LedgerQuestion(2))] == [3, 4]
    assert store.asked == [2]


def test_a_partition_that_moved_long_ago_is_looked_for_behind_the_others() -> None:
    store = Kept(commit(P1, 0), commit(P1, 1), *(commit(P0, at) for at in range(2, 50)))
    found = steps(store, LedgerQuestion(2, frozenset({P1})))
    assert [step.at_ms for step in found] == [0, 1]
    assert store.asked == [2, 8, 32, 128]


def test_nothing_before_the_time_is_looked_at() -> None:
    store = Kept(*(commit(P0, at) for at in range(1000)))
    found = steps(store, LedgerQuestion(10, since_ms=997))
    assert [step.at_ms for step in found] == [997, 998, 999]
    assert store.asked == [10]
