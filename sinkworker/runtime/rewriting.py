"""Records of a range once more through the converters and transforms of today, into the sink.

Owns the order: the sink's partitions are held, the log is read, everything is written, and then it is
committed in one step. Must not know any sink.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sinkworker.api import (
    ConnectError,
    ErrantRecord,
    RecordRejectedError,
    Rewriter,
    Rewritten,
    SinkRecord,
    Stage,
    TopicPartition,
)
from sinkworker.runtime import log_range
from sinkworker.runtime.log_range import Range, Ranges
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Consumer, Fetched, RawRecord
from sinkworker.runtime.tolerance import Tolerance, sentence

GONE = (
    "{source}: Kafka holds the offsets {held.start} to {held.end}, and {wanted.start} to {wanted.end} "
    "are to be written again. Nothing was changed."
)
STOPPED = "{why}. Nothing was changed: with errors.tolerance=all such records are left as they are."


class RewritingContext:
    """Implements `sinkworker.api.SinkTaskContext` for a task that writes again."""

    def __init__(self, name: str, tolerance: Tolerance, config_hash: str, timeout_ms: int) -> None:
        self.name, self.task, self.config_hash = name, 0, config_hash
        self.flush_timeout_ms = timeout_ms
        self.owner = f"sinkworker replay@{socket.gethostname()}:{os.getpid()}"
        self._tolerance = tolerance
        self.originals: Mapping[int, RawRecord] = {}

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> ErrantRecord:
        raw = self.originals[record.offset]
        errant = ErrantRecord(
            source,
            record.offset,
            Stage.TASK_PUT,
            error,
            raw.timestamp,
            raw.key,
            raw.value,
            raw.headers,
        )
        if not self._tolerance.accepts(errant):
            raise RecordRejectedError(source, record.offset, sentence(errant)) from error
        return errant


@dataclass
class Outcome:
    """rewritten: what was asked for, and what had to follow it. errant: what failed, now."""

    rewritten: dict[TopicPartition, Rewritten] = field(default_factory=dict)
    errant: list[ErrantRecord] = field(default_factory=list)

    def add(
        self, source: TopicPartition, records: int, errant: Sequence[ErrantRecord], filtered: int
    ) -> None:
        before = self.rewritten[source]
        self.errant += errant
        self.rewritten[source] = before._replace(
            records=before.records + records,
            errant=before.errant + len(errant), filtered=before.filtered + filtered,
        )  # fmt: skip


def ranges(wanted: Ranges, stored: Mapping[TopicPartition, int], *, reads_on: bool) -> Ranges:
    """What is written again: never what was not written before. Empty ones are left out."""
    found = {
        source: Range(start, stored[source] if reads_on else min(end, stored[source]))
        for source, (start, end) in wanted.items()
        if source in stored
    }
    return {
        source: each
        for source, each in found.items()
        if each.start < each.end and wanted[source].start < wanted[source].end
    }


def rewrite(
    rewriter: Rewriter, consumer: Consumer, pipeline: Pipeline, context: RewritingContext,
    wanted: Ranges,
) -> Outcome:  # fmt: skip
    """ConnectError, RetriableError: nothing has happened."""
    stored = rewriter.begin(sorted(wanted))
    chosen = ranges(wanted, stored, reads_on=rewriter.reads_on)
    _refuse_what_is_gone(consumer, chosen)
    outcome = Outcome({source: Rewritten(*each, 0, 0, 0) for source, each in chosen.items()})
    for source, each in chosen.items():
        rewriter.clear(source, *each)
    try:
        for source, fetched in log_range.read(consumer, chosen):
            outcome.add(source, *_written(rewriter, pipeline, context, source, fetched))
    except RecordRejectedError as error:
        raise ConnectError(STOPPED.format(why=error)) from error
    rewriter.commit(outcome.rewritten)
    return outcome


def _written(
    rewriter: Rewriter, pipeline: Pipeline, context: RewritingContext, source: TopicPartition,
    fetched: Fetched,
) -> tuple[int, list[ErrantRecord], int]:  # fmt: skip
    """How many were written, which failed, and how many were left out."""
    processed = pipeline.process(source, fetched, None)
    if processed.barrier is not None:
        raise ConnectError(STOPPED.format(why=processed.barrier.cause))
    context.originals = {raw.offset: raw for raw in fetched.records}
    records, before = processed.records, processed.delivery.errant
    failed = rewriter.write(source, records, before) if records or before else ()
    return len(records) - len(failed), [*before, *failed], processed.delivery.filtered


def _refuse_what_is_gone(consumer: Consumer, chosen: Ranges) -> None:
    for source, held in log_range.held(consumer, chosen).items():
        if held != chosen[source]:
            raise ConnectError(GONE.format(source=source, held=held, wanted=chosen[source]))
