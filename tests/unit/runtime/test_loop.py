"""The loop on a good day: deliver, flush, skip, pause, stop."""

from __future__ import annotations

from typing import Any

from sinkworker.api import Offset, TopicPartition
from sinkworker.runtime.assembly import Lasting, assemble
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.sink_task import SinkTaskLoop
from sinkworker.runtime.status import Board, TaskState
from sinkworker.runtime.tolerance import ToleranceMode
from sinkworker.testing import Harness
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    connector_of,
    plan,
    produce,
    produce_bad,
    seen,
    state,
    stored,
    tolerance,
)

NEVER_MS = 1_000_000_000


def harness(
    partitions: int = 1, max_records: int = 1_000, max_bytes: int = 1 << 20,
    interval_ms: int = NEVER_MS, **plan: Any,
) -> Harness:  # fmt: skip
    """Flushes only at the limit that a test sets."""
    policy = FlushPolicy(max_records, max_bytes, interval_ms)
    return Harness(ScriptedConnector(), partitions=partitions, flush_policy=policy, **plan)


def flushes(of: Harness) -> list[list[TopicPartition]]:
    return connector_of(of).called("flush")


def steps(of: Harness, count: int, pass_ms: int = 0) -> None:
    for _ in range(count):
        of.step(pass_ms)


# flush


def test_nothing_is_flushed_before_a_limit_is_reached() -> None:
    of = harness(max_records=5)
    of.start()
    produce(of, P0, 0, 1, 2, 3)
    steps(of, 10)
    assert flushes(of) == []
    produce(of, P0, 4)
    steps(of, 1)
    assert flushes(of) == [[P0]]
    assert (seen(of), stored(of)) == ([0, 1, 2, 3, 4], 5)


def test_a_flush_is_due_by_bytes() -> None:
    of = harness(max_bytes=len('{"id": 0}') * 3)
    of.start()
    produce(of, P0, 0, 1)
    steps(of, 5)
    assert flushes(of) == []
    produce(of, P0, 2)
    steps(of, 1)
    assert seen(of) == [0, 1, 2]


def test_a_flush_is_due_by_the_age_of_the_oldest_record() -> None:
    of = harness(interval_ms=500)
    of.start()
    steps(of, 2)
    produce(of, P0, 0)
    steps(of, 1, pass_ms=499)
    produce(of, P0, 1)
    steps(of, 1, pass_ms=1)
    assert flushes(of) == []
    steps(of, 1)
    assert seen(of) == [0, 1]


def test_one_flush_carries_all_partitions_that_moved_and_no_others() -> None:
    of = harness(partitions=3, interval_ms=500)
    of.start()
    produce(of, P0, 0)
    of.broker.leave_gap(P1, 2)
    steps(of, 5, pass_ms=500)
    assert flushes(of) == [[P0, P1]]
    assert (stored(of, P0), stored(of, P1)) == (1, 2)


def test_without_anything_new_nothing_is_flushed_again() -> None:
    of = harness(interval_ms=500)
    of.start()
    produce(of, P0, 0)
    steps(of, 50, pass_ms=500)
    assert flushes(of) == [[P0]]


def test_a_task_that_decides_itself_is_flushed_when_and_where_it_says() -> None:
    of = harness(partitions=2, max_records=1)
    connector_of(of).due = lambda: ()
    of.start()
    produce(of, P0, 0)
    produce(of, P1, 0)
    steps(of, 5)
    assert flushes(of) == []
    connector_of(of).due = lambda: [P1, TopicPartition("elsewhere", 3)]
    steps(of, 5)
    assert flushes(of) == [[P1]]


def test_the_group_s_offsets_follow_those_of_the_sink() -> None:
    of = harness(interval_ms=500)
    of.start()
    produce(of, P0, 0, 1)
    steps(of, 5, pass_ms=500)
    assert of.broker.group(of.group).committed[P0].next == 2


def test_a_worker_copies_to_the_group_what_the_last_one_could_not() -> None:
    """It was killed between its flush and the copy, and nothing more is ever produced."""
    of = harness(max_records=3)
    produce(of, P0, 0, 1, 2)
    worker = of.start()
    steps(of, 3)
    of.crash(worker)
    of.broker.group(of.group).committed.clear()
    of.start()
    steps(of, 3)
    assert of.broker.group(of.group).committed[P0].next == 3


def test_a_group_s_offset_is_not_where_a_sink_with_offsets_starts() -> None:
    of = harness(interval_ms=500)
    produce(of, P0, 0, 1)
    of.broker.group(of.group).committed[P0] = Offset(2)
    of.start()
    steps(of, 5, pass_ms=500)
    assert seen(of) == [0, 1]


def test_a_worker_goes_on_where_the_last_one_stopped() -> None:
    of = harness()
    produce(of, P0, 0, 1)
    first = of.start()
    steps(of, 3)
    first.stop()
    produce(of, P0, 2)
    of.start()
    steps(of, 3)
    of.workers[-1].stop()
    assert seen(of) == [0, 1, 2]


def test_stopping_flushes_what_is_pending_and_closes_every_partition() -> None:
    of = harness(partitions=2)
    worker = of.start()
    produce(of, P0, 0, 1, 2)
    steps(of, 3)
    assert flushes(of) == []
    worker.stop()
    assert flushes(of) == [[P0]]
    assert connector_of(of).calls[-2:] == [("close", [P0, P1]), ("stop", [])]
    assert seen(of) == [0, 1, 2]


def test_after_a_crash_what_was_not_flushed_is_read_again() -> None:
    of = harness(max_records=3)
    produce(of, P0, 0, 1, 2)
    worker = of.start()
    steps(of, 3)
    produce(of, P0, 3, 4)
    steps(of, 3)
    of.crash(worker)
    produce(of, P0, 5)
    of.start()
    steps(of, 5)
    assert seen(of) == [0, 1, 2, 3, 4, 5]


# tolerance


def test_tolerated_bad_records_are_skipped_and_counted() -> None:
    of = harness(interval_ms=500, tolerance=tolerance(ToleranceMode.ALL))
    worker = of.start()
    produce(of, P0, 0)
    produce_bad(of, P0)
    produce(of, P0, 2)
    of.run(5)
    assert (seen(of), stored(of)) == ([0, 2], 3)
    counters = worker.status().counters
    assert (counters.records, counters.errant) == (2, 1)
    assert worker.status().state is TaskState.RUNNING


def test_records_that_the_sink_reports_are_counted_as_errant_too() -> None:
    of = harness(interval_ms=500, tolerance=tolerance(ToleranceMode.ALL))
    worker = of.start()
    of.produce(P0, "the memory sink reports values that are text")
    of.run(5)
    assert worker.status().counters.errant == 1


# pause


def test_pausing_flushes_and_then_reads_nothing_until_resumed() -> None:
    of = harness()
    worker = of.start()
    produce(of, P0, 0, 1)
    steps(of, 2)
    worker.pause()
    steps(of, 1)
    assert seen(of) == [0, 1]
    produce(of, P0, 2, 3)
    of.run(50)
    assert connector_of(of).called("put") == [[P0]]
    worker.resume()
    steps(of, 2)
    worker.stop()
    assert seen(of) == [0, 1, 2, 3]


def test_a_partition_that_is_assigned_while_paused_is_opened_and_not_read() -> None:
    of = harness(interval_ms=500)
    worker = of.start()
    worker.pause()
    produce(of, P0, 0)
    of.run(5)
    assert state(worker) is State.OPEN
    assert seen(of) == []
    worker.resume()
    of.run(5)
    assert seen(of) == [0]


def test_a_failed_flush_while_pausing_does_not_resume_what_is_paused() -> None:
    of = harness()
    worker = of.start()
    produce(of, P0, 0)
    steps(of, 2)
    with connector_of(of).store.failing("before the commit"):
        worker.pause()
        steps(of, 1)
    of.run(5)
    assert (state(worker), seen(of), worker.status().counters.records) == (State.OPEN, [], 0)
    worker.resume()
    of.run(5)
    worker.stop()
    assert seen(of) == [0]


def test_the_status_that_others_see_follows_the_loop() -> None:
    of = harness()
    mailbox, board = Mailbox(), Board()
    made = plan(of.connector)
    parts = assemble(made, 0, of.consumer(), Lasting(made.backoff(), of.clock))
    loop = SinkTaskLoop(parts, mailbox, board)

    def state_after(*commands: Command) -> TaskState:
        for command in commands:
            mailbox.post(command)
        for _ in range(3):
            loop.iteration()
            of.clock.pass_ms(200)
        return board.status.state

    assert board.status.state is TaskState.UNASSIGNED
    assert state_after() is TaskState.RUNNING
    assert state_after(Command.PAUSE) is TaskState.PAUSED
    assert state_after(Command.RESUME) is TaskState.RUNNING
    assert board.status.partitions[P0].state is State.OPEN
