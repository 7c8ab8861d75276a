"""Commands to a task from other threads.

Owns the one queue through which others reach a task's thread. Must not know what commands do.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from queue import Empty, SimpleQueue


class Command(Enum):
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


class Mailbox:
    """Any thread posts; the task's thread drains, at least a few times a second.

    is_stopping, is_paused: what was drained so far amounts to. These orders stand, whichever part of
    the task's thread happened to drain them.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[Command] = SimpleQueue()
        self.is_stopping = self.is_paused = False

    def post(self, command: Command) -> None:
        self._queue.put(command)

    def drain(self) -> Iterator[Command]:
        while True:
            try:
                command = self._queue.get_nowait()
            except Empty:
                return
            if command is Command.STOP:
                self.is_stopping = True
            else:
                self.is_paused = command is Command.PAUSE
            yield command
