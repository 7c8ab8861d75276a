"""Writing what is good, and finding the records that Postgres rejects.

Owns the savepoints around the rows of a flush, when its deferred constraints are checked, and the
search for culprits. Good records keep their transaction. Must not know statements.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

import psycopg

from connectors.postgres.batch import Batch, Report
from connectors.postgres.failures import UNWRITABLE, Kind, is_of_one_value, kind_of, rejection
from connectors.postgres.session import Session
from connectors.postgres.stages import Stages
from sinkworker.api import DataError, TopicPartition

Attempt = Callable[[Batch], None]

FAILURES = (psycopg.Error, *UNWRITABLE)


class BadRowError(Exception):
    """An attempt failed because of one record, and says which: an index into its batch."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class Work(NamedTuple):
    """One table's share of a flush."""

    batch: Batch
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt was rolled back. (Not the error: its traceback would keep every row in memory.)

    piece: what was being written, None when all was. index: of the culprit in it, where the error
    says so. is_certain: no other record of the attempt can have to do with it. is_dependent: another
    record may provide what this one lacks: a deferred constraint, or a foreign key.
    """

    reason: str
    piece: Piece | None
    index: int | None = None
    is_certain: bool = False
    is_dependent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some records of one table's share, in order. failure: why its single record is rejected."""

    work: Work
    positions: Sequence[int]
    failure: Failure | None = None

    def write(self) -> None:
        batch = self.work.batch
        is_whole = len(self.positions) == len(batch)
        self.work.attempt(batch if is_whole else batch.only(self.positions))

    def halves(self) -> list[Piece]:
        middle = (len(self.positions) + 1) // 2
        return [*self._part(0, middle), *self._part(middle, len(self.positions))]

    def without_culprit(self, failure: Failure) -> list[Piece]:
        """What is to be tried next, in the order of the log."""
        index = 0 if len(self.positions) == 1 else failure.index
        if index is None:
            return self.halves()
        is_found = index == 0 or failure.is_certain
        culprit = self.positions[index : index + 1]
        return [
            *self._part(0, index),
            Piece(self.work, culprit, failure if is_found else None),
            *Piece(self.work, self.positions[index + 1 :]).halves(),
        ]

    def _part(self, start: int, end: int) -> list[Piece]:
        return [Piece(self.work, self.positions[start:end])] if start < end else []


class Isolation:
    """Writes the rows of one flush, within its transaction.

    First all at once. If that fails, in the order of the log, halving what fails until a record
    fails alone: about n log n rows are written, whether one record is bad or all are.
    """

    def __init__(self, session: Session, report: Report, stages: Stages) -> None:
        """report: called for every rejected record when all good ones before it are written."""
        self._session, self._report, self._stages = session, report, stages
        self._rejected: list[Piece] = []
        self._held: list[Piece] = []

    def write_all_good(self, works: Sequence[Work]) -> None:
        """Raises what `report` raises, and failures that are not of data."""
        pieces = [Piece(work, range(len(work.batch))) for work in works]
        if not pieces or self._are_written(pieces):
            return
        if not self._are_written_apart(pieces):
            left = self._without_rejected(pieces)
            if not self._are_written(left):
                self._write_apart(left)
        for piece in sorted(self._held, key=_place):
            self._tell(piece)

    def _are_written(self, pieces: list[Piece]) -> bool:
        """All at once. Between tables no order is given: one that lacks rows of others goes last."""
        for _ in range(len(pieces)):
            failure = self._failure_of(pieces)
            if failure is None:
                return True
            late = failure.piece
            if late is None or late is pieces[-1] or not failure.is_dependent:
                return False
            pieces.remove(late)
            pieces.append(late)
        return False

    def _failure_of(self, pieces: Sequence[Piece]) -> Failure | None:
        """Write them, with one look at deferred constraints at the end, or undo it all.

        At COMMIT these would show past every savepoint.
        """
        self._stages.trim()
        piece: Piece | None = None
        try:
            with self._session.connection.transaction():
                self._constraints("DEFERRED")
                for piece in pieces:
                    piece.write()
                piece = None
                self._constraints("IMMEDIATE")
        except BadRowError as bad:
            cause = bad.__cause__
            assert isinstance(cause, Exception)
            return Failure(rejection(cause), piece, bad.index, is_certain=is_of_one_value(cause))
        except FAILURES as error:
            if kind_of(error) is not Kind.DATA:
                raise
            is_dependent = piece is None or isinstance(error, psycopg.errors.ForeignKeyViolation)
            return Failure(rejection(error), piece, is_dependent=is_dependent)
        return None

    def _constraints(self, mode: LiteralString) -> None:
        self._session.connection.execute("SET CONSTRAINTS ALL " + mode)

    def _are_written_apart(self, pieces: Sequence[Piece]) -> bool:
        """False when a record that was rejected turned out good beside all others.

        Then nothing is written: the order of records may matter, so all are to be written again.
        """
        with self._session.connection.transaction() as savepoint:
            self._write_apart(pieces)
            rescued = set(self._rescued())
            if rescued:
                raise psycopg.Rollback(savepoint)
        self._rejected = [piece for piece in self._rejected if piece not in rescued]
        self._held = [piece for piece in self._held if piece not in rescued]
        return not rescued

    def _write_apart(self, pieces: Sequence[Piece]) -> None:
        todo = deque(pieces)
        while todo:
            piece = todo.popleft()
            if piece.failure is not None:
                self._reject(piece, piece.failure)
            elif (failure := self._failure_of([piece])) is not None:
                todo.extendleft(reversed(piece.without_culprit(failure)))

    def _reject(self, piece: Piece, failure: Failure) -> None:
        """Tell it now, unless it or one before it may still turn out to be good."""
        self._rejected.append(piece)
        if failure.is_dependent or self._held:
            self._held.append(piece)
        else:
            self._tell(piece)

    def _rescued(self) -> Sequence[Piece]:
        """Those that can be written now that others are: all together, or else one by one, again
        until that helps no further one. The later first: what a record lacks came after it."""
        waiting = [
            piece for piece in reversed(self._held) if piece.failure and piece.failure.is_dependent
        ]
        if waiting and self._failure_of(waiting) is None:
            return waiting
        rescued: list[Piece] = []
        while good := {piece for piece in waiting if self._failure_of([piece]) is None}:
            rescued += good
            waiting = [piece for piece in waiting if piece not in good]
        return rescued

    def _without_rejected(self, pieces: Sequence[Piece]) -> list[Piece]:
        gone = {
            (id(piece.work), position) for piece in self._rejected for position in piece.positions
        }
        left = [
            Piece(p.work, [i for i in p.positions if (id(p.work), i) not in gone]) for p in pieces
        ]
        return [piece for piece in left if piece.positions]

    def _tell(self, piece: Piece) -> None:
        assert piece.failure is not None
        batch, position = piece.work.batch, piece.positions[0]
        error = DataError(piece.failure.reason)
        self._report(batch.sources[position], batch.records[position], error)


def _place(piece: Piece) -> tuple[TopicPartition, int]:
    batch, position = piece.work.batch, piece.positions[0]
    return batch.sources[position], batch.records[position].offset
