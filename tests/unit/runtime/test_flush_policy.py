"""When a flush is due, and how long a poll may wait before one is."""

from __future__ import annotations

import pytest

from sinkworker.runtime.assignment import Pending
from sinkworker.runtime.flush_policy import FlushPolicy

POLICY = FlushPolicy(max_records=100, max_bytes=1000, interval_ms=500)


@pytest.mark.parametrize(
    ("pending", "is_due"),
    [
        (Pending(0, 0, None), False),
        (Pending(99, 999, 1_000), False),
        (Pending(100, 0, 1_000), True),
        (Pending(101, 0, 1_000), True),
        (Pending(1, 1000, 1_000), True),
        (Pending(1, 1, 501), False),
        (Pending(1, 1, 500), True),
        (Pending(0, 0, 500), True),
    ],
    ids=["nothing", "below all limits", "records reached", "records passed", "bytes reached",
         "not old enough", "old enough", "no record, but offsets that are old enough"],
)  # fmt: skip
def test_a_flush_is_due_as_soon_as_one_limit_is_reached(pending: Pending, is_due: bool) -> None:
    assert POLICY.due(1_000, pending) is is_due


@pytest.mark.parametrize(
    ("since_ms", "wait_ms"),
    [(None, 200), (1_000, 200), (700, 200), (699, 199), (501, 1), (500, 0), (100, 0)],
)
def test_a_poll_waits_for_records_no_longer_than_until_the_next_flush(
    since_ms: int | None, wait_ms: int
) -> None:
    assert POLICY.wait_ms(1_000, Pending(1, 1, since_ms), at_most=200) == wait_ms
