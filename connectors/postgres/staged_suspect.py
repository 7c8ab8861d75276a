"""One row of a stage that is suspected: all others are written, if it alone is bad.

Owns the proof, by the stage that is there already: what was sent once is not sent again. Must not know
which statements write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString, NamedTuple

import psycopg
from psycopg import sql

from connectors.postgres.failures import FAILURES, Kind, kind_of, rejection
from connectors.postgres.savepoints import savepoint
from connectors.postgres.session import Session

Write = Callable[[sql.Composable], None]
"""Writes what is in a stage, or in what stands for one in a FROM."""


class StagedSuspect(NamedTuple):
    """keys: a stage that holds nothing but its key. same: that rows of t and s have the same key."""

    stage: sql.Identifier
    keys: sql.Identifier
    same: sql.Composed

    def reason_to_leave_out(self, session: Session, write: Write) -> str | None:
        """None when it, or another one, is not clearly to blame: then all is to be rolled back.

        It has to be refused before all others and after them, so that none provides what it lacks.
        """
        if self._refusal(session, write) is None:
            return None
        try:
            write(self._rows("NOT EXISTS"))
        except FAILURES as error:
            if kind_of(error) is not Kind.DATA:
                raise
            return None
        return self._refusal(session, write)

    def _refusal(self, session: Session, write: Write) -> str | None:
        """Why it is not written by itself."""
        try:
            with savepoint(session.connection):
                write(self._rows("EXISTS"))
        except psycopg.IntegrityError as error:
            is_dependent = isinstance(error, psycopg.errors.ForeignKeyViolation)
            return None if is_dependent else rejection(error)
        return None

    def _rows(self, are: LiteralString) -> sql.Composed:
        query = sql.SQL("(SELECT * FROM {} AS s WHERE {} (SELECT FROM {} AS t WHERE {}))")
        return query.format(self.stage, sql.SQL(are), self.keys, self.same)
