"""COPY: how rows reach Postgres.

Owns how many rows are sent at once, and telling which one was rejected, by the client or by the server.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat
from operator import length_hint
from typing import TypeVar

import psycopg
from psycopg import sql
from psycopg.abc import Transformer

from connectors.postgres.failures import FAILURES, Kind, copy_line, kind_of
from connectors.postgres.json_text import copying
from connectors.postgres.pieces import BadRowError
from connectors.postgres.rows import Columns, Row
from connectors.postgres.session import Session

try:
    # What `Copy.write_row` calls through two functions in Python: without them a row's text takes
    # 0.6 instead of 0.85 µs. It is not public, and may be gone from a later psycopg.
    from psycopg._copy_base import format_row_text
except ImportError:
    format_row_text = None

T = TypeVar("T")
# Each block wakes the server, and waits for a turn; psycopg gives libpq no more than 128 KiB at once.
BLOCK_BYTES, FIRST_ROWS, MOST_ROWS = 96 << 10, 16, 1000


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
        with cursor, cursor.copy(query) as copy:
            (_write_rows if format_row_text is None else _write_blocks)(copy, map(row_of, left))
    except FAILURES as error:
        if kind_of(error) is not Kind.DATA:
            raise
        if isinstance(error, psycopg.Error) and error.sqlstate is not None:
            line = copy_line(error)
            if line is None or not 0 < line <= len(items):
                raise
            raise BadRowError(line - 1) from error
        raise BadRowError(len(items) - length_hint(left) - 1) from error


def _write_rows(copy: psycopg.Copy, rows: Iterator[Row]) -> None:
    for row in rows:
        copy.write_row(row)


def _write_blocks(copy: psycopg.Copy, rows: Iterator[Row]) -> None:
    """Of about BLOCK_BYTES: as many rows at once as the block before lets expect."""
    transformer, count = copy.formatter.transformer, FIRST_ROWS
    while block := _text(islice(rows, count), transformer):
        copy.write(block)
        count = min(max(count * BLOCK_BYTES // len(block), 1), MOST_ROWS)


def _text(rows: Iterable[Row], transformer: Transformer) -> bytearray:
    text = bytearray()
    # Calls of C's from C's.
    deque(map(format_row_text, rows, repeat(transformer), repeat(text)), maxlen=0)
    return text


def names_of(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
