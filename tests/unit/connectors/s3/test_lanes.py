"""Several things at once: results in order, errors after all have ended."""

from __future__ import annotations

from threading import Barrier, get_ident

import pytest

from connectors.s3.lanes import Lanes


def test_results_come_in_the_order_of_the_items() -> None:
    lanes = Lanes(3)
    assert lanes.map(lambda number: number * 2, range(100)) == [n * 2 for n in range(100)]
    lanes.close()


def test_items_are_worked_on_at_the_same_time() -> None:
    lanes, meeting = Lanes(3), Barrier(3, timeout=20)
    lanes.map(lambda _: meeting.wait(), range(3))
    lanes.close()


def test_one_item_needs_no_thread() -> None:
    assert Lanes().map(lambda _: get_ident(), [1]) == [get_ident()]


def test_the_first_error_is_raised_after_all_have_ended() -> None:
    lanes, done = Lanes(2), []

    def work(number: int) -> None:
        if number in (1, 3):
            raise ValueError(str(number))
        done.append(number)

    with pytest.raises(ValueError, match="1"):
        lanes.map(work, range(5))
    assert sorted(done) == [0, 2, 4]
    lanes.close()
