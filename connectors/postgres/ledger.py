"""The ledger in a table beside the offsets: every step that an offset took.

Owns reading and trimming its rows. They are written, and counted anew, by the statements that move the
offsets. Must not know the data.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from psycopg import errors

from connectors.postgres.own_table import make_sure_of
from connectors.postgres.queries import identifier, statement
from connectors.postgres.session import Session
from sinkworker.api import LedgerEntry, TopicPartition

log = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Rows, and of one partition.
TRIMMED_AT_ONCE, TRIMMED_OF_ONE = 10_000, 1_000


class Ledger:
    """The ledger of one connector, through one session."""

    def __init__(self, session: Session, table: str, connector: str, kept_ms: int) -> None:
        """kept_ms: how long rows are kept; -1: for ever."""
        self._session, self._table, self._connector = session, table, connector
        self._kept_ms = kept_ms
        self.identifier = identifier(table)

    def create(self) -> None:
        make_sure_of(self._session, self._table, self._statement("create"))

    def read(self, limit: int) -> Sequence[LedgerEntry]:
        """The newest rows, newest first."""
        rows = self._execute("read", limit=limit).fetchall()
        return [
            LedgerEntry._make((TopicPartition(topic, partition), *rest, _ms(at)))
            for topic, partition, *rest, at in rows
        ]

    def trim(self) -> bool:
        """Delete old rows, but not all at once: whether there may be more of them. A role that may not
        do so leaves it to another."""
        if self._kept_ms < 0:
            return False
        limits = {"limit": TRIMMED_AT_ONCE, "of_one": TRIMMED_OF_ONE}
        try:
            number, of_one = self._execute("trim", kept_ms=self._kept_ms, **limits).fetchone()
        except errors.InsufficientPrivilege:
            self._kept_ms = -1
            log.warning("This role may not DELETE from %s: somebody else must trim it", self._table)
            return False
        return bool(number == TRIMMED_AT_ONCE or of_one == TRIMMED_OF_ONE)

    def _execute(self, name: LiteralString, **parameters: Any) -> Any:
        return self._session.connection.execute(
            self._statement(name), {"connector": self._connector} | parameters
        )

    def _statement(self, name: LiteralString) -> Any:
        return statement("ledger", name, ledger=self.identifier)


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
