"""Finding the record that Postgres rejects, and writing the others.

Owns the savepoint around a batch and the search for the culprit. Good records keep their
transaction. Must not know statements.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from connectors.postgres.batch import Batch, Report
from connectors.postgres.failures import Kind, kind_of, rejection
from connectors.postgres.session import Session
from sinkworker.api import DataError

Attempt = Callable[[Batch], None]

FAILURES = (psycopg.Error, UnicodeError, ValueError, OverflowError)


class BadRowError(Exception):
    """An attempt failed because of one record, and says which: an index into its batch."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def write_all_good(session: Session, batch: Batch, attempt: Attempt, report: Report) -> None:
    """Write a batch within a transaction; report and leave out what is rejected.

    Raises what `report` raises, and every failure that is not about data.
    """
    positions = list(range(len(batch)))
    while positions:
        is_whole = len(positions) == len(batch)
        found = _try(session, batch if is_whole else batch.only(positions), attempt)
        if found is None:
            break
        index, error = found
        at = positions.pop(index)
        report(batch.sources[at], batch.records[at], DataError(rejection(error)))


def _try(session: Session, batch: Batch, attempt: Attempt) -> tuple[int, Exception] | None:
    """None when the batch is written; else the index of a culprit, and the error."""
    try:
        with session.connection.transaction():
            attempt(batch)
    except BadRowError as bad:
        assert isinstance(bad.__cause__, Exception)
        return bad.index, bad.__cause__
    except FAILURES as error:
        if kind_of(error) is not Kind.DATA:
            raise
        return _first_that_fails(session, batch, attempt, error)
    return None


class _UndoneError(Exception):
    """Raised to roll a successful trial back."""


def _first_that_fails(
    session: Session, batch: Batch, attempt: Attempt, error: Exception
) -> tuple[int, Exception]:
    """The record with which the batch begins to fail, where the error does not say.

    Searched by trying ever shorter beginnings, each rolled back: about log2 N tries.
    """
    good, bad = 0, len(batch)
    while bad - good > 1:
        middle = (good + bad) // 2
        failure = _fails(session, batch.first(middle), attempt)
        if failure is None:
            good = middle
        else:
            bad, error = middle, failure
    return bad - 1, error


def _fails(session: Session, batch: Batch, attempt: Attempt) -> Exception | None:
    try:
        with session.connection.transaction():
            attempt(batch)
            raise _UndoneError
    except _UndoneError:
        return None
    except BadRowError as bad:
        assert isinstance(bad.__cause__, Exception)
        return bad.__cause__
    except FAILURES as error:
        if kind_of(error) is not Kind.DATA:
            raise
        return error
