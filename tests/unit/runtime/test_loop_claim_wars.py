"""Who may claim a partition again: only a member that the group still counts on."""

from __future__ import annotations

from sinkworker.api import Offset, RetriableError
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.testing import Harness, Worker
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    ScriptedConsumer,
    connector_of,
    consumer_of,
    produce,
    scripted_consumer,
    seen,
    state,
)


def harness() -> Harness:
    """Two partitions of one topic; every record is flushed at once."""
    return Harness(ScriptedConnector(), partitions=2, flush_policy=FlushPolicy(1, 1, 1))


def start(of: Harness) -> tuple[Worker, ScriptedConsumer]:
    consumer = scripted_consumer(of)
    return of.start(lambda: consumer), consumer


def epoch(of: Harness) -> int:
    return connector_of(of).offset_store().read()[P0].epoch


def expel(of: Harness, consumer: ScriptedConsumer) -> None:
    assert consumer.member is not None
    of.broker.expel(of.group, consumer.member)


def step(worker: Worker, of: Harness, times: int = 1) -> None:
    for _ in range(times):
        worker.step()
        of.clock.pass_ms(1_000)


def fenced_zombie(of: Harness) -> tuple[Worker, ScriptedConsumer, Worker]:
    """The first worker was expelled and cannot learn it; another has claimed all; it is fenced."""
    zombie, consumer = start(of)
    produce(of, P0, 0)
    step(zombie, of, 2)
    heir, _ = start(of)
    step(zombie, of)
    step(heir, of, 2)
    consumer.deaf = True
    expel(of, consumer)
    step(heir, of, 3)
    assert set(heir.status().partitions) == {P0, P1}
    return zombie, consumer, heir


def test_an_expelled_member_does_not_claim_again_before_the_group_accepted_a_commit() -> None:
    of = harness()
    zombie, consumer, heir = fenced_zombie(of)
    before = epoch(of)
    zombie_claims = len(consumer.commits)
    step(zombie, of, 30)
    assert epoch(of) == before, "the zombie fenced the rightful owner"
    assert len(consumer.commits) == zombie_claims
    assert state(zombie) is State.CLAIMING
    produce(of, P0, 1)
    step(heir, of, 2)
    assert seen(of) == [0, 1]


def test_a_member_that_the_group_no_longer_gives_the_partition_to_does_not_claim_it() -> None:
    """A commit is accepted from any live member, whoever owns the partition."""

    class Elsewhere(ScriptedConsumer):
        def holds(self, partitions: object) -> bool:
            return False

    of = harness()
    worker = of.start(lambda: Elsewhere(of.broker, of.group, topics=["alerts"]))
    step(worker, of, 2)
    before = epoch(of)
    connector_of(of).errors["put"] = [RetriableError("busy")]
    produce(of, P0, 0)
    step(worker, of, 10)
    assert (epoch(of), state(worker)) == (before, State.CLAIMING)
    assert consumer_of(worker).commits == []


def test_before_a_partition_is_claimed_again_its_last_known_offset_is_committed() -> None:
    of = harness()
    worker, consumer = start(of)
    produce(of, P0, 0, 1)
    step(worker, of, 2)
    connector_of(of).errors["put"] = [RetriableError("busy")]
    produce(of, P0, 2)
    step(worker, of, 3)
    (committed,) = consumer.commits
    assert {p: offset.next for p, offset in committed.items()} == {P0: 2, P1: 0}
    assert seen(of) == [0, 1, 2]


def test_where_no_offset_is_known_the_log_s_start_is_committed() -> None:
    """`commit({})` sends no request and proves nothing."""
    of = harness()
    worker, consumer = start(of)
    produce(of, P0, 0, 1, 2)
    of.broker.delete_records(P0, before=2)
    connector_of(of).errors["open"] = [RetriableError("busy")]
    step(worker, of, 5)
    (committed,) = consumer.commits
    assert {p: offset.next for p, offset in committed.items()} == {P0: 2, P1: 0}
    assert seen(of) == [2]


def test_where_only_the_group_knows_an_offset_that_is_committed() -> None:
    of = harness()
    worker, consumer = start(of)
    produce(of, P0, 0, 1, 2)
    of.broker.group(of.group).committed[P0] = Offset(1)
    connector_of(of).errors["open"] = [RetriableError("busy")]
    step(worker, of, 5)
    (committed,) = consumer.commits
    assert {p: offset.next for p, offset in committed.items()} == {P0: 1, P1: 0}
    assert seen(of) == [0, 1, 2]


def test_a_first_claim_needs_no_proof() -> None:
    of = harness()
    worker, consumer = start(of)
    step(worker, of, 2)
    assert (state(worker), consumer.commits) == (State.OPEN, [])


def test_a_refused_proof_is_tried_again_after_the_back_off() -> None:
    of = harness()
    worker, consumer = start(of)
    step(worker, of, 2)
    connector_of(of).errors["put"] = [RetriableError("busy")]
    consumer.errors["commit"] = [RetriableError("a rebalance is under way")] * 3
    produce(of, P0, 0)
    step(worker, of, 20)
    assert (seen(of), consumer.errors["commit"]) == ([0], [])
    assert worker.status().counters.retries == 4
