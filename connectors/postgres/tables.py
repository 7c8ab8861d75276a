"""Target tables: what the catalog says of them.

Owns the cache of one connection's tables, and noticing that one of them was changed meanwhile. Must
not know records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

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

    generated: the columns that only Postgres fills. needs_insert: COPY cannot write to a view, and
    asks no rule. Without columns it stands for a missing table. version: one that is the same has
    not changed; one that has changed may still be equal.
    """

    name: str
    columns: Mapping[str, Column]
    unique_keys: frozenset[frozenset[str]] = frozenset()
    generated: frozenset[str] = frozenset()
    needs_insert: bool = False
    version: str = field(default="", compare=False)

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

    def get(self, name: str) -> Table:
        """From the cache, or from the catalog. Without columns when there is no such table."""
        known = self._known.get(name)
        if known is None:
            return self.reload(name)
        self._are_cached = True
        return known

    def reload(self, name: str) -> Table:
        """From the catalog. The same object when nothing has changed."""
        known, found = self._known.pop(name, None), self._load(name)
        table = known if known == found and known is not None else found
        self._know(table)
        return table

    def may_be_stale(self) -> bool:
        """Whether one of them was changed since it was read, or may have been for a moment.

        What was read in this very flush is not suspected twice: its fault is no change.
        """
        known, self._known = self._known, {}
        return self._are_cached or any(self._load(name) != table for name, table in known.items())

    def verify(self, tables: Iterable[Table]) -> None:
        """RetriableError when one of them is no longer what it was when it was read.

        Called when all is written: who holds the locks of what was written sees no change after it.
        """
        written = {table.name: table for table in tables}
        for name, version in self._versions(written).items():
            if version == written[name].version:
                continue
            found = self._load(name)
            if found != written[name]:
                self._known = {}
                raise RetriableError(
                    f"Postgres: table {name} was changed; reading the catalog again"
                )
            self._know(found)

    def _know(self, table: Table) -> None:
        if table.columns:
            self._known[table.name] = table

    def _versions(self, names: Iterable[str]) -> Mapping[str, str]:
        quoted = {self._quoted(name): name for name in names}
        rows = self._rows("versions", {"tables": list(quoted)}) if quoted else ()
        return {quoted[name]: version for name, version in rows}

    def _load(self, name: str) -> Table:
        # First: of what changes in between, the contents are newer than the version, not older.
        version = self._versions([name])[name]
        rows = self._rows("table", {"table": self._quoted(name)})
        if not rows:
            return Table(name, {}, version=version)
        *_, needs_insert, unique_keys = rows[0]
        return Table(
            name,
            columns={row[0]: Column(*row[:6]) for row in rows if not row[6]},
            unique_keys=frozenset(map(frozenset, unique_keys or ())),
            generated=frozenset(row[0] for row in rows if row[6]),
            needs_insert=needs_insert,
            version=version,
        )

    def _rows(self, query: LiteralString, parameters: Mapping[str, Any]) -> Sequence[Any]:
        with self._session.using("reading the catalog"):
            # Planning it takes three times as long, and psycopg forgets plans at every rollback.
            return self._session.connection.execute(
                statement("catalog", query), parameters, prepare=True
            ).fetchall()

    def _quoted(self, name: str) -> str:
        return identifier(name).as_string(self._session.connection)
