"""Partitions that cannot be read or written on: quarantined, and the others go on."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import (
    Alteration,
    ConnectError,
    Offset,
    RecordRejectedError,
    RetriableError,
    TopicPartition,
)
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.restarts import RestartPolicy
from sinkworker.runtime.status import TaskState
from sinkworker.testing import Harness
from sinkworker.testing.samples import MemoryOffsetStore
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    cause,
    connector_of,
    produce,
    produce_bad,
    scripted_consumer,
    seen,
    state,
    stored,
)

UNTIL_MOVED = (
    "Everything before it is committed; this partition waits. "
    "Set errors.tolerance=all to skip such records, or move the offset past it."
)


def running(**plan: Any) -> Harness:
    """One worker that holds two partitions, both open."""
    of = Harness(ScriptedConnector(), partitions=2, **plan)
    of.start(lambda: scripted_consumer(of))
    of.run(2)
    return of


def with_a_bad_record(at: int = 2) -> Harness:
    """P0 is quarantined at a record that is no JSON."""
    of = running()
    produce(of, P0, *range(at))
    produce_bad(of, P0)
    produce(of, P0, at + 1)
    of.run(3)
    return of


def alter(of: Harness, partition: TopicPartition, to: int) -> None:
    connector_of(of).offset_store().alter({partition: Alteration(Offset(to))})


# bad records


def test_a_bad_record_stops_its_partition_with_everything_before_it_committed() -> None:
    of = with_a_bad_record()
    worker = of.workers[0]
    assert (seen(of), stored(of)) == ([0, 1], 2)
    assert state(worker) is State.QUARANTINED
    assert cause(worker) == (
        "alerts-0 offset 2 failed in VALUE_CONVERTER: JSONDecodeError: Expecting value: "
        f"line 1 column 1 (char 0). {UNTIL_MOVED}"
    )
    assert worker.status().state is TaskState.FAILED
    assert worker.status().trace == cause(worker)


def test_the_other_partitions_go_on() -> None:
    of = with_a_bad_record()
    produce(of, P1, 0, 1)
    produce(of, P0, 4)
    of.run(5)
    assert (seen(of, P0), seen(of, P1)) == ([0, 1], [0, 1])
    assert state(of.workers[0], P1) is State.OPEN


def test_a_partition_whose_first_record_is_bad_is_quarantined_at_once() -> None:
    of = with_a_bad_record(at=0)
    assert state(of.workers[0]) is State.QUARANTINED
    assert (connector_of(of).called("put"), stored(of)) == ([], 0)


def test_a_bad_record_is_not_passed_when_the_flush_before_it_fails() -> None:
    of = running()
    connector_of(of).errors["flush"] = [RetriableError("busy"), RetriableError("busy")]
    produce(of, P0, 0)
    produce_bad(of, P0)
    of.run(20)
    assert (seen(of), stored(of)) == ([0], 1)
    assert state(of.workers[0]) is State.QUARANTINED


def test_a_record_that_the_sink_rejects_stops_its_partition_before_it() -> None:
    of = running()
    produce(of, P0, 0, 1)
    of.produce(P0, "text that the memory sink rejects in its flush")
    produce(of, P0, 3)
    produce(of, P1, 0)
    of.run(10)
    assert (seen(of, P0), seen(of, P1), stored(of)) == ([0, 1], [0], 2)
    assert cause(of.workers[0]) == (
        f"alerts-0 offset 2 failed in TASK_PUT: the value is no object. {UNTIL_MOVED}"
    )
    assert state(of.workers[0], P1) is State.OPEN


def test_each_rejected_record_stops_its_own_partition() -> None:
    of = running()
    for source in (P0, P1):
        produce(of, source, 0)
        of.produce(source, "rejected")
    of.run(10)
    assert (seen(of, P0), seen(of, P1)) == ([0], [0])
    assert [state(of.workers[0], p) for p in (P0, P1)] == [State.QUARANTINED] * 2


def test_a_rejected_record_of_a_partition_that_is_not_held_is_a_fault_of_the_plugin() -> None:
    """It reported where a transform sent the record instead of where it was read."""
    of = running()
    rejected = RecordRejectedError(TopicPartition("renamed", 0), 0, "too long")
    connector_of(of).errors["flush"] = [rejected] * 100
    produce(of, P0, 0)
    with pytest.raises(ConnectError):
        of.run(100)


def test_a_task_that_decides_when_to_flush_must_flush_what_is_before_a_bad_record() -> None:
    """Its partition is paused: no more records will come that could make its flush due."""
    of = running()
    connector_of(of).due = lambda: ()
    produce(of, P0, 0)
    produce_bad(of, P0)
    of.run(20)
    assert state(of.workers[0]) is State.QUARANTINED


def test_a_partition_at_a_bad_record_rests_until_what_is_before_it_is_flushed() -> None:
    of = running(flush_policy=FlushPolicy(1_000, 1 << 20, interval_ms=10_000))
    produce(of, P0, 0)
    produce_bad(of, P0)
    of.run(3)
    produce(of, P0, 2)
    of.run(3)
    assert state(of.workers[0]) is State.OPEN
    of.run(10)
    assert (seen(of), state(of.workers[0])) == ([0], State.QUARANTINED)
    assert of.workers[0].status().counters.reopened == 0


def test_a_partition_resumed_at_its_barrier_does_not_pass_it() -> None:
    of = running(flush_policy=FlushPolicy(1_000, 1 << 20, interval_ms=10_000))
    produce(of, P0, 0)
    produce_bad(of, P0)
    of.step(0)
    of.workers[0].resume()
    produce(of, P0, 2)
    of.run(30)
    assert (seen(of), state(of.workers[0])) == ([0], State.QUARANTINED)


# leaving quarantine


def test_quarantine_outlasts_a_reopening_of_the_others() -> None:
    of = with_a_bad_record()
    connector_of(of).errors["flush"] = [RetriableError("busy")]
    produce(of, P1, 0)
    of.run(20)
    assert seen(of, P1) == [0]
    assert state(of.workers[0]) is State.QUARANTINED
    assert connector_of(of).called("open") == [[P0, P1], [P1]]


@pytest.mark.parametrize(("to", "then_seen"), [(3, [0, 1, 3]), (4, [0, 1])])
def test_moving_the_offset_past_the_record_releases_the_partition(
    to: int, then_seen: list[int]
) -> None:
    of = with_a_bad_record()
    alter(of, P0, to)
    of.run(10)
    assert (state(of.workers[0]), cause(of.workers[0])) == (State.OPEN, None)
    assert (seen(of), stored(of)) == (then_seen, 4)
    assert of.workers[0].status().state is TaskState.RUNNING


def test_moving_the_offset_back_reads_again_up_to_the_same_record() -> None:
    of = with_a_bad_record()
    alter(of, P0, 1)
    of.run(10)
    assert seen(of) == [0, 1, 1]
    assert state(of.workers[0]) is State.QUARANTINED


def test_an_alteration_is_seen_within_five_seconds_and_reopens_an_open_partition_too() -> None:
    of = running()
    produce(of, P0, 0, 1, 2)
    of.run(5)
    alter(of, P0, 1)
    of.run(9)
    assert seen(of) == [0, 1, 2, 1, 2]
    assert of.workers[0].status().counters.fenced == 0


def test_a_store_whose_reads_cost_something_is_looked_at_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MemoryOffsetStore, "alters_seen_within_ms", 60_000, raising=False)
    of = running()
    produce(of, P0, 0, 1, 2)
    of.run(5)
    alter(of, P0, 1)
    of.run(9)
    assert seen(of) == [0, 1, 2]
    of.clock.pass_ms(60_000)
    of.run(9)
    assert seen(of) == [0, 1, 2, 1, 2]


def test_a_flush_after_an_alteration_that_was_not_seen_yet_is_fenced() -> None:
    of = running()
    produce(of, P0, 0, 1)
    of.step(500)
    alter(of, P0, 1)
    of.run(10)
    assert (seen(of), stored(of)) == ([1], 2)
    assert of.workers[0].status().counters.fenced == 1


# restarts


def test_a_quarantined_partition_begins_anew_by_policy_and_goes_on_when_that_helps() -> None:
    of = running(restarts=RestartPolicy(most=1, backoff_ms=10_000, backoff_max_ms=10_000))
    connector_of(of).errors["put"] = [RecordRejectedError(P0, 1, "no such column")]
    produce(of, P0, 0, 1)
    of.run(5)
    assert (state(of.workers[0]), stored(of)) == (State.QUARANTINED, 1)
    of.run(15)
    assert (state(of.workers[0]), stored(of), seen(of)) == (State.OPEN, 2, [0, 1])
    assert of.workers[0].status().state is TaskState.RUNNING


def test_a_partition_that_nothing_helps_stays_after_its_last_restart() -> None:
    of = running(restarts=RestartPolicy(most=2, backoff_ms=1_000, backoff_max_ms=1_000))
    produce(of, P0, 0)
    produce_bad(of, P0)
    of.run(30)
    assert (state(of.workers[0]), stored(of)) == (State.QUARANTINED, 1)
    assert connector_of(of).called("open").count([P0]) == 2
