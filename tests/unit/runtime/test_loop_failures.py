"""The loop when the outside fails: back off, reopen, and nothing is lost or there twice."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import ConnectError, FencedError, RetriableError
from sinkworker.runtime.assignment import State
from sinkworker.testing import Harness
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    connector_of,
    produce,
    seen,
    state,
    stored,
)


def running(partitions: int = 1, **plan: Any) -> tuple[Harness, ScriptedConnector]:
    """One worker, everything open."""
    connector = ScriptedConnector()
    of = Harness(connector, partitions=partitions, **plan)
    of.start()
    of.run(2)
    return of, connector


# one recovery path


@pytest.mark.parametrize("error", [RetriableError("the store is busy"), FencedError("moved")])
@pytest.mark.parametrize("call", ["open", "put", "flush"])
def test_a_failed_call_leads_to_close_and_open_and_nothing_is_lost_or_twice(
    call: str, error: ConnectError
) -> None:
    of, connector = running(partitions=2)
    produce(of, P0, 0, 1)
    produce(of, P1, 0)
    connector.errors[call] = [error, error]
    if call == "open":
        connector.errors["flush"] = [error]
    of.run(20)
    assert connector.errors[call] == []
    produce(of, P0, 2)
    of.run(5)
    assert (seen(of, P0), seen(of, P1)) == ([0, 1, 2], [0])
    assert (stored(of, P0), stored(of, P1)) == (3, 1)


def test_a_failure_drops_every_open_partition_once_and_claims_it_anew() -> None:
    of, connector = running(partitions=2)
    connector.calls.clear()
    produce(of, P0, 0)
    connector.errors["flush"] = [RetriableError("busy")]
    of.run(10)
    calls = [call for call in connector.calls if call[0] != "due"]
    assert calls == [
        ("put", [P0]), ("flush", [P0]), ("close", [P0, P1]),
        ("open", [P0, P1]), ("put", [P0]), ("flush", [P0]),
    ]  # fmt: skip
    assert of.workers[0].status().counters.reopened == 2


def test_nothing_is_opened_before_the_back_off_is_over_and_polling_goes_on() -> None:
    of, connector = running()
    produce(of, P0, 0)
    connector.errors["put"] = [RetriableError("busy")]
    of.step(pass_ms=299)
    of.step(pass_ms=1)
    assert len(connector.called("open")) == 1
    assert state(of.workers[0]) is State.CLAIMING
    of.step()
    assert len(connector.called("open")) == 2
    assert state(of.workers[0]) is State.OPEN


def test_an_unknown_commit_that_did_not_happen_is_repeated_from_its_start() -> None:
    of, connector = running()
    produce(of, P0, 0, 1, 2)
    with connector.store.failing("before the commit"):
        of.step(1_000)
        of.step(1_000)
    assert seen(of) == []
    of.run(5)
    assert (seen(of), stored(of)) == ([0, 1, 2], 3)


def test_an_unknown_commit_that_happened_is_not_repeated() -> None:
    of, connector = running()
    produce(of, P0, 0, 1, 2)
    with connector.store.failing("after the commit"):
        of.step(1_000)
        of.step(1_000)
    assert seen(of) == [0, 1, 2]
    produce(of, P0, 3)
    of.run(5)
    assert (seen(of), stored(of)) == ([0, 1, 2, 3], 4)


@pytest.mark.parametrize("point", ["on open", "on read"])
def test_a_store_that_is_away_for_long_is_waited_for(point: str) -> None:
    of = Harness(ScriptedConnector())
    worker = of.start()
    produce(of, P0, 0)
    with connector_of(of).store.failing(point):
        of.run(600)
        assert state(worker) is State.CLAIMING
    of.run(30)
    assert seen(of) == [0]


def test_reading_goes_on_where_the_store_says_not_where_the_batch_began() -> None:
    """Two flushes: the first is stored, the second fails; the third begins after the first."""
    of, connector = running()
    produce(of, P0, 0, 1)
    of.run(3)
    connector.errors["flush"] = [RetriableError("busy")]
    produce(of, P0, 2, 3)
    of.run(10)
    assert seen(of) == [0, 1, 2, 3]


def test_retries_and_fences_are_counted() -> None:
    of, connector = running()
    produce(of, P0, 0)
    connector.errors["flush"] = [RetriableError("busy"), FencedError("moved")]
    of.run(10)
    counters = of.workers[0].status().counters
    assert (counters.retries, counters.fenced, counters.reopened) == (1, 1, 2)


# giving up


def test_after_errors_retry_timeout_the_task_fails_and_says_why() -> None:
    of, connector = running(retry_timeout_ms=5_000)
    produce(of, P0, 0)
    connector.errors["flush"] = [RetriableError("busy")]
    with connector.store.failing("on open"), pytest.raises(ConnectError) as failed:
        of.run(20)
    assert str(failed.value) == (
        "Gave up after 5 failures in a row (errors.retry.timeout): the store went away on open"
    )
    assert isinstance(failed.value.__cause__, RetriableError)


def test_without_a_time_out_it_never_gives_up() -> None:
    of, connector = running()
    with connector.store.failing("on open"):
        connector.errors["put"] = [RetriableError("busy")]
        produce(of, P0, 0)
        of.run(2_000)
    of.run(20)
    assert seen(of) == [0]


def test_a_success_in_between_begins_the_time_out_anew() -> None:
    of, connector = running(retry_timeout_ms=5_000)
    for offset in range(20):
        produce(of, P0, offset)
        connector.errors["flush"] = [RetriableError("busy")]
        of.run(5)
    assert seen(of) == list(range(20))


def test_attempts_that_take_long_are_one_run_that_is_given_up() -> None:
    """A flush that times out after four minutes, again and again: nothing succeeds in between."""
    of, connector = running(retry_timeout_ms=3_600_000)
    connector.before["flush"] = lambda: of.clock.pass_ms(240_000)
    produce(of, P0, 0)
    connector.errors["flush"] = [RetriableError("timed out")] * 100
    with pytest.raises(ConnectError, match=r"errors\.retry\.timeout"):
        of.run(400)


@pytest.mark.parametrize("call", ["open", "put", "flush"])
@pytest.mark.parametrize("error", [ConnectError("no such table"), ZeroDivisionError()])
def test_what_reopening_does_not_mend_ends_the_loop(call: str, error: Exception) -> None:
    connector = ScriptedConnector()
    of = Harness(connector)
    produce(of, P0, 0)
    connector.errors[call] = [error]
    of.start()
    with pytest.raises(type(error)) as failed:
        of.run(5)
    assert failed.value is error
    assert seen(of) == []


def test_a_retriable_failure_of_due_is_retried_as_that_of_any_other_call() -> None:
    of, connector = running()
    connector.errors["due"] = [RetriableError("busy")]
    produce(of, P0, 0)
    of.run(10)
    assert seen(of) == [0]


def test_a_task_whose_open_failed_is_closed_before_it_is_opened_again() -> None:
    """So says the contract in `sinkworker.api.connector`; `open` may have begun with some."""
    connector = ScriptedConnector()
    connector.errors["open"] = [RetriableError("busy")]
    of = Harness(connector)
    of.start()
    of.run(5)
    calls = [call for call in connector.calls if call[0] in ("open", "close") and call[1]]
    assert calls == [("open", [P0]), ("close", [P0]), ("open", [P0])]
