"""What a task is given by the engine.

Owns the names of a task. Must not know the loop, nor what becomes of a record that is reported.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field

from sinkworker.api import ErrantRecord, SinkRecord, TopicPartition
from sinkworker.runtime.errants import Errants


@dataclass(slots=True)
class TaskContext:
    """Implements `sinkworker.api.SinkTaskContext`."""

    name: str
    task: int
    flush_timeout_ms: int
    errants: Errants
    config_hash: str = ""
    owner: str = field(init=False)

    def __post_init__(self) -> None:
        # Host and process say where to look; containers may share both, hence the last part.
        where = f"{socket.gethostname()}:{os.getpid()}"
        self.owner = f"{self.name}-{self.task}@{where}:{secrets.token_hex(3)}"

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> ErrantRecord:
        return self.errants.report(source, record, error)
