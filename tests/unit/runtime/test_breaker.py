"""When bad records are too many: in a row, or of a window."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkworker.runtime.breaker import WINDOW, Breaker, Tally


def trips(breaker: Breaker, *numbers: int) -> list[tuple[int, str] | None]:
    tally = Tally()
    return [breaker.trips(tally, number) for number in numbers]


def test_without_limits_any_number_may_fail() -> None:
    assert not Breaker().is_set
    assert trips(Breaker(), *range(2_000)) == [None] * 2_000


def test_one_more_in_a_row_than_allowed_trips_it_with_where_they_begin() -> None:
    assert trips(Breaker(max_consecutive=2), 5, 6, 7) == [
        None, None,
        (5, "more than 2 records in a row failed (errors.deadletterqueue.max.consecutive=2)"),
    ]  # fmt: skip


def test_a_good_record_between_ends_the_row() -> None:
    assert trips(Breaker(max_consecutive=2), 5, 6, 8, 9) == [None] * 4


def test_more_of_a_window_than_allowed_trips_it() -> None:
    bad = range(WINDOW, WINDOW + 22, 2)
    assert trips(Breaker(max_ratio=0.01), *bad) == [
        *[None] * 10, (WINDOW, "11 of 1000 records failed (errors.deadletterqueue.max.ratio=0.01)"),
    ]  # fmt: skip


def test_windows_count_for_themselves() -> None:
    bad = [*range(WINDOW - 20, WINDOW, 2), *range(WINDOW, WINDOW + 20, 2)]
    assert trips(Breaker(max_ratio=0.01), *bad) == [None] * 20


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(1, 5), st.integers())
def test_the_order_in_which_it_is_learned_makes_no_difference(
    bad: set[int], allowed: int, seed: int
) -> None:
    order = Random(seed).sample(sorted(bad), len(bad))
    tripped = any(trips(Breaker(max_consecutive=allowed), *order))
    runs = "".join("x" if number in bad else " " for number in range(62)).split()
    assert tripped is (max(map(len, runs)) > allowed)


@pytest.mark.parametrize(("gap", "tripped"), [(0, True), (1, False)])
def test_a_row_goes_on_over_what_is_forgotten(gap: int, tripped: bool) -> None:
    breaker, tally = Breaker(max_consecutive=2), Tally()
    assert not any(breaker.trips(tally, number) for number in (0, 8, 9))
    tally.forget_before(10)
    assert (breaker.trips(tally, 10 + gap) is not None) is tripped


def test_what_is_forgotten_takes_no_memory() -> None:
    breaker, tally = Breaker(max_consecutive=2, max_ratio=1), Tally()
    for number in range(0, 10_000, 2):
        breaker.trips(tally, number)
    tally.forget_before(10_000)
    assert tally == Tally()
