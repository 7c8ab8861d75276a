"""Target tables: what the catalog says of them, and creating what is missing.

Owns the cache of one connection's tables and all DDL, which runs in transactions of its own under
one advisory lock, never inside a flush: a worker frozen in COPY would block everybody's DDL.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from connectors.postgres.queries import identifier, statement
from connectors.postgres.session import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Column:
    """kind: json, array or plain. has_default: leaving it out is not the same as NULL."""

    name: str
    type: str
    kind: str
    not_null: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table as it is now. unique_keys: the column sets that ON CONFLICT can name."""

    name: str
    columns: Mapping[str, Column]
    unique_keys: frozenset[frozenset[str]]
    has_deferrable: bool

    @property
    def identifier(self) -> sql.Identifier:
        return identifier(self.name)


class Tables:
    """The tables that one session writes to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, Table] = {}
        self.are_cached = False

    def get(self, name: str) -> Table | None:
        """From the cache, or from the catalog. None when there is no such table."""
        known = self._known.get(name)
        self.are_cached = known is not None
        if known is None and (known := self._load(name)) is not None:
            self._known[name] = known
        return known

    def forget(self) -> None:
        """Somebody may have changed them. `are_cached`: the last answer came from the cache."""
        self._known = {}

    def create(self, name: str, columns: Mapping[str, str], key: Sequence[str]) -> None:
        """Create a table unless it exists. columns: name → type."""
        parts = [
            sql.SQL("{} {}{}").format(
                sql.Identifier(column),
                sql.SQL(kind),  # from our own table of types
                sql.SQL(" NOT NULL" if column in key else ""),
            )
            for column, kind in columns.items()
        ]
        if key:
            names = sql.SQL(", ").join(map(sql.Identifier, key))
            parts.append(sql.SQL("PRIMARY KEY ({})").format(names))
        query = sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})")
        self._change(query.format(identifier(name), sql.SQL(", ").join(parts)))
        log.info("Created table %s with columns %s", name, ", ".join(columns))

    def add_columns(self, name: str, columns: Mapping[str, str]) -> None:
        """Add columns that are not there."""
        added = sql.SQL(", ").join(
            sql.SQL("ADD COLUMN IF NOT EXISTS {} {}").format(
                sql.Identifier(column),
                sql.SQL(kind),  # from our own table of types
            )
            for column, kind in columns.items()
        )
        self._change(sql.SQL("ALTER TABLE {} {}").format(identifier(name), added))
        log.info("Added columns %s to table %s", ", ".join(columns), name)

    def _change(self, query: sql.Composed) -> None:
        connection = self._session.connection
        with self._session.using("changing a table"), connection.transaction():
            connection.execute(statement("catalog", "lock for ddl"))
            connection.execute(query)
        self.forget()

    def _load(self, name: str) -> Table | None:
        rows = self._ask("columns", name)
        if not rows:
            return None
        columns = {
            row[0]: Column(row[0], row[1], row[2], row[3], row[4]) for row in rows if not row[5]
        }
        keys = frozenset(frozenset(row[0]) for row in self._ask("unique keys", name))
        return Table(name, columns, keys, bool(self._ask("deferrable", name)[0][0]))

    def _ask(self, query: Any, table: str) -> list[Any]:
        connection = self._session.connection
        with self._session.using("reading the catalog"):
            name = identifier(table).as_string(connection)
            return connection.execute(statement("catalog", query), {"table": name}).fetchall()
