"""COPY: how rows reach Postgres.

Owns telling which row was rejected, by the client or by the server.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from connectors.postgres.failures import FAILURES, Kind, copy_line, kind_of
from connectors.postgres.json_text import copying
from connectors.postgres.pieces import BadRowError
from connectors.postgres.rows import Row
from connectors.postgres.session import Session

Columns = tuple[str, ...]


def copy_rows(
    session: Session, target: sql.Identifier, columns: Columns, rows: Sequence[Row]
) -> None:
    """COPY rows. BadRowError with the index of the one that the client or the server rejects."""
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(target, names_of(columns))
    index = 0
    try:
        with copying(session.connection.cursor()) as cursor, cursor.copy(query) as copy:
            write_row = copy.write_row
            for index, row in enumerate(rows):  # noqa: B007  the handler reads it
                write_row(row)
    except FAILURES as error:
        if kind_of(error) is not Kind.DATA:
            raise
        if isinstance(error, psycopg.Error) and error.sqlstate is not None:
            line = copy_line(error)
            if line is None or not 0 < line <= len(rows):
                raise
            index = line - 1
        raise BadRowError(index) from error


def names_of(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
