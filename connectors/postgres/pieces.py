"""Records that are written at once, and what is tried next when that fails.

Owns the order of the search for culprits. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connectors.postgres.batch import Batch
from sinkworker.api import SinkRecord, TopicPartition

Attempt = Callable[[Batch], None]


class BadRowError(Exception):
    """An attempt failed because of one record, and says which: an index into its batch.

    is_guess: it looks like that record; only trying it alone tells.
    """

    def __init__(self, index: int, *, is_guess: bool = False) -> None:
        super().__init__(index)
        self.index, self.is_guess = index, is_guess

    def at(self, index: int) -> BadRowError:
        """The same of a larger batch."""
        moved = BadRowError(index, is_guess=self.is_guess)
        moved.__cause__ = self.__cause__
        return moved


class Work(NamedTuple):
    """One table's share of a flush."""

    batch: Batch
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt was rolled back. (Not the error: its traceback would keep every row in memory.)

    piece: what was written last. index: of the culprit in it, where the error says so, or seems to
    (is_guess). is_certain: no other record of the attempt can have to do with it. is_dependent:
    another record may provide what this one lacks: a deferred constraint, or a foreign key.
    """

    reason: str
    piece: Piece
    index: int | None = None
    is_certain: bool = False
    is_guess: bool = False
    is_dependent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some records of one table's share, in order. failure: why its single record is rejected."""

    work: Work
    positions: Sequence[int]
    failure: Failure | None = None

    @property
    def source(self) -> TopicPartition:
        """Of its first record."""
        return self.work.batch.sources[self.positions[0]]

    @property
    def record(self) -> SinkRecord:
        """The first one."""
        return self.work.batch.records[self.positions[0]]

    def write(self) -> None:
        batch = self.work.batch
        is_whole = len(self.positions) == len(batch)
        self.work.attempt(batch if is_whole else batch.only(self.positions))

    def halves(self) -> list[Piece]:
        middle = (len(self.positions) + 1) // 2
        return [*self._part(0, middle), *self._part(middle, len(self.positions))]

    def without_culprit(self, failure: Failure) -> list[Piece]:
        """What is to be tried next, in the order of the log."""
        is_alone = len(self.positions) == 1
        index = 0 if is_alone else failure.index
        if index is None:
            return self.halves()
        is_found = is_alone or failure.is_certain or (index == 0 and not failure.is_guess)
        culprit = self.positions[index : index + 1]
        return [
            *self._part(0, index),
            Piece(self.work, culprit, failure if is_found else None),
            *Piece(self.work, self.positions[index + 1 :]).halves(),
        ]

    def _part(self, start: int, end: int) -> list[Piece]:
        return [Piece(self.work, self.positions[start:end])] if start < end else []


def without_culprit(pieces: Sequence[Piece], failure: Failure) -> list[Piece]:
    """The same when all of these were written at once.

    Of several tables any may have to do with it: then each is tried by itself.
    """
    if len(pieces) > 1 and not failure.is_certain:
        return list(pieces)
    return [
        part
        for piece in pieces
        for part in (piece.without_culprit(failure) if piece is failure.piece else [piece])
    ]
