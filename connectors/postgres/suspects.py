"""Whose row it may be that a statement refused, where Postgres names no line but shows the row.

Owns a guess that saves a search by halves: whoever is suspected is tried alone and found good or bad by
that. What the row holds leaves this module in no other way. Must not know statements.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

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


def clashing_columns(error: psycopg.Error) -> Sequence[str]:
    """Of what is unique and was there already; empty where Postgres's words cannot be read."""
    shown = KEY.match(error.diag.message_detail or "")
    return [_unquoted(each) for each in shown[1].split(", ")] if shown else []


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def suspect(error: psycopg.Error, rows: Sequence[Values]) -> int | None:
    """The index of the only row that looks like the one that was refused; None if there is no such."""
    detail = error.diag.message_detail or ""
    if shown := ROW.match(detail):
        return _only_one_like(shown[1].split(", "), rows)
    if shown := KEY.match(detail):
        columns, key = shown[1].split(", "), shown[2].split(", ")
        alike = [i for i, row in enumerate(rows) if [str(row.get(c)) for c in columns] == key]
        return alike[0] if len(alike) == 1 else None
    return None


def _only_one_like(fields: Iterable[str], rows: Sequence[Values]) -> int | None:
    """Field by field, until one row is left. A field that none shares is written in another form."""
    shown = {form for field in fields for form in _forms(field)}
    left: Sequence[int] = range(len(rows))
    for column in rows[0]:
        alike = _alike(column, rows, left, shown)
        if len(alike) == 1:
            return alike[0]
        left = alike or left
    return None


def _forms(field: str) -> Iterator[Hashable]:
    """What a value may be that is shown so. (A text for each value would cost more than this.)"""
    yield field
    with suppress(ValueError):
        yield int(field)
    with suppress(ValueError):
        yield float(field)


def _alike(
    column: str, rows: Sequence[Values], left: Sequence[int], shown: Collection[Hashable]
) -> Sequence[int]:
    try:
        return [i for i in left if rows[i].get(column) in shown]
    except TypeError:  # documents have no hash, and are shown as nothing here
        return []
