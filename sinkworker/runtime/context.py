"""What a task is given by the engine.

Owns the names of a task and what becomes of a record it reports. Must not know the loop.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field

from sinkworker.api import ErrantRecord, RecordRejectedError, SinkRecord, Stage, TopicPartition
from sinkworker.runtime.tolerance import Tolerance, sentence


@dataclass(slots=True)
class TaskContext:
    """Implements `sinkworker.api.SinkTaskContext`."""

    name: str
    task: int
    flush_timeout_ms: int
    tolerance: Tolerance
    owner: str = field(init=False)
    _reported: int = 0

    def __post_init__(self) -> None:
        # Host and process say where to look; containers may share both, hence the last part.
        where = f"{socket.gethostname()}:{os.getpid()}"
        self.owner = f"{self.name}-{self.task}@{where}:{secrets.token_hex(3)}"

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> None:
        errant = ErrantRecord(
            source, record.offset, Stage.TASK_PUT, error, record.timestamp, None, None, ()
        )
        if not self.tolerance.accepts(errant):
            raise RecordRejectedError(source, record.offset, sentence(errant)) from error
        self._reported += 1

    def take_reported(self) -> int:
        """How many records were reported and tolerated since the last call."""
        count, self._reported = self._reported, 0
        return count
