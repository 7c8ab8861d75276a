"""The size of the next flush, against stores whose flushes take what a formula says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkworker.runtime.assignment import Pending
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.flush_size import FIRST, FlushSize

MOST, MEBIBYTE = 5_000, 1 << 20
POLICY = FlushPolicy(MOST, MEBIBYTE, 500)
LONG_ENOUGH = 60  # flushes


def begun() -> FlushSize:
    """Behind the first flush."""
    flushes = FlushSize(POLICY)
    flushes.flushed(pending(FIRST), 10)
    return flushes


def pending(records: int, size: int = 0) -> Pending:
    return Pending(records, size, 0)


def size_of(flushes: FlushSize) -> int:
    return flushes.policy.max_records


def store(flushes: FlushSize, takes: Callable[[int], float], count: int = LONG_ENOUGH) -> list[int]:
    """The sizes of so many full flushes."""
    sizes = []
    for _ in range(count):
        sizes.append(size_of(flushes))
        flushes.flushed(pending(sizes[-1]), round(takes(sizes[-1])))
    return sizes


def test_the_first_flush_is_small_and_says_nothing_of_the_next() -> None:
    flushes = FlushSize(POLICY)
    assert [flushes.at_most(pending(records)) for records in (0, 100)] == [FIRST, FIRST - 100]
    assert flushes.policy.is_full(pending(FIRST))
    flushes.flushed(pending(FIRST), 60_000)
    assert flushes.policy is POLICY


def test_a_first_flush_that_fails_halves_what_a_whole_one_would_have_been() -> None:
    flushes = FlushSize(POLICY)
    flushes.failed(pending(FIRST))
    assert size_of(flushes) == MOST // 2


def test_where_a_whole_flush_is_no_bigger_the_first_is_one_and_counts() -> None:
    whole = FlushPolicy(FIRST, MEBIBYTE, 500)
    flushes = FlushSize(whole)
    assert flushes.policy is whole
    flushes.flushed(pending(FIRST), 2_000)
    assert size_of(flushes) == FIRST // 2


def test_a_fast_store_gets_full_flushes_and_polls_as_they_are_set_up() -> None:
    flushes = begun()
    assert store(flushes, lambda records: records / 5) == [MOST] * LONG_ENOUGH
    assert flushes.policy is POLICY
    assert flushes.at_most(pending(0)) is None


def test_a_slow_store_gets_what_it_stores_in_a_second_by_halves_at_most() -> None:
    flushes = begun()
    sizes = store(flushes, lambda records: records * 4)
    assert sizes[:6] == [5_000, 2_500, 1_250, 625, 312, 250]
    assert set(sizes[5:]) == {250}


def test_a_poll_brings_what_is_left_to_the_size() -> None:
    flushes = begun()
    store(flushes, lambda records: records * 4)
    assert [flushes.at_most(pending(records)) for records in (0, 100, 249, 250)] == [250, 150, 1, 1]


def test_a_store_that_is_fast_again_gets_full_flushes_by_doubles_at_most() -> None:
    flushes = begun()
    store(flushes, lambda records: records * 4)
    assert store(flushes, lambda records: 10, 7) == [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]


def test_a_store_that_was_fast_is_not_held_to_what_it_did_when_it_was_last_slow() -> None:
    flushes = begun()
    store(flushes, lambda records: records * 4)
    store(flushes, lambda records: 10)
    assert store(flushes, lambda records: records * 40, 4) == [5_000, 2_500, 1_250, 625]


@pytest.mark.parametrize("takes_ms", [1_100, 2_000, 60_000])
def test_where_each_flush_takes_the_same_time_it_stays_full_and_is_seldom_tried_smaller(
    takes_ms: int,
) -> None:
    sizes = store(begun(), lambda records: takes_ms, 1_000)
    assert sum(sizes) / len(sizes) > MOST * 0.9
    assert min(sizes) >= MOST / 2


def test_small_steps_down_do_not_add_up_where_most_time_is_spent_once_per_flush() -> None:
    sizes = store(begun(), lambda records: 900 + records * 0.06, 1_000)
    assert min(sizes) > MOST / 2
    assert sizes.count(MOST) > 700


def test_a_flush_that_never_fits_in_time_gets_through_in_the_end() -> None:
    """In 400 ms, so that the target alone would ask for more."""
    flushes, failures, stored = begun(), 0, 0
    for _ in range(1_000):
        records = size_of(flushes)
        if records > 30:
            failures += 1
            flushes.failed(pending(records))
        else:
            stored += records
            flushes.flushed(pending(records), 400)
    assert failures < 120
    assert stored > 15_000


def test_big_records_that_fill_a_flush_by_their_bytes_are_halved_by_their_number() -> None:
    flushes = begun()
    flushes.failed(pending(80, MEBIBYTE))
    assert size_of(flushes) == 40
    flushes = begun()
    flushes.flushed(pending(80, MEBIBYTE), 1_600)
    assert size_of(flushes) == 50


def test_big_records_that_are_stored_fast_leave_the_size_as_it_is() -> None:
    flushes = begun()
    flushes.flushed(pending(80, MEBIBYTE), 100)
    assert flushes.policy is POLICY


def test_a_flush_that_is_not_full_says_nothing_of_the_size_when_it_took_effect() -> None:
    flushes = begun()
    flushes.flushed(pending(3), 5_000)
    assert size_of(flushes) == MOST
    store(flushes, lambda records: records * 4)
    flushes.flushed(pending(3), 1)
    assert size_of(flushes) == 250


def test_dead_letters_alone_say_nothing_of_the_size_though_they_fill_a_flush() -> None:
    flushes = begun()
    flushes.flushed(pending(0, MEBIBYTE), 5_000)
    assert flushes.policy is POLICY


def test_a_small_flush_that_fails_does_not_make_the_next_as_small() -> None:
    flushes = begun()
    flushes.failed(pending(3))
    assert size_of(flushes) == MOST // 2


def test_a_flush_without_records_that_fails_leaves_room_for_one() -> None:
    flushes = FlushSize(FlushPolicy(1, 1, 1))
    flushes.failed(pending(0, 1))
    assert size_of(flushes) == 1


STEPS = st.tuples(
    st.booleans(), st.integers(0, 20_000), st.integers(0, 2 * MEBIBYTE), st.integers(0, 300_000)
)


@given(most=st.integers(1, 100_000), steps=st.lists(STEPS, max_size=60))
def test_whatever_happens_the_size_is_in_bounds_and_recovers_when_the_store_is_fast(
    most: int, steps: list[tuple[bool, int, int, int]]
) -> None:
    flushes = FlushSize(FlushPolicy(most, MEBIBYTE, 500))
    for fails, records, size, took_ms in steps:
        if fails:
            flushes.failed(pending(records, size))
        else:
            flushes.flushed(pending(records, size), took_ms)
        assert 1 <= size_of(flushes) <= most
        at_most = flushes.at_most(pending(records))
        assert at_most is None or 1 <= at_most <= size_of(flushes)
    assert store(flushes, lambda records: records / 1_000)[-1] == most


@given(each_ms=st.integers(1, 900), once_ms=st.integers(0, 200))
def test_a_steady_store_has_flushes_near_a_second_soon(each_ms: int, once_ms: int) -> None:
    sizes = store(begun(), lambda records: once_ms + records * each_ms)
    assert sizes[-1] >= 1
    assert once_ms + sizes[-1] * each_ms <= 1_500
