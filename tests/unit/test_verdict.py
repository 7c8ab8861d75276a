"""What a crash test's journal proves: where a run may go on, and what is wrong otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import Delivery, StoredOffset, TopicPartition
from sinkworker.testing.crashing.journal import Event
from sinkworker.testing.crashing.verdict import Verdict

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
EXACT, REPEATS = Delivery.EXACTLY_ONCE, Delivery.AT_LEAST_ONCE


def event(kind: str, **details: Any) -> Event:
    return {"event": kind, **details}


def opened(next_: int, epoch: int, partition: int = 0) -> Event:
    return event("opened", claims=[["alerts", partition, next_, epoch]])


def flush(to: int, records: int, partition: int = 0) -> Event:
    return event("flush", moves=[["alerts", partition, to, records]])


FLUSHED, KILLED = event("flushed", lines=9), event("killed", where="within a flush")
FIRST = [opened(0, 1), flush(5, 5), FLUSHED]


def verdict(*runs: list[Event], delivery: Delivery = EXACT) -> Verdict:
    found = Verdict(delivery)
    for events in runs:
        found.read(events)
    return found


@pytest.mark.parametrize(
    ("end_of_first", "next_", "records"),
    [([], 5, 5), ([flush(8, 3)], 5, 5), ([flush(8, 3)], 8, 8), ([flush(9, 3)], 9, 8)],
    ids=["after a flush", "the broken flush was undone", "it took effect", "it had gaps"],
)
def test_a_run_goes_on_where_the_flushes_before_it_had_ended(
    end_of_first: list[Event], next_: int, records: int
) -> None:
    found = verdict([*FIRST, *end_of_first, KILLED], [opened(next_, 2)])
    assert (found.problems, found.records) == ([], records)


@pytest.mark.parametrize(
    ("next_", "epoch", "problem"),
    [
        (4, 2, "went on at 4, and everything before 5 was flushed: 1 are written again"),
        (0, 2, "went on at 0, and everything before 5 was flushed: 5 are written again"),
        (7, 2, "went on at 7, and a flush from 5 to 8 was broken off, and must be one step"),
        (10, 2, "went on at 10, and only what comes before 5 was flushed: 5 are lost"),
        (5, 1, "went on at 5, and its epoch 1 is not higher than that of the last claim, 1"),
    ],
)
def test_anything_else_is_wrong(next_: int, epoch: int, problem: str) -> None:
    found = verdict([*FIRST, flush(8, 3), KILLED], [opened(next_, epoch)])
    assert found.problems == [f"alerts-0: run 2 {problem}"]


def test_a_sink_that_promises_at_least_once_may_write_again_and_may_lose_nothing() -> None:
    again = verdict([*FIRST, KILLED], [opened(0, 0)], delivery=REPEATS)
    assert again.problems == []
    lost = verdict([*FIRST, KILLED], [opened(6, 0)], delivery=REPEATS)
    assert lost.problems == [
        "alerts-0: run 2 went on at 6, and only what comes before 5 was flushed: 1 are lost"
    ]


def test_a_broken_flush_is_followed_within_a_run_as_well() -> None:
    found = verdict([*FIRST, flush(8, 3), opened(8, 2), flush(9, 1), FLUSHED, opened(9, 3)])
    assert (found.problems, found.records) == ([], 9)


def test_a_flush_that_was_undone_does_not_count_later() -> None:
    found = verdict([*FIRST, flush(8, 3), KILLED], [opened(5, 2)], [opened(8, 3)])
    assert found.problems == [
        "alerts-0: run 3 went on at 8, and only what comes before 5 was flushed: 3 are lost"
    ]


def test_only_the_partitions_of_a_flush_are_moved_by_its_end() -> None:
    both = [opened(0, 1), opened(0, 1, partition=1)]
    found = verdict([*both, flush(3, 3), flush(4, 4, partition=1), FLUSHED, KILLED],
                    [opened(0, 2), opened(4, 2, partition=1)])  # fmt: skip
    assert (found.problems, found.records) == ([], 4)


def test_each_run_is_told_in_a_line() -> None:
    found = Verdict(EXACT)
    killed = event("killed", where="within a flush, before sink.py:7")
    ended = event("ended", partitions=[["alerts", 0, 9, None]], waiting_for=None)
    assert found.read([*FIRST, flush(8, 3), killed]) == (
        "run 1: alerts-0 from 0 (epoch 1); 5 written; SIGKILL within a flush, before sink.py:7"
    )
    assert found.read([opened(8, 2), flush(9, 1), FLUSHED, ended]) == (
        "run 2: alerts-0 from 8 (epoch 2); 1 written; all are through"
    )
    assert found.read([]) == "run 3: opened nothing; 0 written; failed"
    assert (found.kills, found.records) == (["within a flush, before sink.py:7"], 9)


@pytest.mark.parametrize(
    ("cause", "waiting_for", "stops"),
    [
        (None, None, []),
        ("bad record", "bad record", ["bad record"]),
        (None, "is down", ["is down"]),
    ],
)
def test_what_is_not_through_is_told_with_its_cause(
    cause: str | None, waiting_for: str | None, stops: list[str]
) -> None:
    ended = event("ended", partitions=[["alerts", 0, 3, cause]], waiting_for=waiting_for)
    found = Verdict(EXACT)
    assert found.read([ended]).endswith("stopped" if stops else "all are through")
    assert found.stops == stops


def test_what_is_stored_is_compared_with_what_was_delivered() -> None:
    partitions = [["alerts", 0, 3, None], ["alerts", 1, 4, None]]
    found = verdict([event("ended", partitions=partitions, waiting_for=None)])
    assert found.compare({P0: StoredOffset(3, None, None, None, 1, "one")}) == [
        "alerts-0: delivered up to 3, stored 3",
        "alerts-1: delivered up to 4, stored None",
    ]
    assert found.problems == ["alerts-1: what is stored is not what was delivered"]
