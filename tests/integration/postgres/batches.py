"""A task that is driven in batches that the test chooses, without the engine. It tolerates errors.

Owns the claims and advances that its flushes need, and remembers which records were rejected. Must
not know what the records mean.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sinkworker.api import (
    Advance,
    Claim,
    ErrantRecord,
    FencedError,
    Offset,
    RetriableError,
    SinkRecord,
    Stage,
)
from sinkworker.api import TopicPartition as Source
from tests.integration.postgres.sinks import connector
from tests.services.database import Database

MOST_TRIES = 50


class Message(NamedTuple):
    """What a record holds."""

    key: Any
    value: Any


Batch = Mapping[Source, Sequence[Message]]
Rejected = dict[tuple[Source, int], str]
"""Why the records at these places are bad."""


@dataclass
class TolerantContext:
    """A task context that lets every record be bad, but none of them twice."""

    name: str
    owner: str = "one"
    task: int = 0
    flush_timeout_ms: int = 60_000
    config_hash: str = ""
    rejected: Rejected = field(default_factory=dict)

    def report(self, source: Source, record: SinkRecord, error: Exception) -> ErrantRecord:
        assert (source, record.offset) not in self.rejected, "told twice"
        self.rejected[source, record.offset] = str(error)
        return ErrantRecord(
            source, record.offset, Stage.TASK_PUT, error, record.timestamp, None, None, ()
        )


class Batches:
    """One task. `failures`: the retriable ones that its flushes met."""

    def __init__(self, database: Database, *sources: Source, **settings: Any) -> None:
        """settings: those of the connector."""
        sink = connector(database, **settings)
        self.context = TolerantContext(sink.name)
        self.task = sink.create_task(self.context)
        self.failures: list[str] = []
        self._claims: dict[Source, Claim] = {}
        self._open(sources)

    def next(self, source: Source) -> int:
        """The offset of the next record."""
        return self._claims[source].resume.next

    def flush(self, batch: Batch) -> Rejected:
        """Write them, as often as it takes. Which of the records were rejected, and why."""
        ends = {source: self.next(source) + len(messages) for source, messages in batch.items()}
        rejected: Rejected = {}
        for _ in range(MOST_TRIES):
            left = {source: end for source, end in ends.items() if self.next(source) != end}
            if not left:
                return rejected
            self.context.rejected = {}
            self._try({source: batch[source] for source in left}, left)
            rejected = self.context.rejected
        raise AssertionError(f"not stored after {MOST_TRIES} tries: {self.failures[-3:]}")

    def _try(self, batch: Batch, ends: Mapping[Source, int]) -> None:
        try:
            for source, messages in batch.items():
                self.task.put(source, self._records(source, messages))
            self.task.flush({source: self._advance(source, end) for source, end in ends.items()})
            for source, end in ends.items():
                resume, epoch = self._claims[source]
                self._claims[source] = Claim(resume._replace(next=end), epoch)
        except (RetriableError, FencedError) as error:
            self.failures.append(str(error))
            self._open(self._claims)

    def _records(self, source: Source, messages: Sequence[Message]) -> list[SinkRecord]:
        return [
            SinkRecord(source.topic, source.partition, offset, 1, key, value, [])
            for offset, (key, value) in enumerate(messages, self.next(source))
        ]

    def _advance(self, source: Source, end: int) -> Advance:
        resume, epoch = self._claims[source]
        return Advance(epoch, resume.next, resume._replace(next=end), end - resume.next)

    def _open(self, sources: Collection[Source]) -> None:
        for _ in range(MOST_TRIES):
            try:
                self.task.close(sources)
                self._claims = dict(self.task.open(dict.fromkeys(sources, Offset(0))))
                return
            except RetriableError as error:
                self.failures.append(str(error))
        raise AssertionError(f"not opened after {MOST_TRIES} tries: {self.failures[-3:]}")
