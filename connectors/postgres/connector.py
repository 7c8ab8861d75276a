"""The Postgres sink's entry point.

Owns how its parts fit together, and the check before anything starts.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.postgres.audit import PostgresAudit
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.dead_letters import LetterTable
from connectors.postgres.offsets import OffsetTable, PostgresOffsetStore
from connectors.postgres.replay import PostgresLetterStore
from connectors.postgres.rewriting import PostgresRewriter, refuse_unless_exact
from connectors.postgres.session import Session
from connectors.postgres.task import PostgresSinkTask
from sinkworker.api import (
    Audit,
    Coordinates,
    DeadLetterStore,
    OffsetStore,
    Rewriter,
    SinkConnector,
    SinkTask,
    SinkTaskContext,
)

OPERATOR_TIMEOUT_MS = 10_000
REPLAY_TIMEOUT_MS = 60_000
AUDIT_TIMEOUT_MS = 600_000


class PostgresSinkConnector(SinkConnector[PostgresSinkConfig]):
    """Rows and offsets in one transaction."""

    config_class = PostgresSinkConfig

    def check(self) -> None:
        session = Session(self.config, f"{self.name} check", OPERATOR_TIMEOUT_MS)
        try:
            session.open()
        finally:
            session.close()

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        # A flush is a few statements; together they must end before the group loses patience.
        session = Session(self.config, f"{self.name} {context.task}", context.flush_timeout_ms // 3)
        table = OffsetTable(session, self.config, self.name, context.config_hash)
        return PostgresSinkTask(self.config, session, table, self._letters(session), context)

    def _letters(self, session: Session) -> LetterTable | None:
        table = self.config.errors_deadletterqueue_table
        return LetterTable(session, table, self.name) if table else None

    def dead_letters(self) -> DeadLetterStore | None:
        if not self.stores_dead_letters:
            return None
        session = Session(self.config, f"{self.name} dead letters", REPLAY_TIMEOUT_MS)
        return PostgresLetterStore(self.config, session, self.name, REPLAY_TIMEOUT_MS)

    @property
    def stores_dead_letters(self) -> bool:
        return bool(self.config.errors_deadletterqueue_table)

    def audit(self, coordinates: Coordinates | None = None, places: Sequence[str] = ()) -> Audit:
        session = Session(self.config, f"{self.name} audit", AUDIT_TIMEOUT_MS)
        offsets = OffsetTable(session, self.config, self.name)
        try:
            return PostgresAudit(self.config, session, offsets, coordinates, places).taken()
        finally:
            session.close()

    def rewriter(
        self, context: SinkTaskContext, coordinates: Coordinates | None = None, *,
        deletes_first: bool = False,
    ) -> Rewriter:  # fmt: skip
        columns = self.config.kafka_coordinates or coordinates
        refuse_unless_exact(self.config, columns, deletes_first=deletes_first)
        session = Session(self.config, f"{self.name} replay", REPLAY_TIMEOUT_MS)
        cleared = columns if deletes_first else None
        return PostgresRewriter(self.config, session, self._letters(session), context, cleared)

    def offset_store(self) -> OffsetStore:
        session = Session(self.config, f"{self.name} offsets", OPERATOR_TIMEOUT_MS)
        return PostgresOffsetStore(session, OffsetTable(session, self.config, self.name))
