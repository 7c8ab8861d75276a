"""A sink that stores no offsets and says so: it appends lines to a file.

Only tests install it, by putting this folder on the path of a worker.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sinkworker.api import (
    Advance,
    Claim,
    ConnectorConfig,
    Delivery,
    Offset,
    SinkConnector,
    SinkTask,
    SinkTaskContext,
    TopicPartition,
)
from sinkworker.api.connector import Batches, BufferedSinkTask


class AppendsConfig(ConnectorConfig):
    file: Path
    """Where the lines go."""


class AppendsTask(BufferedSinkTask):
    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        return {partition: Claim(start, 1) for partition, start in starts.items()}

    def write(self, batches: Batches, advances: Mapping[TopicPartition, Advance]) -> None:
        values = [record.value for records in batches.values() for record in records]
        with self._file.open("a") as file:  # a line that a kill cut has no end, and is ended here
            file.write("\n" + "".join(f"{value};\n" for value in values))
            file.flush()
            os.fsync(file.fileno())


class AppendsSink(SinkConnector[AppendsConfig]):
    config_class = AppendsConfig
    delivery = Delivery.AT_LEAST_ONCE

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return AppendsTask(self.config.file)
