"""Whatever happens to partitions: the book is right, and the store gets each offset once.

The model is a store that survives, and per partition the deliveries that it does not hold yet.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sinkworker.api import Claim, ErrantRecord, Offset, Stage, TopicPartition
from sinkworker.runtime.assignment import Advance, Assignment, Barrier, Delivery, Pending, State
from tests.unit.runtime.builders import P0, P1

PARTITIONS = st.sampled_from([P0, P1])
COUNTS = st.integers(0, 3)
ERROR = ValueError("bad")


@dataclass
class Stored:
    """What the sink holds. accounted: offsets that advances accounted for, from `base` on."""

    next: int = 0
    epoch: int = 0
    base: int = 0
    accounted: int = 0


@dataclass
class Held:
    """What is known of a partition that is assigned. since: when the first delivery came."""

    state: State = State.CLAIMING
    position: int = 0
    barrier: int | None = None
    since: int | None = None
    deliveries: list[Delivery] = field(default_factory=list)

    def forget(self) -> None:
        self.deliveries, self.since = [], None

    def total(self, count: str) -> int:
        return sum(getattr(each, count) for each in self.deliveries)


class Commit(Enum):
    """What became of a flush. LANDED: it is stored, but the worker does not know, and opens again."""

    DONE = "done"
    LANDED = "landed"
    LOST = "lost"


def _errant(source: TopicPartition, offset: int) -> ErrantRecord:
    return ErrantRecord(source, offset, Stage.TRANSFORMATION, ERROR, None, None, None, ())


class Partitions(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.assignment, self.now = Assignment(), 0
        self.held: dict[TopicPartition, Held] = {}
        self.stores = {P0: Stored(), P1: Stored()}

    # steps

    @initialize()
    def begin(self) -> None:
        for partition in self.stores:
            self.rebalance(partition, is_ours=True)
            self.open(partition)

    @rule(partition=PARTITIONS, is_ours=st.booleans())
    def rebalance(self, partition: TopicPartition, is_ours: bool) -> None:
        if is_ours:
            self.assignment.assign([partition])
            self.held[partition] = Held()
        else:
            self.assignment.remove([partition])
            self.held.pop(partition, None)

    def step(self, partition: TopicPartition, legal: Collection[State], call: object) -> bool:
        """Whether it was legal. Else it is refused, and the invariants see that nothing changed."""
        assert callable(call)
        if self.held[partition].state in legal:
            call()
            return True
        with pytest.raises(ValueError, match="is not legal for a partition that is"):
            call()
        return False

    @precondition(lambda self: self.held)
    @rule(data=st.data(), step=st.sampled_from(["open", "reopen", "quarantine", "release"]))
    def take(self, data: st.DataObject, step: str) -> None:
        """Any step at any time: some are illegal."""
        getattr(self, step)(data.draw(st.sampled_from(sorted(self.held))))

    def open(self, partition: TopicPartition) -> None:
        held, store = self.held[partition], self.stores[partition]
        claim = Claim(Offset(store.next), store.epoch + 1)
        if self.step(partition, [State.CLAIMING], lambda: self.assignment.opened(partition, claim)):
            store.epoch += 1
            held.state, held.position = State.OPEN, store.next
            if held.barrier is not None and held.barrier < store.next:
                held.barrier = None
            held.forget()

    def reopen(self, partition: TopicPartition) -> None:
        self.step(partition, list(State), lambda: self.assignment.reopen([partition]))
        self.held[partition].state = State.CLAIMING
        self.held[partition].forget()

    def quarantine(self, partition: TopicPartition) -> None:
        legal = [State.CLAIMING, State.OPEN]
        if self.step(partition, legal, lambda: self.assignment.quarantine(partition, "why")):
            self.held[partition].state = State.QUARANTINED
            self.held[partition].forget()

    def release(self, partition: TopicPartition, distance: int = 5) -> None:
        """Somebody moves the stored offset; the partition is opened again without its barrier."""
        store, held = self.stores[partition], self.held[partition]
        store.next += distance
        store.epoch += 1
        store.base += distance
        self.assignment.reopen([partition])
        self.assignment.forgive(partition)
        held.state, held.barrier = State.CLAIMING, None
        held.forget()

    # records

    @precondition(lambda self: self.held)
    @rule(data=st.data(), records=COUNTS, filtered=COUNTS, errant=COUNTS, gaps=COUNTS, wait=COUNTS)
    def delivered(
        self, data: st.DataObject, records: int, filtered: int, errant: int, gaps: int, wait: int
    ) -> None:
        """As the pipeline does it: nothing at or past a barrier. Often there is a flush thereafter."""
        partition = data.draw(st.sampled_from(sorted(self.held)))
        held = self.held[partition]
        if held.state is State.CLAIMING:
            self.open(partition)
        if data.draw(st.integers(0, 9)) == 9:
            self.put_barrier(partition, data.draw(st.integers(0, 20)))
        end = held.position + records + filtered + errant + gaps
        if held.state is State.QUARANTINED or (held.barrier is not None and end > held.barrier):
            return
        errants = tuple(_errant(partition, held.position + n) for n in range(errant))
        delivery = Delivery(end, None, records, filtered, errants, 10 * records)
        self.now += wait
        self.assignment.delivered(partition, delivery, self.now)
        if end != held.position:
            held.since = self.now if held.since is None else held.since
            held.deliveries.append(delivery)
            held.position = end
        if data.draw(st.booleans()):
            of = data.draw(st.sampled_from([None, [partition], [P0], [P1], []]))
            self.flush(of, data.draw(st.sampled_from(Commit)))

    def put_barrier(self, partition: TopicPartition, distance: int) -> None:
        held = self.held[partition]
        offset = held.position + distance
        self.assignment.put_barrier(partition, Barrier(offset, "bad"))
        held.barrier = offset if held.barrier is None else min(offset, held.barrier)

    # flushes

    def flush(self, partitions: list[TopicPartition] | None, commit: Commit) -> None:
        advances = self.assignment.advances(partitions)
        wanted = {p for p, held in self.held.items() if held.deliveries}
        assert advances.keys() == wanted & set(wanted if partitions is None else partitions)
        for partition, advance in advances.items():
            if commit is not Commit.LOST:
                self.advance(self.stores[partition], advance)
        if commit is Commit.DONE:
            self.assignment.flushed(advances)
        else:
            self.assignment.reopen(advances)
        for partition in advances:
            self.held[partition].forget()
            if commit is not Commit.DONE:
                self.held[partition].state = State.CLAIMING

    def check(self, partition: TopicPartition, advance: Advance) -> None:
        held = self.held[partition]
        assert advance.records == held.total("records")
        assert advance.filtered == held.total("filtered")
        assert list(advance.errant) == [e for each in held.deliveries for e in each.errant]
        assert advance.to.next == held.position
        assert advance.expected == self.stores[partition].next
        counted = advance.records + advance.filtered + len(advance.errant) + advance.gaps
        assert counted == advance.to.next - advance.expected

    @staticmethod
    def advance(store: Stored, advance: Advance) -> None:
        """What a sink does: it compares, and it adds up."""
        assert (advance.epoch, advance.expected) == (store.epoch, store.next)
        assert min(advance.records, advance.filtered, advance.gaps) >= 0
        store.accounted += advance.records + advance.filtered + len(advance.errant) + advance.gaps
        store.next = advance.to.next

    # what always holds

    @invariant()
    def every_advance_is_the_sum_of_what_was_delivered(self) -> None:
        for partition, advance in self.assignment.advances().items():
            self.check(partition, advance)

    @invariant()
    def every_stored_offset_is_accounted_for_once(self) -> None:
        assert all(s.base + s.accounted == s.next for s in self.stores.values())

    @invariant()
    def the_book_says_what_was_done(self) -> None:
        books = self.assignment.books()
        assert {p: book.state for p, book in books.items()} == {
            p: held.state for p, held in self.held.items()
        }
        for partition, held in self.held.items():
            book = books[partition]
            assert book.since_ms == held.since
            assert (None if book.barrier is None else book.barrier.offset) == held.barrier
            assert book.position == held.position
            assert self.assignment.expects(partition, held.position) is (held.state is State.OPEN)
            assert not self.assignment.expects(partition, held.position + 1)

    @invariant()
    def what_is_pending_is_what_was_delivered_and_not_stored(self) -> None:
        held = self.held.values()
        since = [each.since for each in held if each.since is not None]
        assert self.assignment.pending() == Pending(
            sum(each.total("records") for each in held),
            sum(each.total("bytes") for each in held),
            min(since, default=None),
        )

    @invariant()
    def those_stand_still_that_reached_their_barrier_with_all_stored(self) -> None:
        at_barrier = {
            p for p, held in self.held.items()
            if held.state is State.OPEN and held.barrier is not None
            and held.position >= held.barrier
        }  # fmt: skip
        assert set(self.assignment.at_barrier()) == at_barrier
        stopped = {p for p, _ in self.assignment.stopped()}
        assert stopped == {p for p in at_barrier if not self.held[p].deliveries}


TestPartitions = Partitions.TestCase
TestPartitions.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
