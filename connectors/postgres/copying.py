"""COPY: how rows reach Postgres.

Owns telling which row was rejected, by the client or by the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import length_hint
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.copy import LibpqWriter

from connectors.postgres.failures import FAILURES, Kind, copy_line, kind_of
from connectors.postgres.json_text import copying
from connectors.postgres.pieces import BadRowError
from connectors.postgres.rows import Columns, Row
from connectors.postgres.session import Session

T = TypeVar("T")
# Three of psycopg's blocks; four would be more than it gives to libpq at once.
BLOCK = 3 << 15


class BlockWriter(LibpqWriter):
    """Sends a few of psycopg's blocks at once: each wakes the server, and waits for a turn."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        super().__init__(cursor)
        self._block = bytearray()

    def write(self, data: Buffer) -> None:
        self._block += data
        if len(self._block) >= BLOCK:
            self._send()

    def finish(self, exc: BaseException | None = None) -> None:
        if exc is None:
            self._send()
        super().finish(exc)

    def _send(self) -> None:
        block, self._block = self._block, bytearray()
        super().write(block)


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
        cursor = copying(session.connection.cursor())
        with cursor, cursor.copy(query, writer=BlockWriter(cursor)) as copy:
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
