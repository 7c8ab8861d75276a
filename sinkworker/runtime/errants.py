"""The bad records of one task, from the moment one is found to the flush that passes it.

Owns what a reported record becomes: a rejection, or a dead letter that is safe before its offset is
committed. Must not know how a letter is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sinkworker.api import (
    Advance,
    ErrantRecord,
    RecordRejectedError,
    SinkRecord,
    Stage,
    TopicPartition,
)
from sinkworker.runtime.assignment import Assignment
from sinkworker.runtime.breaker import Breaker
from sinkworker.runtime.ports import DeadLetters
from sinkworker.runtime.status import Counters
from sinkworker.runtime.tolerance import Tolerance, sentence
from sinkworker.runtime.traces import let_go


class TooManyErrantError(RecordRejectedError):
    """The breaker: what fails is no exception any more."""

    advice = (
        "Mend what they have in common, mostly a wrong converter or a missing column, and start "
        "again; or allow more."
    )


class Errants:
    """Every call comes from the task's thread."""

    def __init__(
        self,
        tolerance: Tolerance,
        assignment: Assignment,
        breaker: Breaker | None = None,
        dead_letters: DeadLetters | None = None,
        task_class: str = "",
        counters: Counters | None = None,
    ) -> None:
        """dead_letters: where they are sent; None: nowhere, or the sink stores them itself."""
        self._counters = counters or Counters()
        self._tolerance, self._assignment = tolerance, assignment
        self._breaker, self._dead_letters = breaker or Breaker(), dead_letters
        self.task_class = task_class
        self._reported: list[ErrantRecord] = []
        self._is_flushing = False

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> ErrantRecord:
        """What `SinkTaskContext.report` does."""
        errant = self._errant(source, record, error)
        if not self._tolerance.accepts(errant):
            raise RecordRejectedError(source, record.offset, sentence(errant)) from error
        self.count(errant)
        if self._is_flushing:
            self._send([errant])
        self._reported.append(errant)
        return errant

    def _errant(self, source: TopicPartition, record: SinkRecord, error: Exception) -> ErrantRecord:
        let_go(error)
        original = self._assignment.original(source, record.offset)
        raw = original.record if original is not None else None
        key, value, headers = (raw.key, raw.value, raw.headers) if raw else (None, None, ())
        return ErrantRecord(
            source, record.offset, Stage.TASK_PUT, error,
            raw.timestamp if raw else record.timestamp, key, value, headers, self.task_class,
        )  # fmt: skip

    def count(self, errant: ErrantRecord) -> None:
        """Raises TooManyErrantError when it is one too many."""
        original = self._assignment.original(errant.source, errant.offset)
        if original is None or not self._breaker.is_set:
            return
        book = self._assignment.books()[errant.source]
        trip = self._breaker.trips(book.tally, original.number)
        if trip is not None:
            first, clause = trip
            offset = book.originals.at(first).offset
            cause = f"{errant.source} from offset {offset} on: {clause}; {sentence(errant)}"
            raise TooManyErrantError(errant.source, offset, cause)

    def take(self) -> list[ErrantRecord]:
        """What was reported since the last call."""
        reported, self._reported = self._reported, []
        return reported

    @contextmanager
    def flushing(self, advances: Mapping[TopicPartition, Advance]) -> Iterator[None]:
        """Around the task's flush: what is committed has its letters acknowledged."""
        self._send([errant for advance in advances.values() for errant in advance.errant])
        self._is_flushing = True
        try:
            yield
        finally:
            self._is_flushing = False

    def _send(self, letters: Sequence[ErrantRecord]) -> None:
        if self._dead_letters is None or not letters:
            return
        self._counters.letters_sent += len(letters)
        try:
            self._dead_letters.send(letters)
        except BaseException:
            self._counters.letters_not_sent += len(letters)
            raise

    def close(self) -> None:
        if self._dead_letters is not None:
            self._dead_letters.close()
