"""Target tables: what the catalog says of them.

Owns the cache of one connection's tables, and noticing that one of them was changed meanwhile. Must
not know records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from connectors.postgres.queries import identifier, statement
from connectors.postgres.session import Session
from sinkworker.api import RetriableError


@dataclass(frozen=True, slots=True)
class Column:
    """One column that can be written.

    type: tells it from others, for comparing. kind: what sql/catalog.sql calls it; chooses the
    encoder. may_refuse_null: by NOT NULL, a CHECK or its domain. has_default: leaving it out is not
    the same as NULL. exact: the Python type whose values are equal in Postgres just when they are
    equal here; "" when there is none.
    """

    name: str
    type: str
    kind: str
    may_refuse_null: bool
    has_default: bool
    exact: str = ""

    @property
    def may_be_required(self) -> bool:
        """Whether a new row may be refused that lacks it."""
        return self.may_refuse_null and not self.has_default


@dataclass(frozen=True, slots=True)
class Table:
    """One table as it is now. unique_keys: the column sets that ON CONFLICT can name.

    generated: the columns that only Postgres fills. Without columns it stands for a missing table.
    """

    name: str
    columns: Mapping[str, Column]
    unique_keys: frozenset[frozenset[str]] = frozenset()
    generated: frozenset[str] = frozenset()
    is_view: bool = False

    @property
    def identifier(self) -> sql.Identifier:
        return identifier(self.name)


class Tables:
    """The tables that one session writes to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, Table] = {}
        self._are_cached = False

    def begin(self) -> None:
        """A flush begins: what the cache says of its tables may be out of date."""
        self._are_cached = False

    def get(self, name: str) -> Table | None:
        """From the cache, or from the catalog. None when there is no such table."""
        known = self._known.get(name)
        if known is None:
            return self.reload(name)
        self._are_cached = True
        return known

    def reload(self, name: str) -> Table | None:
        """From the catalog. The same object when nothing has changed."""
        known, found = self._known.pop(name, None), self._load(name)
        if found is not None:
            self._known[name] = known if known == found else found
        return self._known.get(name)

    def may_be_stale(self) -> bool:
        """Whether one of them was changed since it was read, or may have been for a moment.

        What was read in this very flush is not suspected twice: its fault is no change.
        """
        before, self._known = self._known, {}
        return self._are_cached or any(self._load(name) != table for name, table in before.items())

    def verify(self, tables: Iterable[Table]) -> None:
        """RetriableError when one of them is no longer what it was when it was read.

        Called when all is written: who holds the locks of what was written sees no change after it.
        Only columns are compared; a unique index that is gone makes itself known.
        """
        for table in tables:
            if _writable(self._ask("columns", table.name)) != table.columns:
                self._known = {}
                raise RetriableError(
                    f"Postgres: table {table.name} was changed; reading the catalog again"
                )

    def _load(self, name: str) -> Table | None:
        rows = self._ask("columns", name)
        if not rows:
            return None
        keys = frozenset(frozenset(row[0]) for row in self._ask("unique keys", name))
        generated = frozenset(row[0] for row in rows if row[6])
        return Table(name, _writable(rows), keys, generated, is_view=rows[0][7])

    def _ask(self, query: Any, table: str) -> list[Any]:
        connection = self._session.connection
        with self._session.using("reading the catalog"):
            name = identifier(table).as_string(connection)
            return connection.execute(statement("catalog", query), {"table": name}).fetchall()


def _writable(rows: Iterable[Sequence[Any]]) -> dict[str, Column]:
    return {row[0]: Column(*row[:6]) for row in rows if not row[6]}
