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
    """Any thread posts; the task's thread drains, at least a few times a second."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Command] = SimpleQueue()

    def post(self, command: Command) -> None:
        self._queue.put(command)

    def drain(self) -> Iterator[Command]:
        while True:
            try:
                yield self._queue.get_nowait()
            except Empty:
                return
