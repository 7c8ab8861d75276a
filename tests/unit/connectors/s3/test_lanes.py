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


def test_a_stream_of_results_takes_items_only_as_they_are_needed() -> None:
    lanes, items = Lanes(3), iter(range(100))
    results = lanes.stream(lambda number: number * 2, items)
    assert [next(results), next(results)] == [0, 2]
    assert next(items) == 7
    results.close()
    assert list(lanes.stream(str, range(20))) == [str(number) for number in range(20)]
    lanes.close()


def test_a_stream_ends_where_something_fails() -> None:
    lanes = Lanes(2)
    results = lanes.stream(lambda number: 6 // (3 - number), range(10))
    assert [next(results) for _ in range(3)] == [2, 3, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)
    lanes.close()


def test_one_item_needs_no_thread() -> None:
    assert Lanes().map(lambda _: get_ident(), [1]) == [get_ident()]


def test_an_error_is_raised_after_all_that_was_begun_has_ended() -> None:
    lanes, meeting, ended = Lanes(2), Barrier(2, timeout=20), []

    def work(number: int) -> None:
        meeting.wait()
        if number == 0:
            raise ValueError(str(number))
        ended.append(number)

    with pytest.raises(ValueError, match="0"):
        lanes.map(work, range(2))
    assert ended == [1]
    lanes.close()


def test_after_a_failure_nothing_more_is_begun() -> None:
    """A store that answers nothing would otherwise be asked once for every file of a large commit."""
    lanes, begun = Lanes(1), []

    def work(number: int) -> None:
        begun.append(number)
        if number == 2:
            raise ValueError(str(number))

    with pytest.raises(ValueError, match="2"):
        lanes.map(work, range(10))
    assert begun == [0, 1, 2]
    assert lanes.map(str, range(2)) == ["0", "1"]
    lanes.close()
