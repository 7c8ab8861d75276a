"""The worker: all tasks of all connectors, one thread each.

Owns starting, stopping and looking at tasks. Must not know what a task does. There is no supervisor:
for more CPU the same file is started again, and Kafka's group divides the partitions.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from sinkworker.runtime import logs
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.status import TaskState, TaskStatus
from sinkworker.runtime.task_runner import TaskRunner

log = logging.getLogger(__name__)


class TaskId(NamedTuple):
    connector: str
    task: int

    def __str__(self) -> str:
        return f"{self.connector}-{self.task}"


class Worker:
    """Threads and their mailboxes. Every method is for the main thread."""

    def __init__(self) -> None:
        self._runners: dict[TaskId, TaskRunner] = {}
        self._mailboxes: dict[TaskId, Mailbox] = {}
        self._threads: dict[TaskId, threading.Thread] = {}

    def add(self, task: TaskId, runner: TaskRunner, mailbox: Mailbox) -> None:
        self._runners[task], self._mailboxes[task] = runner, mailbox

    def start(self) -> None:
        for task, runner in self._runners.items():
            # Daemons: a plugin that hangs must not keep the process from ending.
            thread = threading.Thread(
                target=_run, args=(task, runner), name=f"{task.connector}|task-{task.task}", daemon=True
            )  # fmt: skip
            self._threads[task] = thread
            thread.start()

    def tell(self, command: Command, tasks: Sequence[TaskId] | None = None) -> None:
        """Post a command to these tasks, or to all."""
        for task in self._mailboxes if tasks is None else tasks:
            self._mailboxes[task].post(command)

    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads.values())

    def wait(self, seconds: float) -> bool:
        """Whether every thread has ended within this time."""
        deadline = time.monotonic() + seconds
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        return not self.is_running()

    def statuses(self) -> dict[TaskId, TaskStatus]:
        return {task: runner.board.status for task, runner in self._runners.items()}

    def failed(self) -> list[TaskId]:
        """Tasks whose threads ended with a failure."""
        return [
            task
            for task, status in self.statuses().items()
            if status.state is TaskState.FAILED and not self._threads[task].is_alive()
        ]


def _run(task: TaskId, runner: TaskRunner) -> None:
    logs.belong_to(task.connector, task.task)
    runner.run()
