"""The worker: threads and their mailboxes, statuses, and who failed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from random import Random

import pytest

from sinkworker.api import ConnectError
from sinkworker.runtime.assembly import Lasting, assemble
from sinkworker.runtime.backoff import Backoff
from sinkworker.runtime.clock import SystemClock
from sinkworker.runtime.logs import _add_context
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.status import TaskState
from sinkworker.runtime.task_runner import TaskRunner
from sinkworker.runtime.worker import TaskId, Worker
from sinkworker.testing import Harness
from tests.services.process import wait_until
from tests.unit.runtime.builders import P0, ScriptedConnector, plan, produce, seen

LIMIT_SECONDS = 10.0


class Running:
    """A worker with one task for each name, each with a broker and a sink of its own."""

    def __init__(self, *names: str) -> None:
        self.worker, self.clock = Worker(), SystemClock()
        self.harnesses = {name: Harness(ScriptedConnector(name)) for name in names}
        for name, harness in self.harnesses.items():
            mailbox, backoff = Mailbox(), Backoff(1_000, -1, Random(1))
            runner = TaskRunner(self._maker(harness, backoff), backoff, self.clock, mailbox)
            self.worker.add(TaskId(name, 0), runner, mailbox)

    def _maker(self, harness: Harness, backoff: Backoff):  # type: ignore[no-untyped-def]
        made = plan(harness.connector)
        return lambda: assemble(made, 0, harness.consumer(), Lasting(backoff, self.clock))

    def connector(self, name: str) -> ScriptedConnector:
        connector = self.harnesses[name].connector
        assert isinstance(connector, ScriptedConnector)
        return connector

    def state(self, name: str) -> TaskState:
        return self.worker.statuses()[TaskId(name, 0)].state

    def wait_for(self, name: str, state: TaskState) -> None:
        wait_until(lambda: self.state(name) is state, LIMIT_SECONDS, f"{name} to be {state.value}")


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running("one", "two")
    yield made
    made.worker.tell(Command.STOP)
    assert made.worker.wait(LIMIT_SECONDS)


def test_a_task_id_prints_as_connector_and_number() -> None:
    assert str(TaskId("alerts-to-pg", 2)) == "alerts-to-pg-2"


def test_nothing_runs_before_it_is_started(running: Running) -> None:
    assert not running.worker.is_running()
    assert running.worker.wait(0)
    assert {running.state("one"), running.state("two")} == {TaskState.UNASSIGNED}
    assert running.worker.failed() == []


def test_every_task_runs_on_a_thread_of_its_own(running: Running) -> None:
    running.worker.start()
    running.wait_for("one", TaskState.RUNNING)
    running.wait_for("two", TaskState.RUNNING)
    names = {thread.name: thread.daemon for thread in threading.enumerate()}
    assert {name: names[name] for name in ("one|task-0", "two|task-0")} == {
        "one|task-0": True, "two|task-0": True,
    }  # fmt: skip


def test_told_to_stop_all_tasks_flush_and_end(running: Running) -> None:
    produce(running.harnesses["one"], P0, 0, 1)
    running.worker.start()
    wait_until(lambda: running.connector("one").called("put"), LIMIT_SECONDS, "a record put")
    running.worker.tell(Command.STOP)
    assert running.worker.wait(LIMIT_SECONDS)
    assert not running.worker.is_running()
    assert running.worker.failed() == []
    assert seen(running.harnesses["one"]) == [0, 1]
    assert {running.state("one"), running.state("two")} == {TaskState.UNASSIGNED}


def test_a_command_can_be_for_one_task(running: Running) -> None:
    running.worker.start()
    running.wait_for("two", TaskState.RUNNING)
    running.wait_for("one", TaskState.RUNNING)
    running.worker.tell(Command.PAUSE, [TaskId("two", 0)])
    running.wait_for("two", TaskState.PAUSED)
    assert running.state("one") is TaskState.RUNNING
    running.worker.tell(Command.RESUME, [TaskId("two", 0)])
    running.wait_for("two", TaskState.RUNNING)


def test_a_failed_task_is_named_and_the_others_go_on(running: Running) -> None:
    running.connector("one").errors["open"] = [ConnectError("no such table")]
    running.worker.start()
    running.wait_for("one", TaskState.FAILED)
    wait_until(running.worker.failed, LIMIT_SECONDS, "a failed task")
    assert running.worker.failed() == [TaskId("one", 0)]
    assert running.worker.is_running()
    produce(running.harnesses["two"], P0, 0)
    wait_until(lambda: seen(running.harnesses["two"]), LIMIT_SECONDS, "a row of the other task")


def test_a_plugin_that_exits_ends_only_its_task(running: Running) -> None:
    running.connector("one").errors["open"] = [SystemExit(1)]
    running.worker.start()
    running.wait_for("one", TaskState.FAILED)
    running.wait_for("two", TaskState.RUNNING)


def test_a_task_with_a_quarantined_partition_runs_on_and_has_not_failed(running: Running) -> None:
    """It shows FAILED, as Connect's users expect, but its thread lives."""
    running.harnesses["one"].broker.produce(P0, b"no json")
    running.worker.start()
    running.wait_for("one", TaskState.FAILED)
    assert running.worker.failed() == []
    assert running.worker.is_running()


def test_waiting_ends_without_all_tasks_when_the_time_is_over(running: Running) -> None:
    running.worker.start()
    assert not running.worker.wait(0)


def test_what_a_task_logs_names_it(
    running: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caplog.handler, "filters", [_add_context])
    with caplog.at_level(logging.INFO):
        running.worker.start()
        running.wait_for("two", TaskState.RUNNING)
    contexts = {getattr(record, "context", None) for record in caplog.records}
    assert contexts == {"[one|task-0] ", "[two|task-0] "}
