"""The life of a task: connecting, running, failing, and letting go."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from sinkworker.api import ConnectError, OffsetStore, RetriableError
from sinkworker.runtime.assembly import Lasting, assemble
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.ports import ClientStalledError
from sinkworker.runtime.restarts import RestartPolicy
from sinkworker.runtime.sink_task import Parts
from sinkworker.runtime.status import TaskState, TaskStatus
from sinkworker.runtime.task_runner import TaskRunner
from sinkworker.testing import FakeClock, Harness
from sinkworker.testing.samples import MemoryOffsetStore
from tests.unit.runtime.builders import (
    P0,
    ScriptedConnector,
    ScriptedConsumer,
    plan,
    produce,
    scripted_consumer,
    seen,
)

NO_BROKER = RetriableError("no broker answers")
STALLED = ClientStalledError("alerts-0: there is more to read and nothing is fetched")


class TellingClock(FakeClock):
    """Tells of every sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps: list[int] = []
        self.on_sleep: Callable[[], object] = int

    def sleep_ms(self, duration_ms: int) -> None:
        self.sleeps.append(duration_ms)
        self.on_sleep()
        super().sleep_ms(duration_ms)


class Life:
    """One task and its runner, in the test's own thread. `at[n]` happens in the nth iteration.

    A task that is not told to stop is told so in its 50th iteration.
    """

    def __init__(self, **chosen: Any) -> None:
        self.connector, self.clock, self.mailbox = ScriptedConnector(), TellingClock(), Mailbox()
        self.harness = Harness(self.connector)
        self.plan = plan(self.connector, **chosen)
        self._lasting = Lasting(self.plan.backoff(), self.clock)
        backoff = self._lasting.backoff
        self.runner = TaskRunner(
            self._make_parts, backoff, self.clock, self.mailbox, self.plan.restarts
        )
        self.cannot_connect: list[BaseException] = []
        self.consumers: list[ScriptedConsumer] = []
        self.seen_on_board: list[TaskStatus] = []
        self.at: dict[int, Callable[[], None]] = {}
        self._iterations = 0
        self.connector.due = self._iterate

    def _make_parts(self) -> Parts:
        if self.cannot_connect:
            raise self.cannot_connect.pop(0)
        self.consumers.append(scripted_consumer(self.harness))
        return assemble(self.plan, 0, self.consumers[-1], self._lasting)

    def _iterate(self) -> None:
        self._iterations += 1
        self.clock.pass_ms(200)
        self.seen_on_board.append(self.runner.board.status)
        if self._iterations in self.at:
            self.at[self._iterations]()
        if self._iterations == 50:
            self.stop()

    def stop(self) -> None:
        self.mailbox.post(Command.STOP)

    def stall(self) -> None:
        self.consumers[-1].errors["poll"] = [STALLED]

    def run(self) -> TaskStatus:
        self.runner.run()
        return self.runner.board.status

    def states(self) -> list[TaskState]:
        return [status.state for status in self.seen_on_board]


@pytest.fixture
def life() -> Life:
    return Life()


def test_a_task_runs_until_told_to_stop_and_lets_everything_go(life: Life) -> None:
    produce(life.harness, P0, 0, 1)
    status = life.run()
    assert (status.state, status.trace) == (TaskState.UNASSIGNED, None)
    assert TaskState.RUNNING in life.states()
    assert seen(life.harness) == [0, 1]
    assert life.consumers[0].is_closed
    assert life.connector.calls[-1] == ("stop", [])


def test_a_task_told_to_stop_before_it_began_connects_to_nothing(life: Life) -> None:
    life.stop()
    assert life.run().state is TaskState.UNASSIGNED
    assert life.consumers == []


# failures


@pytest.mark.parametrize("error", [ConnectError("no such table"), ZeroDivisionError("by zero"),
                                   SystemExit(3), KeyboardInterrupt()])  # fmt: skip
def test_a_failure_is_told_with_its_trace_and_the_consumer_leaves(
    life: Life, error: BaseException
) -> None:
    produce(life.harness, P0, 0)
    life.connector.errors["flush"] = [error]
    status = life.run()
    assert status.state is TaskState.FAILED
    assert status.trace is not None
    assert status.trace.startswith("Traceback (most recent call last):\n")
    assert type(error).__name__ in status.trace
    assert str(error) in status.trace
    assert life.consumers[0].is_closed
    assert life.connector.calls[-1] == ("stop", [])


@pytest.mark.parametrize(
    ("error", "line"),
    [(ConnectError("no such\n table"), "The task failed. no such table"),
     (ZeroDivisionError("by zero"), "The task failed")],
)  # fmt: skip
def test_a_failure_is_logged_with_a_trace_only_where_that_is_news(
    life: Life, error: Exception, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    life.connector.errors["open"] = [error]
    with caplog.at_level(logging.ERROR):
        life.run()
    assert caplog.messages == [line]
    assert bool(caplog.records[0].exc_info) == (not isinstance(error, ConnectError))


@pytest.mark.parametrize("error", [RuntimeError("cannot close"), RetriableError("busy")])
def test_a_task_that_does_not_stop_cleanly_has_stopped_all_the_same(
    life: Life, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[OffsetStore] = []
    monkeypatch.setattr(MemoryOffsetStore, "close", lambda store: closed.append(store))
    life.connector.errors["stop"] = [error]
    assert life.run().state is TaskState.UNASSIGNED
    assert len(closed) == 1


def test_a_task_that_cannot_be_made_leaves_no_consumer_behind(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life.connector, "create_task", lambda _: 1 // 0)
    assert life.run().state is TaskState.FAILED
    assert life.consumers[0].is_closed


def test_a_task_that_waits_for_its_store_says_so(life: Life) -> None:
    life.connector.errors["open"] = [RetriableError("the store is busy")]
    life.run()
    shown = [(status.state, status.trace) for status in life.seen_on_board]
    assert (TaskState.RUNNING, "the store is busy") in shown


def test_a_task_that_is_open_again_no_longer_says_what_it_waited_for(life: Life) -> None:
    life.connector.errors["open"] = [RetriableError("the store is busy")]
    life.run()
    assert life.seen_on_board[-1].trace is None


# connecting


def test_kafka_that_does_not_answer_is_waited_for_with_the_back_off(life: Life) -> None:
    life.cannot_connect = [NO_BROKER] * 3
    produce(life.harness, P0, 0)
    life.run()
    assert sum(life.clock.sleeps) == 300 + 600 + 1_200
    assert max(life.clock.sleeps) == 200
    assert seen(life.harness) == [0]


def test_a_task_that_waits_for_kafka_says_so(life: Life) -> None:
    shown = []
    life.clock.on_sleep = lambda: shown.append(life.runner.board.status)
    life.cannot_connect = [NO_BROKER]
    life.run()
    assert [(status.state, status.trace) for status in shown] == [
        (TaskState.UNASSIGNED, "no broker answers")
    ] * 2


def test_a_task_that_waits_for_kafka_can_be_stopped(life: Life) -> None:
    life.cannot_connect = [NO_BROKER] * 1_000
    life.clock.on_sleep = life.stop
    assert life.run().state is TaskState.UNASSIGNED
    assert len(life.clock.sleeps) == 1


def test_after_errors_retry_timeout_it_gives_up_connecting() -> None:
    life = Life(retry_timeout_ms=60_000)
    life.cannot_connect = [NO_BROKER] * 1_000
    status = life.run()
    assert status.state is TaskState.FAILED
    assert status.trace is not None
    assert status.trace.endswith(
        "sinkworker.api.errors.ConnectError: Gave up (errors.retry.timeout): no broker answers\n"
    )


def test_kafka_that_refuses_is_not_waited_for(life: Life) -> None:
    life.cannot_connect = [ConnectError("not authorized")]
    assert life.run().state is TaskState.FAILED
    assert life.clock.sleeps == []


def test_a_client_that_breaks_while_it_is_made_is_made_again(life: Life) -> None:
    life.cannot_connect = [ClientStalledError("Subscribing: the client broke")]
    produce(life.harness, P0, 0)
    assert life.run().state is TaskState.UNASSIGNED
    assert seen(life.harness) == [0]


# a new client


def test_a_stalled_client_is_replaced_and_nothing_is_lost_or_twice(life: Life) -> None:
    produce(life.harness, P0, 0, 1)
    life.at = {4: life.stall, 20: lambda: produce(life.harness, P0, 2)}
    assert life.run().state is TaskState.UNASSIGNED
    assert [consumer.is_closed for consumer in life.consumers] == [True, True]
    assert [call for call, _ in life.connector.calls].count("stop") == 2
    assert seen(life.harness) == [0, 1, 2]


def test_the_counters_go_on_over_a_new_client(life: Life) -> None:
    produce(life.harness, P0, 0, 1)
    life.at = {10: life.stall}
    counters = life.run().counters
    assert (counters.client_rebuilds, counters.records) == (1, 2)


def test_a_task_told_to_stop_when_its_client_stalls_stops(life: Life) -> None:
    def stop_and_stall() -> None:
        life.stop()
        life.stall()

    life.at = {4: stop_and_stall}
    assert life.run().state is TaskState.UNASSIGNED
    assert len(life.consumers) == 1


def test_a_paused_task_is_still_paused_with_its_new_client(life: Life) -> None:
    life.at = {4: lambda: life.mailbox.post(Command.PAUSE), 10: life.stall,
               20: lambda: produce(life.harness, P0, 0)}  # fmt: skip
    life.run()
    assert life.states()[-1] is TaskState.PAUSED
    assert seen(life.harness) == []


def test_a_task_told_to_pause_before_it_connected_is_paused(life: Life) -> None:
    life.mailbox.post(Command.PAUSE)
    produce(life.harness, P0, 0)
    life.run()
    assert life.states()[-1] is TaskState.PAUSED
    assert seen(life.harness) == []


def test_clients_that_break_at_once_are_not_made_without_a_pause(life: Life) -> None:
    life.at = dict.fromkeys(range(1, 6), life.stall)
    life.run()
    assert len(life.consumers) == 6
    assert life.clock.sleeps != []


# restarts

TWICE = RestartPolicy(most=2, backoff_ms=1_000, backoff_max_ms=60_000)


def test_a_failed_task_begins_anew_as_often_as_it_may(caplog: pytest.LogCaptureFixture) -> None:
    life = Life(restarts=TWICE)
    life.connector.errors["put"] = [ConnectError("no such table")] * 3
    produce(life.harness, P0, 0)
    with caplog.at_level(logging.INFO):
        status = life.run()
    assert status.state is TaskState.FAILED
    assert len(life.consumers) == 3
    assert sum(life.clock.sleeps) == 3_000
    assert [m for m in caplog.messages if m.startswith("Restarting")] == [
        "Restarting the task in 1000 ms (restart 1, task.restart.max=2)",
        "Restarting the task in 2000 ms (restart 2, task.restart.max=2)",
    ]


def test_a_restart_that_mends_it_goes_on_where_it_was() -> None:
    life = Life(restarts=TWICE)
    life.connector.errors["put"] = [ConnectError("no such table")]
    produce(life.harness, P0, 0, 1)
    assert life.run().state is TaskState.UNASSIGNED
    assert seen(life.harness) == [0, 1]


def test_success_makes_all_restarts_possible_again() -> None:
    life = Life(restarts=RestartPolicy(most=1, backoff_ms=1_000, backoff_max_ms=1_000))
    life.connector.errors["put"] = [ConnectError("one")]
    produce(life.harness, P0, 0)

    def fail_again() -> None:
        life.connector.errors["put"] = [ConnectError("two")]
        produce(life.harness, P0, 1)

    life.at[20] = fail_again
    assert life.run().state is TaskState.UNASSIGNED
    assert (seen(life.harness), len(life.consumers)) == ([0, 1], 3)


def test_a_task_that_waits_to_begin_anew_is_failed_and_obeys() -> None:
    life = Life(restarts=TWICE)
    life.connector.errors["put"] = [ConnectError("no such table")]
    produce(life.harness, P0, 0)
    states = []

    def stop() -> None:
        states.append(life.runner.board.status.state)
        life.stop()

    life.clock.on_sleep = stop
    status = life.run()
    assert (status.state, states) == (TaskState.FAILED, [TaskState.FAILED])
    assert len(life.consumers) == 1


def test_what_retries_gave_up_is_tried_again_after_a_restart() -> None:
    life = Life(restarts=TWICE, retry_timeout_ms=0)
    life.connector.errors["flush"] = [RetriableError("busy")]
    produce(life.harness, P0, 0)
    assert life.run().state is TaskState.UNASSIGNED
    assert seen(life.harness) == [0]
