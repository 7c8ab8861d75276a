"""Writing what is good, and finding the records that Postgres rejects.

Owns the savepoints around the rows of a flush, when its deferred constraints are checked, and the
search for culprits. Good records keep their transaction. Must not know statements.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import LiteralString

import psycopg

from connectors.postgres.batch import Report
from connectors.postgres.caution import Caution
from connectors.postgres.failures import FAILURES, Kind, is_of_one_value, kind_of, rejection
from connectors.postgres.pieces import BadRowError, Failure, Piece, Work, without_culprit
from connectors.postgres.savepoints import savepoint
from connectors.postgres.session import Session
from connectors.postgres.stages import Stages
from sinkworker.api import DataError, TopicPartition

CHECKED = (b"SET CONSTRAINTS ALL DEFERRED", b"SET CONSTRAINTS ALL IMMEDIATE")


class Isolation:
    """Writes the rows of one flush, within its transaction.

    First all at once, or in a few parts so that not everything is written again because of one
    record. What fails is halved, in the order of the log, until a record fails alone: about n log n
    rows are written, whether one record is bad or all are.
    """

    def __init__(self, session: Session, report: Report, stages: Stages, caution: Caution) -> None:
        """report: called for every rejected record when all good ones before it are written."""
        self._session, self._report, self._stages = session, report, stages
        self._caution = caution
        self._rejected: list[Piece] = []
        self._held: list[Piece] = []

    def write_all_good(self, works: Sequence[Work]) -> None:
        """Raises what `report` raises, and failures that are not of data."""
        if not works:
            return
        pieces = [Piece(work, range(len(work.batch))) for work in works]
        parts = [part for piece in pieces for part in piece.parts(self._caution)]
        is_divided = len(parts) > len(pieces)
        is_at_once = not (is_divided and self._are_written_in_parts(parts))
        if is_at_once:
            self._write_at_once(self._without_rejected(pieces))
        for piece in sorted(self._held, key=_place):
            self._tell(piece)
        is_bad = bool(self._rejected)
        useless = is_divided and is_at_once and not is_bad
        self._caution.learn(is_bad=is_bad, is_good_at_once_only=useless)

    def _are_written_in_parts(self, parts: Sequence[Piece]) -> bool:
        """False when records of one part may have to do with those of another. Then nothing is
        written, and only those are rejected that were told."""
        with savepoint(self._session.connection):
            are_written = self._write_parts(parts)
            if not are_written:
                self._rejected = [piece for piece in self._rejected if piece not in self._held]
                self._held = []
                raise psycopg.Rollback
        return are_written

    def _write_parts(self, parts: Sequence[Piece]) -> bool:
        self._constraints("DEFERRED")
        left = self._left_at_failure(parts)
        if left is None or not self._are_constraints_met():
            return False
        self._write_apart(left)
        return not self._rescued()

    def _left_at_failure(self, parts: Sequence[Piece]) -> Sequence[Piece] | None:
        """What is left to be tried when one of them has failed; None when nobody knows by whom."""
        for index, part in enumerate(parts):
            failure = self._failure_of([part], is_checked=False)
            if failure is not None:
                if failure.index is None or failure.is_guess:
                    return None
                return [*part.without_culprit(failure, is_first=True), *parts[index + 1 :]]
        return ()

    def _write_at_once(self, pieces: list[Piece]) -> None:
        failure = self._failure_in_best_order(pieces)
        if failure is None or self._are_written_apart(without_culprit(pieces, failure)):
            return
        left = self._without_rejected(pieces)
        failure = self._failure_in_best_order(left)
        if failure is not None:
            self._write_apart(without_culprit(left, failure))

    def _failure_in_best_order(self, pieces: list[Piece]) -> Failure | None:
        """Between tables no order is given: one that lacks rows of others is written last."""
        failure = self._failure_of(pieces)
        for _ in range(len(pieces) - 1):
            if failure is None or not failure.is_dependent or failure.piece is pieces[-1]:
                break
            pieces.remove(failure.piece)
            pieces.append(failure.piece)
            failure = self._failure_of(pieces)
        return failure

    def _failure_of(self, pieces: Sequence[Piece], *, is_checked: bool = True) -> Failure | None:
        """Write them, with one look at deferred constraints at the end, or undo it all.

        At COMMIT these would show past every savepoint.
        """
        self._stages.trim()
        piece, is_written = pieces[0], False
        left_out: list[Piece] = []
        try:
            with savepoint(self._session.connection, *(CHECKED if is_checked else ())):
                for piece in pieces:
                    left_out += piece.write()
                is_written = True
        except BadRowError as bad:
            cause = bad.__cause__
            assert isinstance(cause, Exception)
            is_certain = is_of_one_value(cause)
            return Failure(rejection(cause), piece, bad.index, is_certain, bad.is_guess)
        except FAILURES as error:
            if kind_of(error) is not Kind.DATA:
                raise
            is_dependent = is_written or isinstance(error, psycopg.errors.ForeignKeyViolation)
            return Failure(rejection(error), piece, is_dependent=is_dependent)
        for piece in left_out:
            self._reject(piece)
        return None

    def _are_constraints_met(self) -> bool:
        try:
            self._constraints("IMMEDIATE")
        except FAILURES as error:
            if kind_of(error) is not Kind.DATA:
                raise
            return False
        return True

    def _constraints(self, mode: LiteralString) -> None:
        self._session.connection.execute("SET CONSTRAINTS ALL " + mode)

    def _are_written_apart(self, pieces: Sequence[Piece]) -> bool:
        """False when a record that was rejected turned out good beside all others.

        Then nothing is written: the order of records may matter, so all are to be written again.
        """
        with savepoint(self._session.connection):
            self._write_apart(pieces)
            rescued = set(self._rescued())
            if rescued:
                raise psycopg.Rollback
        self._rejected = [piece for piece in self._rejected if piece not in rescued]
        self._held = [piece for piece in self._held if piece not in rescued]
        return not rescued

    def _write_apart(self, pieces: Sequence[Piece]) -> None:
        todo = deque(pieces)
        while todo:
            piece = todo.popleft()
            if piece.failure is not None:
                self._reject(piece)
            elif (failure := self._failure_of([piece])) is not None:
                todo.extendleft(reversed(piece.without_culprit(failure, is_first=False)))

    def _reject(self, piece: Piece) -> None:
        """Tell it now, unless it or one before it may still turn out to be good."""
        assert piece.failure is not None
        self._rejected.append(piece)
        if piece.failure.is_dependent or self._held:
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

    def _without_rejected(self, pieces: list[Piece]) -> list[Piece]:
        if not self._rejected:
            return pieces
        gone = {
            (id(piece.work), position) for piece in self._rejected for position in piece.positions
        }
        left = [
            Piece(p.work, [i for i in p.positions if (id(p.work), i) not in gone]) for p in pieces
        ]
        return [piece for piece in left if piece.positions]

    def _tell(self, piece: Piece) -> None:
        assert piece.failure is not None
        self._report(piece.source, piece.record, DataError(piece.failure.reason))


def _place(piece: Piece) -> tuple[TopicPartition, int]:
    return piece.source, piece.record.offset
