"""The state table of partitions and the book of each: steps, barriers, arithmetic on offsets."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkworker.api import Advance, Claim, ErrantRecord, Offset, Stage
from sinkworker.runtime.assignment import Assignment, Barrier, Book, Delivery, Pending, State, Step
from tests.unit.runtime.builders import P0, P1

LEGAL = {
    (State.CLAIMING, Step.OPENED): State.OPEN,
    (State.CLAIMING, Step.QUARANTINE): State.QUARANTINED,
    (State.CLAIMING, Step.REOPEN): State.CLAIMING,
    (State.OPEN, Step.QUARANTINE): State.QUARANTINED,
    (State.OPEN, Step.REOPEN): State.CLAIMING,
    (State.QUARANTINED, Step.REOPEN): State.CLAIMING,
}
ERROR = ValueError("bad")
ILLEGAL = sorted(set(product(State, Step)) - LEGAL.keys(), key=str)


def opened(next_offset: int = 10, epoch: int = 4, *, leader_epoch: int | None = None) -> Assignment:
    """An assignment with P0 open."""
    assignment = Assignment()
    assignment.assign([P0])
    assignment.opened(P0, Claim(Offset(next_offset, leader_epoch, "topic", "cluster"), epoch))
    return assignment


def delivery(to: int, records: int = 0, filtered: int = 0, errant: int = 0, size: int = 0,
             leader_epoch: int | None = None) -> Delivery:  # fmt: skip
    errors = tuple(
        ErrantRecord(P0, offset, Stage.TRANSFORMATION, ERROR, None, None, None, ())
        for offset in range(errant)
    )
    return Delivery(to, leader_epoch, records, filtered, errors, size)


# steps


@pytest.mark.parametrize(("given_state", "step"), LEGAL)
def test_a_legal_step_leads_to_its_state(given_state: State, step: Step) -> None:
    book = Book(state=given_state)
    book.step(step)
    assert book.state is LEGAL[given_state, step]


@pytest.mark.parametrize(("given_state", "step"), ILLEGAL)
def test_an_illegal_step_is_refused_and_changes_nothing(given_state: State, step: Step) -> None:
    book = Book(state=given_state)
    with pytest.raises(ValueError) as refused:
        book.step(step)
    assert str(refused.value) == (
        f"{step.value} is not legal for a partition that is {given_state.value}"
    )
    assert book.state is given_state


def test_an_assigned_partition_waits_to_be_claimed_and_knows_nothing() -> None:
    assignment = Assignment()
    assignment.assign([P0, P1])
    assert assignment.in_state(State.CLAIMING) == [P0, P1]
    assert assignment.books()[P0].stored is None
    assert not assignment.is_open(P0)
    assert assignment.advances() == {}


def test_an_opened_partition_stands_where_its_claim_says() -> None:
    book = opened(10, epoch=4, leader_epoch=7).books()[P0]
    assert (book.position, book.epoch, book.leader_epoch) == (10, 4, 7)
    assert book.stored == Offset(10, 7, "topic", "cluster")


def test_a_partition_assigned_again_begins_with_an_empty_book() -> None:
    assignment = opened()
    assignment.put_barrier(P0, Barrier(12, "bad"))
    assignment.attempt([P0])
    assignment.assign([P0])
    assert assignment.books()[P0] == Book()


def test_removing_a_partition_that_is_not_held_changes_nothing() -> None:
    assignment = opened()
    assignment.remove([P1])
    assert P0 in assignment
    assignment.remove([P0])
    assert P0 not in assignment


def test_a_partition_counts_as_claimed_before_from_its_first_attempt_on() -> None:
    assignment = Assignment()
    assignment.assign([P0, P1])
    assert assignment.claimed_before() == []
    assignment.attempt([P0])
    assert assignment.claimed_before() == [P0]
    assignment.opened(P0, Claim(Offset(0), 1))
    assert assignment.claimed_before() == []
    assignment.reopen([P0])
    assert assignment.claimed_before() == [P0]


def test_reopening_drops_what_is_pending_and_keeps_what_is_stored_and_the_barrier() -> None:
    assignment = opened(10)
    assignment.delivered(P0, delivery(13, records=3, size=9), now_ms=1)
    assignment.put_barrier(P0, Barrier(15, "bad"))
    assignment.reopen([P0])
    assert assignment.pending() == Pending(0, 0, None)
    assert assignment.books()[P0].stored == Offset(10, None, "topic", "cluster")
    assert assignment.barrier(P0) == Barrier(15, "bad")


# quarantine and barriers


def test_a_quarantined_partition_keeps_its_cause_and_forgets_what_is_pending() -> None:
    assignment = opened(epoch=4)
    assignment.delivered(P0, delivery(11, records=1), now_ms=1)
    assignment.quarantine(P0, "no more of this")
    book = assignment.books()[P0]
    assert (book.state, book.cause, book.epoch) == (State.QUARANTINED, "no more of this", 4)
    assert assignment.pending() == Pending(0, 0, None)
    assert assignment.advances() == {}


def test_a_partition_quarantined_before_it_was_opened_takes_the_store_s_epoch() -> None:
    assignment = Assignment()
    assignment.assign([P0])
    assignment.quarantine(P0, "another topic", epoch=9)
    assert assignment.books()[P0].epoch == 9


def test_the_nearest_barrier_counts() -> None:
    assignment = opened()
    for offset in (20, 15, 18):
        assignment.put_barrier(P0, Barrier(offset, f"bad {offset}"))
    assert assignment.barrier(P0) == Barrier(15, "bad 15")


def test_a_barrier_for_a_partition_that_went_elsewhere_is_ignored() -> None:
    assignment = opened()
    assignment.put_barrier(P1, Barrier(3, "bad"))
    assert P1 not in assignment


def test_a_partition_stops_at_its_barrier_once_everything_before_it_is_flushed() -> None:
    assignment, barrier = opened(10), Barrier(12, "bad")
    assignment.put_barrier(P0, barrier)
    assert assignment.at_barrier() == []
    assignment.delivered(P0, delivery(12, records=2), now_ms=1)
    assert assignment.at_barrier() == [P0]
    assert assignment.stopped() == []
    assignment.flushed(assignment.advances())
    assert assignment.stopped() == [(P0, barrier)]


def test_forgiving_takes_away_the_barrier_and_the_cause() -> None:
    assignment = opened()
    assignment.put_barrier(P0, Barrier(10, "bad"))
    assignment.quarantine(P0, "bad")
    assignment.forgive(P0)
    assert assignment.barrier(P0) is None
    assert assignment.books()[P0].cause is None


def test_a_barrier_before_the_offset_that_the_store_says_is_behind_us() -> None:
    """An operator moved the offset past the bad record while the partition was being reopened."""
    assignment = opened(10)
    assignment.put_barrier(P0, Barrier(12, "bad"))
    assignment.reopen([P0])
    assignment.opened(P0, Claim(Offset(13), 6))
    assert assignment.stopped() == []


# records and flushes


def test_only_the_next_batch_of_an_open_partition_is_expected() -> None:
    assignment = opened(10)
    assert assignment.expects(P0, 10)
    assert not assignment.expects(P0, 9)
    assert not assignment.expects(P0, 11)
    assignment.reopen([P0])
    assert not assignment.expects(P0, 10)


@pytest.mark.parametrize(("told", "known"), [(3, 3), (0, 0), (-1, None), (None, None)])
def test_a_negative_leader_epoch_is_an_unknown_one(told: int | None, known: int | None) -> None:
    assignment = opened(10, leader_epoch=2)
    assignment.delivered(P0, delivery(11, records=1, leader_epoch=told), now_ms=1)
    assert assignment.advances()[P0].to.leader_epoch == known


def test_a_delivery_that_moves_nothing_leaves_the_leader_epoch_of_the_position() -> None:
    """A batch cut before its first record, after others that are not flushed yet."""
    assignment = opened(10)
    assignment.delivered(P0, delivery(12, records=2, leader_epoch=5), now_ms=1)
    assignment.delivered(P0, delivery(12, leader_epoch=None), now_ms=2)
    assert assignment.advances()[P0].to.leader_epoch == 5


def test_an_advance_accounts_for_every_offset_between_expected_and_to() -> None:
    assignment = opened(10, epoch=4)
    assignment.delivered(P0, delivery(16, records=2, filtered=1, errant=1), now_ms=1)
    assignment.delivered(P0, delivery(20, records=4, leader_epoch=3), now_ms=2)
    assert assignment.advances() == {
        P0: Advance(
            epoch=4,
            expected=10,
            to=Offset(20, 3, "topic", "cluster"),
            records=6,
            filtered=1,
            gaps=2,
            errant=delivery(0, errant=1).errant,
        )
    }


def test_offsets_without_records_are_an_advance_too() -> None:
    assignment = opened(10)
    assignment.delivered(P0, delivery(13), now_ms=5)
    assert assignment.pending() == Pending(0, 0, 5)
    assert assignment.advances()[P0].gaps == 3


def test_advances_are_of_open_partitions_that_moved_and_were_asked_for() -> None:
    assignment = opened(10)
    assignment.assign([P1])
    assignment.opened(P1, Claim(Offset(0), 1))
    assert assignment.advances() == {}
    assignment.delivered(P0, delivery(11, records=1), now_ms=1)
    assignment.delivered(P1, delivery(2, records=2), now_ms=1)
    assert set(assignment.advances()) == {P0, P1}
    assert set(assignment.advances([P1])) == {P1}
    assignment.reopen([P1])
    assert set(assignment.advances()) == {P0}


def test_pending_sums_all_partitions_and_is_as_old_as_the_oldest() -> None:
    assignment = opened(10)
    assignment.assign([P1])
    assignment.opened(P1, Claim(Offset(0), 1))
    assignment.delivered(P1, delivery(2, records=2, size=20), now_ms=100)
    assignment.delivered(P0, delivery(11, records=1, size=7), now_ms=200)
    assignment.delivered(P1, delivery(3, records=1, size=10), now_ms=300)
    assert assignment.pending() == Pending(records=4, bytes=37, since_ms=100)
    assignment.flushed(assignment.advances([P1]))
    assert assignment.pending() == Pending(records=1, bytes=7, since_ms=200)


Stretch = tuple[int, int, int, int]
"""Records, filtered, errant, gaps of one delivery."""


@given(
    st.lists(st.one_of(st.tuples(*[st.integers(0, 5)] * 4), st.sampled_from(["flush", "reopen"]))),
    st.integers(0, 1 << 40),
)
def test_the_book_balances_whatever_comes(steps: list[Stretch | str], start: int) -> None:
    """Flushed advances join up without a hole, and together account for every offset between."""
    assignment = opened(start)
    position = flushed_to = start
    now: list[int] = [0, 0, 0, 0]
    for step in steps:
        if step == "reopen":
            assignment.reopen([P0])
            assignment.opened(P0, Claim(Offset(flushed_to), 5))
            position, now = flushed_to, [0, 0, 0, 0]
        elif step == "flush":
            advances = assignment.advances()
            assert bool(advances) == (position != flushed_to)
            for advance in advances.values():
                parts = [advance.records, advance.filtered, len(advance.errant), advance.gaps]
                assert (advance.expected, advance.to.next, parts) == (flushed_to, position, now)
                assert sum(parts) == advance.to.next - advance.expected
            assignment.flushed(advances)
            flushed_to, now = position, [0, 0, 0, 0]
        else:
            assert not isinstance(step, str)
            position += sum(step)
            now = [before + more for before, more in zip(now, step, strict=True)]
            assignment.delivered(P0, delivery(position, *step[:3]), now_ms=1)
        book = assignment.books()[P0]
        assert book.position == position
        assert book.stored is not None
        assert book.stored.next == flushed_to
        assert book.is_pending == (position != flushed_to)
