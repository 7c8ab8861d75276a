"""COPY: how rows reach Postgres.

Owns telling which row was rejected, by the client or by the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import length_hint
from typing import TypeVar

import psycopg
from psycopg import sql

from connectors.postgres.failures import FAILURES, Kind, copy_line, kind_of
from connectors.postgres.json_text import copying
from connectors.postgres.pieces import BadRowError
from connectors.postgres.rows import Columns, Row
from connectors.postgres.session import Session

T = TypeVar("T")


def copy_rows(
    session: Session,
    target: sql.Identifier,
    columns: Columns,
    items: Sequence[T],
    row_of: Callable[[T], Row],
) -> None:
    """COPY a row of each item. BadRowError with the index of the one that has no row, or whose row
    the client or the server rejects."""
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(target, names_of(columns))
    left = iter(items)
    try:
        with copying(session.connection.cursor()) as cursor, cursor.copy(query) as copy:
            write_row = copy.write_row
            for row in map(row_of, left):  # a call of C's from C's: it shows
                write_row(row)
    except FAILURES as error:
        if kind_of(error) is not Kind.DATA:
            raise
        if isinstance(error, psycopg.Error) and error.sqlstate is not None:
            line = copy_line(error)
            if line is None or not 0 < line <= len(items):
                raise
            raise BadRowError(line - 1) from error
        raise BadRowError(len(items) - length_hint(left) - 1) from error


def names_of(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
