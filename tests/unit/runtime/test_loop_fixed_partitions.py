"""Fixed partitions: no group decides between two workers, so the later one keeps what it took."""

from __future__ import annotations

import pytest

from sinkworker.api import Alteration, ConnectError, Offset
from sinkworker.runtime.assignment import State
from sinkworker.testing import Harness, Worker
from sinkworker.testing.owner import Owner
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    connector_of,
    consumer_of,
    produce,
    scripted_consumer,
    seen,
    state,
)

TAKEN_OVER = (
    "alerts-0 was claimed by another@host:1. With topics.partitions no group divides the work: "
    "give each worker its own partitions, or stop one of them."
)


def running() -> tuple[Harness, Worker]:
    """A worker with two fixed partitions that has written one record of the first."""
    of = Harness(ScriptedConnector(), partitions=2)
    worker = of.start(lambda: scripted_consumer(of, topics=(), partitions=[P0, P1]))
    produce(of, P0, 0)
    of.run(3)
    assert seen(of) == [0]
    return of, worker


def claimed_by_another(of: Harness) -> None:
    Owner(of.connector, "another@host:1").open(P0)


def alter(of: Harness, to: int) -> None:
    connector_of(of).offset_store().alter({P0: Alteration(Offset(to))})


def test_fixed_partitions_are_read_without_a_group() -> None:
    _, worker = running()
    assert worker.consumer.member is None
    assert {P0, P1} == set(worker.status().partitions)


def test_a_worker_fenced_by_another_fails_and_names_it() -> None:
    of, _ = running()
    claimed_by_another(of)
    produce(of, P0, 1)
    with pytest.raises(ConnectError) as failed:
        of.run(10)
    assert str(failed.value) == TAKEN_OVER
    assert seen(of) == [0]


def test_an_idle_worker_whose_partition_another_claimed_fails_too() -> None:
    of, _ = running()
    claimed_by_another(of)
    with pytest.raises(ConnectError) as failed:
        of.run(10)
    assert str(failed.value) == TAKEN_OVER


def test_a_worker_fenced_by_an_operator_reopens() -> None:
    of, worker = running()
    produce(of, P0, 1, 2)
    of.step(500)
    alter(of, 2)
    of.run(10)
    assert (seen(of), state(worker)) == ([0, 2], State.OPEN)
    assert worker.status().counters.fenced == 1


def test_an_idle_worker_whose_partition_an_operator_moved_reopens() -> None:
    of, worker = running()
    alter(of, 0)
    of.run(10)
    assert (seen(of), state(worker)) == ([0, 0], State.OPEN)


def test_a_claim_of_the_same_worker_is_not_taken_for_another_s() -> None:
    """Its own, from before its client was made anew."""
    of, worker = running()
    own = connector_of(of).offset_store().read()[P0].owner
    assert own is not None
    Owner(of.connector, own).open(P0)
    produce(of, P0, 1)
    of.run(10)
    assert (seen(of), state(worker)) == ([0, 1], State.OPEN)


def test_a_store_that_goes_away_while_the_worker_asks_who_fenced_it_is_waited_for() -> None:
    of, worker = running()
    produce(of, P0, 1)
    of.step(500)
    alter(of, 1)
    with connector_of(of).store.failing("on read"):
        of.run(5)
    of.run(10)
    assert (seen(of), state(worker)) == ([0, 1], State.OPEN)


def test_a_reopening_needs_no_proof_of_membership() -> None:
    of, worker = running()
    with connector_of(of).store.failing("after the commit"):
        produce(of, P0, 1)
        of.run(2)
    of.run(5)
    assert (seen(of), state(worker)) == ([0, 1], State.OPEN)
    assert consumer_of(worker).commits == []
