"""Whose row it may be that a statement refused, where Postgres names no line but shows the row.

Owns a guess that saves a search by halves: whoever is suspected is tried alone and found good or bad by
that. What the row holds leaves this module in no other way. Must not know statements.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import psycopg

from connectors.postgres.pieces import BadRowError
from connectors.postgres.reader import Values

# Of NOT NULL, CHECK and the check option of a view: the columns in their order, long ones cut off.
ROW = re.compile(r"Failing row contains \((.*)\)\.", re.DOTALL)
# Of UNIQUE.
KEY = re.compile(r"Key \((.*?)\)=\((.*)\) already exists\.", re.DOTALL)


@contextmanager
def naming_suspects(rows: Sequence[Values]) -> Iterator[None]:
    """A statement writes these rows. BadRowError with the one that is suspected."""
    try:
        yield
    except psycopg.IntegrityError as error:
        index = suspect(error, rows)
        if index is None:
            raise
        raise BadRowError(index, is_guess=True) from error


def suspect(error: psycopg.Error, rows: Sequence[Values]) -> int | None:
    """The index of the only row that looks like the one that was refused; None if there is no such."""
    detail = error.diag.message_detail or ""
    if shown := ROW.match(detail):
        return _only_one_like(frozenset(shown[1].split(", ")), rows)
    if shown := KEY.match(detail):
        columns, key = shown[1].split(", "), shown[2].split(", ")
        alike = [i for i, row in enumerate(rows) if [str(row.get(c)) for c in columns] == key]
        return alike[0] if len(alike) == 1 else None
    return None


def _only_one_like(fields: Collection[str], rows: Sequence[Values]) -> int | None:
    """Field by field, until one row is left. A field that none shares is written in another form."""
    left: Sequence[int] = range(len(rows))
    for column in rows[0]:
        alike = [i for i in left if str(rows[i].get(column)) in fields]
        if len(alike) == 1:
            return alike[0]
        left = alike or left
    return None
