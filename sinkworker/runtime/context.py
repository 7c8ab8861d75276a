"""What a task is given by the engine.

Owns the names of a task and what becomes of a record it reports. Must not know the loop.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

from sinkworker.api import ErrantRecord, RecordRejectedError, SinkRecord, Stage, TopicPartition
from sinkworker.runtime.tolerance import Tolerance, sentence


@dataclass(slots=True)
class TaskContext:
    """Implements `sinkworker.api.SinkTaskContext`. `reported` counts what was tolerated."""

    name: str
    task: int
    flush_timeout_ms: int
    tolerance: Tolerance
    owner: str = field(init=False)
    reported: int = 0

    def __post_init__(self) -> None:
        self.owner = f"{self.name}-{self.task}@{socket.gethostname()}:{os.getpid()}"

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> None:
        errant = ErrantRecord(
            source, record.offset, Stage.TASK_PUT, error, record.timestamp, None, None, ()
        )
        if not self.tolerance.accepts(errant):
            raise RecordRejectedError(source, record.offset, sentence(errant)) from error
        self.reported += 1
