"""Temporary tables through which rows reach a table by one set statement.

Owns their names and that each is empty when it is used. Two a table, whatever the shapes of its
records: every one makes each COMMIT slower. They live as long as the connection and are emptied at
every commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import LiteralString

import psycopg
from psycopg import sql

from connectors.postgres.failures import translated
from connectors.postgres.session import Session
from connectors.postgres.tables import Table
from sinkworker.api import ConnectError

# A further column of every stage, for numbers.
LINE = "sinkworker line"
# Of former attempts, in one stage.
MOST_ROWS = 10_000


class Purpose(Enum):
    """KEYS: to compare, or to delete. ROWS: to write."""

    KEYS = "keys"
    ROWS = "rows"


class Stages:
    """The temporary tables of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._generation = 0
        self._numbers: dict[str, int] = {}
        self._made: Mapping[str, Table] = {}
        self._now: dict[str, Table] = {}
        self._rows: Counter[str] = Counter()

    def begin(self) -> None:
        """A flush begins, perhaps on another connection than the last."""
        if self._session.generation != self._generation:
            self._generation, self._made = self._session.generation, {}
        self._now, self._rows = dict(self._made), Counter()

    def commit(self) -> None:
        """What was made in this flush is there to stay."""
        self._made = self._now

    def make(self, table: Table) -> None:
        """Unless they are there. Called within the flush's transaction, outside of savepoints."""
        if self._now.get(table.name) is table:
            return
        self._numbers.setdefault(table.name, len(self._numbers) + 1)
        try:
            for purpose in Purpose:
                self._make(self._name(table, purpose), table)
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConnectError(
                f"{translated(error, 'making temporary tables')}. Upserts, insert.mode=ignore and views "
                f"need them: GRANT TEMPORARY on the database, and SELECT on {table.name}"
            ) from error
        self._now[table.name] = table

    def get(self, table: Table, purpose: Purpose, rows: int) -> sql.Identifier:
        """An empty one, with all columns of the table, for so many rows."""
        name = self._name(table, purpose)
        if name in self._rows:
            self._execute("DELETE FROM {}", name)
        self._rows[name] += rows
        return sql.Identifier("pg_temp", name)

    def trim(self) -> None:
        """Cut off the rows of former attempts, which every scan still meets. Called between attempts:
        their savepoints would bring them back."""
        for name in [name for name, rows in self._rows.items() if rows > MOST_ROWS]:
            self._execute("TRUNCATE {}", name)
            del self._rows[name]

    def _name(self, table: Table, purpose: Purpose) -> str:
        return f"sinkworker_{purpose.value}_{self._numbers[table.name]}"

    def _make(self, name: str, table: Table) -> None:
        """The column types of the table as it is now, and none of its constraints."""
        self._execute("DROP TABLE IF EXISTS {}", name)
        line = sql.SQL("0 AS {}").format(sql.Identifier(LINE))
        chosen = [*map(sql.Identifier, table.columns), line]
        self._execute(
            "CREATE TEMP TABLE {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA",
            name, sql.SQL(", ").join(chosen), table.identifier,
        )  # fmt: skip

    def _execute(self, query: LiteralString, name: str, *parts: sql.Composable) -> None:
        stage = sql.Identifier("pg_temp", name)
        self._session.connection.execute(sql.SQL(query).format(stage, *parts))
