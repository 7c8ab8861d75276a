"""Records that are written at once, and what is tried next when that fails.

Owns the order of the search for culprits. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connectors.postgres.batch import Batch
from connectors.postgres.caution import Caution
from sinkworker.api import SinkRecord, TopicPartition


class LeftOut(NamedTuple):
    """A record that an attempt found to be bad, and wrote all others. place: its index in the batch."""

    place: int
    reason: str


Attempt = Callable[[Batch], Sequence[LeftOut]]


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
    """One table's share of a flush.

    is_divisible: what becomes of a record that is refused by name does not depend on later ones.
    """

    batch: Batch
    attempt: Attempt
    is_divisible: bool = False


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

    def write(self) -> list[Piece]:
        """Those of its records that were left out."""
        batch = self.work.batch
        is_whole = len(self.positions) == len(batch)
        left_out = self.work.attempt(batch if is_whole else batch.only(self.positions))
        return [
            Piece(self.work, [self.positions[place]], Failure(reason, self))
            for place, reason in left_out
        ]

    def parts(self, caution: Caution) -> list[Piece]:
        """To be written one after the other, so that what is good before a culprit stays written."""
        return self._divided(caution.parts(len(self.positions)) if self.work.is_divisible else 1)

    def _divided(self, count: int) -> list[Piece]:
        size = -(-len(self.positions) // count)
        starts = range(0, len(self.positions), size) if size else ()
        return [part for start in starts for part in self._part(start, start + size)]

    def without_culprit(self, failure: Failure, *, is_first: bool) -> list[Piece]:
        """What is to be tried next, in the order of the log. Behind the first culprit of a flush there
        is most likely no other: then the rest stays in one piece."""
        is_alone = len(self.positions) == 1
        index = 0 if is_alone else failure.index
        if index is None:
            return self._divided(2)
        is_found = is_alone or failure.is_certain or (index == 0 and not failure.is_guess)
        culprit = self.positions[index : index + 1]
        return [
            *self._part(0, index),
            Piece(self.work, culprit, failure if is_found else None),
            *Piece(self.work, self.positions[index + 1 :])._divided(1 if is_first else 2),
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
        for part in (
            piece.without_culprit(failure, is_first=True) if piece is failure.piece else [piece]
        )
    ]
