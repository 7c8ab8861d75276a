"""A sink that is wrong on purpose: it stores the offsets of a flush before its rows.

Only tests install it, by putting this folder on the path of a worker. Nothing is lost as long as
nobody kills it.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.postgres import PostgresSinkConnector
from connectors.postgres.connector import OPERATOR_TIMEOUT_MS
from connectors.postgres.offsets import OffsetTable
from connectors.postgres.session import Session
from connectors.postgres.task import PostgresSinkTask
from sinkworker.api import Advance, SinkTask, SinkTaskContext, TopicPartition
from sinkworker.api.connector import Batches


class CommitsTooEarlyTask(PostgresSinkTask):
    """The rows of each flush are written with the next one, or at the end."""

    _late: Batches = {}

    def write(self, batches: Batches, advances: Mapping[TopicPartition, Advance]) -> None:
        late, self._late = self._late, batches
        super().write(late, advances)

    def stop(self) -> None:
        self.write({}, {})
        super().stop()


class CommitsTooEarlySink(PostgresSinkConnector):
    def create_task(self, context: SinkTaskContext) -> SinkTask:
        session = Session(self.config, f"{self.name} {context.task}", OPERATOR_TIMEOUT_MS)
        table = OffsetTable(session, self.config, self.name)
        return CommitsTooEarlyTask(self.config, session, table, None, context)
