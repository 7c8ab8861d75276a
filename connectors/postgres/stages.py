"""Temporary tables through which rows reach a table by one set statement.

Owns their names and that each is empty when it is used. They live as long as the connection and are
emptied at every commit.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from connectors.postgres.session import Session
from connectors.postgres.tables import Table

Stage = tuple[str, tuple[str, ...], str]


class Stages:
    """The temporary tables of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made: dict[Stage, str] = {}
        self._committed: set[Stage] = set()
        self._used: set[Stage] = set()
        self._generation = 0
        self._count = 0

    def begin(self) -> None:
        """A flush begins, perhaps on another connection than the last."""
        if self._session.generation != self._generation:
            self._generation = self._session.generation
            self._made, self._committed = {}, set()
        self._used = set()

    def commit(self) -> None:
        """What was made in this flush is there to stay."""
        self._committed |= self._used

    def forget(self) -> None:
        """The tables may have changed: their stages are made anew, under other names."""
        self._made = dict.fromkeys(self._made, "")
        self._committed = set()

    def get(
        self, table: Table, columns: Sequence[str], purpose: str, *, numbered_as: str | None = None
    ) -> sql.Identifier:
        """An empty stage with these columns of a table. Called within the flush's transaction.

        numbered_as: the name of a further column, for numbers.
        """
        stage = (table.name, tuple(columns), purpose)
        name = sql.Identifier("pg_temp", self._name(stage))
        if stage not in self._committed:
            self._make(name, table, columns, numbered_as)
        if stage in self._used:
            self._session.connection.execute(sql.SQL("DELETE FROM {}").format(name))
        self._used.add(stage)
        return name

    def _name(self, stage: Stage) -> str:
        if not self._made.get(stage):
            self._count += 1
            self._made[stage] = f"sinkworker_stage_{self._count}"
        return self._made[stage]

    def _make(
        self, name: sql.Identifier, table: Table, columns: Sequence[str], numbered_as: str | None
    ) -> None:
        """The column types of the table, and none of its constraints."""
        query = sql.SQL(
            "CREATE TEMP TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS "
            "SELECT {} FROM {} WITH NO DATA"
        )
        chosen: list[sql.Composable] = [sql.Identifier(column) for column in columns]
        if numbered_as is not None:
            chosen.append(sql.SQL("0 AS {}").format(sql.Identifier(numbered_as)))
        self._session.connection.execute(
            query.format(name, sql.SQL(", ").join(chosen), table.identifier)
        )
