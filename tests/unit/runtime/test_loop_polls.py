"""The loop and its client: polls that fail, batches out of turn, a client that stopped reading."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sinkworker.api import Offset, RetriableError
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.ports import ClientStalledError
from sinkworker.testing import Harness
from tests.unit.runtime.builders import (
    P0,
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


def with_consumer(**plan: Any) -> tuple[Harness, ScriptedConsumer]:
    of = Harness(ScriptedConnector(), **plan)
    consumer = scripted_consumer(of)
    of.start(lambda: consumer)
    of.run(2)
    return of, consumer


def test_a_poll_that_failed_reopens_every_open_partition() -> None:
    of, consumer = with_consumer()
    produce(of, P0, 0)
    of.step()
    consumer.errors["poll"] = [RetriableError("the coordinator moves")]
    of.run(10)
    assert of.workers[0].status().counters.reopened == 1
    assert seen(of) == [0]


def test_a_poll_that_fails_at_once_is_not_repeated_at_once() -> None:
    of, consumer = with_consumer()
    consumer.errors["poll"] = [RetriableError("no broker answers")] * 3
    before_ms = of.clock.now_ms()
    for _ in range(3):
        of.step(pass_ms=0)
    assert of.clock.now_ms() > before_ms


@pytest.mark.parametrize("to", [1, 5])
def test_a_batch_that_is_not_the_next_one_is_dropped_and_the_partition_reopened(to: int) -> None:
    """Fenced at 3, already polled from 5: the batch must not pass as an ordinary gap."""
    of, consumer = with_consumer()
    produce(of, P0, *range(3))
    of.run(3)
    produce(of, P0, *range(3, 8))
    consumer.seek(P0, Offset(to))
    of.run(5)
    assert (seen(of), stored(of)) == (list(range(8)), 8)
    assert of.workers[0].status().counters.reopened == 1


def test_a_stalled_client_ends_the_loop() -> None:
    of, consumer = with_consumer(stalled_after_ms=2_000)
    produce(of, P0, 0)
    consumer.deaf = True
    with pytest.raises(ClientStalledError) as stalled:
        of.run(20)
    assert str(stalled.value) == "alerts-0: there is more to read and nothing is fetched"


def test_a_transaction_that_hangs_is_only_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    of, _ = with_consumer(stalled_after_ms=2_000)
    of.broker.hold_back(P0, 0)
    produce(of, P0, 0, 1)
    with caplog.at_level(logging.WARNING):
        of.run(20)
    told = {
        record.message
        for record in caplog.records
        if record.name.startswith("sinkworker") and record.levelno >= logging.WARNING
    }
    assert told == {
        "alerts-0: an open transaction hides what comes before offset 2; it is read when that ends"
    }
    assert of.workers[0].status().counters.stuck_transactions == 1
    of.broker.hold_back(P0, None)
    of.run(20)
    assert seen(of) == [0, 1]
    assert of.workers[0].status().counters.stuck_transactions == 0


def test_a_partition_at_a_bad_record_is_not_stalled() -> None:
    of, _ = with_consumer(
        stalled_after_ms=2_000, flush_policy=FlushPolicy(1_000, 1 << 20, interval_ms=20_000)
    )
    produce(of, P0, 0)
    produce_bad(of, P0)
    produce(of, P0, 2)
    of.run(30)
    assert (seen(of), state(of.workers[0])) == ([0], State.QUARANTINED)


def test_a_partition_that_was_paused_for_long_is_given_time_to_be_read() -> None:
    of, consumer = with_consumer(stalled_after_ms=2_000)
    of.run(10)
    of.workers[0].pause()
    of.step()
    produce(of, P0, 0)
    of.run(10)
    consumer.deaf = True  # the answer to its next fetch is on its way
    of.workers[0].resume()
    of.run(3)
    consumer.deaf = False
    of.run(5)
    assert seen(of) == [0]


@pytest.mark.parametrize("what", ["paused", "at its end", "waiting for its store"])
def test_a_partition_that_need_not_move_is_not_stalled(what: str) -> None:
    of, _ = with_consumer(stalled_after_ms=2_000)
    connector = connector_of(of)
    if what == "paused":
        of.workers[0].pause()
        of.step()
        produce(of, P0, 0)
    elif what == "waiting for its store":
        connector.errors["put"] = [RetriableError("busy")]
        connector.errors["open"] = [RetriableError("busy")] * 10
        produce(of, P0, 0)
    of.run(100)
    assert state(of.workers[0]) is State.OPEN
    assert connector.errors["open"] == []


def test_a_poll_waits_for_records_while_the_task_itself_decides_not_to_flush_yet() -> None:
    """Otherwise a sink that collects for minutes would poll without a pause for minutes."""
    of, consumer = with_consumer()
    connector_of(of).due = lambda: ()
    produce(of, P0, 0)
    of.run(10)
    consumer.waits_ms.clear()
    of.run(10)
    assert set(consumer.waits_ms) == {200}
