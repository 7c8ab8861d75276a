"""Partitions that come and go: revoked, lost, and who may claim again after losing one."""

from __future__ import annotations

import pytest

from sinkworker.api import Offset, TopicPartition
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.ports import Assigned, Poll, Revoked
from sinkworker.testing import Harness, Worker
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    ScriptedConsumer,
    connector_of,
    produce,
    produce_bad,
    scripted_consumer,
    seen,
    state,
    stored,
)

RARELY = FlushPolicy(max_records=1_000, max_bytes=1 << 20, interval_ms=1_000_000_000)


def harness(flush_policy: FlushPolicy = RARELY) -> Harness:
    """Two partitions of one topic."""
    return Harness(ScriptedConnector(), partitions=2, flush_policy=flush_policy)


def start(of: Harness) -> tuple[Worker, ScriptedConsumer]:
    consumer = scripted_consumer(of)
    return of.start(lambda: consumer), consumer


def held(worker: Worker) -> set[TopicPartition]:
    return set(worker.status().partitions)


def expel(of: Harness, consumer: ScriptedConsumer) -> None:
    assert consumer.member is not None
    of.broker.expel(of.group, consumer.member)


def step(worker: Worker, of: Harness, times: int = 1) -> None:
    for _ in range(times):
        worker.step()
        of.clock.pass_ms(1_000)


# revoked and lost


def test_a_revoked_partition_is_flushed_once_by_itself_and_closed() -> None:
    of = harness()
    first, _ = start(of)
    produce(of, P0, 0)
    produce(of, P1, 0)
    step(first, of, 3)
    start(of)
    connector_of(of).calls.clear()
    step(first, of)
    assert held(first) == {P0}
    calls = [call for call in connector_of(of).calls if call[0] != "due"]
    assert calls == [("flush", [P1]), ("close", [P1])]
    assert (seen(of, P0), seen(of, P1)) == ([], [0])


def test_the_next_owner_goes_on_where_the_last_flush_ended() -> None:
    of = harness()
    first, _ = start(of)
    produce(of, P1, 0, 1)
    step(first, of, 3)
    second, _ = start(of)
    step(first, of)
    produce(of, P1, 2)
    step(second, of, 3)
    assert held(second) == {P1}
    second.stop()
    assert (seen(of, P1), stored(of, P1)) == ([0, 1, 2], 3)


@pytest.mark.parametrize("point", ["before the commit", "after the commit"])
def test_a_revoked_partition_s_flush_is_tried_only_once(point: str) -> None:
    of = harness()
    first, _ = start(of)
    produce(of, P1, 0, 1)
    step(first, of, 3)
    second, _ = start(of)
    produce(of, P0, 0)  # comes with the poll that tells of the revocation, and is dropped
    with connector_of(of).store.failing(point):
        step(first, of)
    assert held(first) == {P0}
    assert first.status().counters.reopened == 2
    assert connector_of(of).called("flush") == [[P1]]
    step(second, of, 3)
    step(first, of, 5)
    second.stop()
    first.stop()
    assert (seen(of, P0), seen(of, P1)) == ([0], [0, 1])


def test_a_revoked_partition_that_its_new_owner_claimed_first_is_given_up_unwritten() -> None:
    of = harness()
    first, _ = start(of)
    produce(of, P0, 0)
    produce(of, P1, 0, 1)
    step(first, of, 3)
    second, _ = start(of)
    step(second, of, 3)
    step(first, of)
    assert (held(first), state(first)) == ({P0}, State.OPEN)
    second.stop()
    first.stop()
    assert (seen(of, P0), seen(of, P1)) == ([0], [0, 1])


def test_a_record_rejected_while_its_partition_is_revoked_is_left_to_the_next_owner() -> None:
    of = harness(FlushPolicy(max_records=1_000, max_bytes=1 << 20, interval_ms=5_000))
    first, _ = start(of)
    produce(of, P1, 0)
    of.produce(P1, "rejected")
    step(first, of, 3)
    second, _ = start(of)
    step(first, of)
    assert (held(first), seen(of, P1)) == ({P0}, [])
    step(second, of, 20)
    assert (seen(of, P1), state(second, P1)) == ([0], State.QUARANTINED)


def test_a_lost_partition_is_closed_without_a_flush() -> None:
    of = harness()
    first, consumer = start(of)
    produce(of, P0, 0)
    produce(of, P1, 0)
    step(first, of, 3)
    second, _ = start(of)
    step(first, of)
    connector_of(of).calls.clear()
    expel(of, consumer)
    step(first, of)
    assert connector_of(of).called("flush") == []
    assert connector_of(of).called("close")[0] == [P0]
    for worker in (second, first):
        step(worker, of, 3)
        worker.stop()
    assert (seen(of, P0), seen(of, P1)) == ([0], [0])


def test_a_partition_lost_and_assigned_with_one_poll_drops_what_is_pending() -> None:
    of = harness()
    only, consumer = start(of)
    produce(of, P0, 0, 1)
    step(only, of, 3)
    expel(of, consumer)  # nobody else is there
    step(only, of, 3)
    only.stop()
    assert seen(of) == [0, 1]


def test_a_partition_assigned_again_without_having_been_revoked_drops_what_is_pending() -> None:
    class Repeating(ScriptedConsumer):
        repeats = False

        def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
            if not self.repeats:
                return super().poll(timeout_ms, at_most)
            self.repeats = False
            self.pause([P0])
            self.seek(P0, Offset(0))
            return Poll([Assigned(frozenset({P0}))], {})

    of = harness()
    consumer = Repeating(of.broker, of.group, topics=["alerts"])
    only = of.start(lambda: consumer)
    produce(of, P0, 0, 1)
    step(only, of, 3)
    consumer.repeats = True
    step(only, of, 3)
    only.stop()
    assert seen(of) == [0, 1]


def test_a_quarantined_partition_that_comes_back_is_tried_anew() -> None:
    of = harness()
    only, consumer = start(of)
    produce_bad(of, P0)
    step(only, of, 3)
    assert state(only) is State.QUARANTINED
    expel(of, consumer)
    only.step()
    assert state(only) is State.OPEN
    step(only, of, 3)
    assert state(only) is State.QUARANTINED


def test_an_event_for_a_partition_that_is_not_held_changes_nothing() -> None:
    class Told(ScriptedConsumer):
        def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
            events, fetched = super().poll(timeout_ms, at_most)
            stray = Revoked(frozenset({TopicPartition("elsewhere", 1)}))
            return Poll([*events, stray], fetched)

    of = harness()
    only = of.start(lambda: Told(of.broker, of.group, topics=["alerts"]))
    produce(of, P0, 0)
    step(only, of, 3)
    only.stop()
    assert seen(of) == [0]
