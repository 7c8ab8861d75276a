"""Creating what is missing: tables and columns.

Owns all DDL of target tables. It runs in transactions of its own under one advisory lock, never
inside a flush: a worker frozen in COPY would block everybody's DDL.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import errors, sql

from connectors.postgres.queries import identifier, statement
from connectors.postgres.session import Session
from connectors.postgres.tables import Table
from connectors.postgres.types import column_types
from sinkworker.api import ConnectError, SinkRecord

log = logging.getLogger(__name__)

Lacking = Sequence[tuple[SinkRecord, Mapping[str, Any]]]

# Somebody who does not know our lock did the same at the same moment, and was faster.
OVERTAKEN = (errors.UniqueViolation, errors.DuplicateTable, errors.DuplicateColumn)
# It has as many columns as a table can have, or is a view or a partition.
CANNOT_GROW = (errors.TooManyColumns, errors.WrongObjectType)


class Growth:
    """What one session adds to its tables."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def grow(self, table: Table, lacking: Lacking, key: Sequence[str]) -> bool:
        """Make columns for all fields of these records, or the table itself when it has none.

        False when it cannot grow. Otherwise the catalog says what there is: others may have been at
        it, too.
        """
        names = dict.fromkeys(name for _, values in lacking for name in values)
        types = column_types(lacking, [name for name in names if name not in table.columns])
        try:
            if table.columns:
                self._add_columns(table.name, types)
            else:
                self._create(table.name, {name: types[name] for name in names}, key)
        except ConnectError as error:
            if not isinstance(error.__cause__, CANNOT_GROW):
                raise
            log.warning("%s. The table stays as it is", error)
            return False
        return True

    def _create(self, name: str, columns: Mapping[str, str], key: Sequence[str]) -> None:
        parts = [
            _definition(column, kind, is_key=column in key) for column, kind in columns.items()
        ]
        if key:
            names = sql.SQL(", ").join(map(sql.Identifier, key))
            parts.append(sql.SQL("PRIMARY KEY ({})").format(names))
        query = sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})")
        if self._changed(name, query.format(identifier(name), sql.SQL(", ").join(parts))):
            log.info("Created table %s with columns %s", name, ", ".join(columns))

    def _add_columns(self, name: str, columns: Mapping[str, str]) -> None:
        added = sql.SQL(", ").join(
            sql.SQL("ADD COLUMN IF NOT EXISTS ") + _definition(column, kind)
            for column, kind in columns.items()
        )
        if self._changed(name, sql.SQL("ALTER TABLE {} {}").format(identifier(name), added)):
            log.info("Added columns %s to table %s", ", ".join(columns), name)

    def _changed(self, name: str, query: sql.Composed) -> bool:
        connection = self._session.connection
        try:
            with self._session.using(f"changing table {name}"), connection.transaction():
                connection.execute(statement("catalog", "lock for ddl"))
                connection.execute(query)
        except ConnectError as error:
            if not isinstance(error.__cause__, OVERTAKEN):
                raise
            return False
        return True


def _definition(column: str, kind: str, *, is_key: bool = False) -> sql.Composed:
    """kind is from our own table of types."""
    ending = sql.SQL(" NOT NULL" if is_key else "")
    return sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) + ending
