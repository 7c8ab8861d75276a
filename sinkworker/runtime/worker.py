"""The worker: all tasks of all connectors, one thread each.

Owns starting, stopping, replacing and looking at tasks. Must not know what a task does. There is no
supervisor: for more CPU the same file is started again, and Kafka's group divides the partitions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sinkworker.runtime import logs
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.status import TaskState, TaskStatus
from sinkworker.runtime.task_runner import TaskRunner

PREDECESSOR_ENDS_WITHIN_SECONDS = 60.0


class TaskId(NamedTuple):
    connector: str
    task: int

    def __str__(self) -> str:
        return f"{self.connector}-{self.task}"


@dataclass(frozen=True)
class Task:
    """One task and its thread, which may not have started, or may have ended."""

    runner: TaskRunner
    mailbox: Mailbox
    thread: threading.Thread


class Worker:
    """Threads and their mailboxes. Any thread may look; one at a time may add, start or remove."""

    def __init__(self) -> None:
        # Replaced, never changed: who looks needs no lock.
        self._tasks: Mapping[TaskId, Task] = {}
        self._leaving: Mapping[TaskId, threading.Thread] = {}
        self._is_ending = False

    def add(self, task: TaskId, runner: TaskRunner, mailbox: Mailbox) -> None:
        """A task to be started. One of that id is removed; the new one waits for its end."""
        self.remove([task])
        before = self._leaving.get(task)
        # Daemons: a plugin that hangs must not keep the process from ending.
        name = f"{task.connector}|task-{task.task}"
        thread = threading.Thread(target=_run, args=(task, runner, before), name=name, daemon=True)
        self._tasks = {**self._tasks, task: Task(runner, mailbox, thread)}
        if self._is_ending:
            mailbox.post(Command.STOP)

    def start(self, tasks: Iterable[TaskId] | None = None) -> None:
        for task in self._tasks if tasks is None else tasks:
            self._tasks[task].thread.start()

    def remove(self, tasks: Iterable[TaskId]) -> None:
        """Tell these to stop, and show them no longer. Their last flush goes on meanwhile."""
        removed = {task: self._tasks[task] for task in tasks if task in self._tasks}
        for each in removed.values():
            each.mailbox.post(Command.STOP)
        leaving = {**self._leaving, **{task: each.thread for task, each in removed.items()}}
        self._leaving = {task: thread for task, thread in leaving.items() if thread.is_alive()}
        self._tasks = {task: each for task, each in self._tasks.items() if task not in removed}

    def end(self) -> None:
        """Tell all tasks to stop, also those that are added from now on."""
        self._is_ending = True
        self.tell(Command.STOP)

    def tell(self, command: Command, tasks: Iterable[TaskId] | None = None) -> None:
        """Post a command to these tasks, or to all."""
        for task in self._tasks if tasks is None else tasks:
            self._tasks[task].mailbox.post(command)

    def tasks(self, connector: str) -> list[TaskId]:
        return [task for task in self._tasks if task.connector == connector]

    def leaving(self, connector: str) -> list[TaskId]:
        """Tasks that were removed and have not ended yet."""
        leaving = self._leaving.items()
        return [task for task, it in leaving if task.connector == connector and it.is_alive()]

    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads())

    def wait(self, seconds: float) -> bool:
        """Whether every thread has ended within this time."""
        deadline = time.monotonic() + seconds
        for thread in self._threads():
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not self.is_running()

    def _threads(self) -> list[threading.Thread]:
        return [*(task.thread for task in self._tasks.values()), *self._leaving.values()]

    def statuses(self) -> dict[TaskId, TaskStatus]:
        return {task: each.runner.board.status for task, each in self._tasks.items()}

    def silent(self, seconds: float) -> list[TaskId]:
        """Tasks whose threads live, and have not turned for so long."""
        since = time.monotonic() - seconds
        tasks = self._tasks.items()
        return [
            task
            for task, each in tasks
            if each.thread.is_alive() and each.runner.board.pinned_at < since
        ]

    def failed(self) -> list[TaskId]:
        """Tasks whose threads ended with a failure."""
        tasks = self._tasks
        return [
            task
            for task, status in self.statuses().items()
            if status.state is TaskState.FAILED
            and task in tasks
            and not tasks[task].thread.is_alive()
        ]


def _run(task: TaskId, runner: TaskRunner, before: threading.Thread | None) -> None:
    logs.belong_to(task.connector, task.task)
    if before is not None:
        before.join(PREDECESSOR_ENDS_WITHIN_SECONDS)  # longer, and the store's fence decides
    runner.run()
