"""Comparing a sink with its ledger and with Kafka, while it may be working.

Owns the order: the sink first, in one moment; then what Kafka's log holds up to there. Must not know
who asks, nor how any sink looks at itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from sinkworker.administration.verification import counting, rows, steps
from sinkworker.administration.verification.keys import Keys, committed
from sinkworker.administration.verification.passes import passes
from sinkworker.administration.verification.report import (
    AT_MOST,
    BY_COUNT,
    BY_OFFSET,
    PartitionReport,
    PlaceReport,
    Report,
)
from sinkworker.administration.verification.rows import Log
from sinkworker.api import Audit, Counted, Holding, LedgerEntry, Offset, TopicPartition
from sinkworker.runtime import log_range
from sinkworker.runtime.log_range import Range
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Consumer

Connect: TypeAlias = Callable[[Collection[TopicPartition]], Consumer]
Logs: TypeAlias = Mapping[TopicPartition, Log]

NOTHING = Counted(0, 0, 0, 0)


def verify(
    name: str, audit: Audit, connect: Connect | None, pipeline: Pipeline | None = None
) -> Report:
    """connect: a consumer of these partitions; None leaves Kafka's log out. pipeline: the connector's
    converters and transforms, which tolerates errors; None leaves keys out."""
    history = {source: _of(source, audit.ledger) for source in sorted(audit.stored)}
    ends = {source: _end(source, audit, of_source) for source, of_source in history.items()}
    keys = {
        source: Keys(pipeline, holding.key_of, committed(source, audit, history))
        for holding in audit.holdings
        if pipeline is not None and holding.key_of is not None
        for source in holding.sources
    }
    logs = _read_logs(ends, connect, keys) if connect is not None and ends else {}
    reports = {
        source: _partition(source, audit, of_source, logs.get(source), ends[source])
        for source, of_source in history.items()
    }
    places = [_place(holding, audit, history, logs, reports, ends) for holding in audit.holdings]
    for holding, place in zip(audit.holdings, places, strict=True):
        of_place = [keys[source] for source in holding.sources if source in keys and source in logs]
        if of_place and not holding.flaws:
            counting.by_keys(place, holding, audit, of_place)
    return Report(name, list(reports.values()), places)


def _of(source: TopicPartition, ledger: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    return [step for step in ledger if step.source == source]


def _end(source: TopicPartition, audit: Audit, history: Sequence[LedgerEntry]) -> int:
    """Up to where anything was ever committed: an operator may have set the offset back since."""
    ends = [step.to_offset for step in history if step.kind == "commit"]
    stored = audit.stored[source].next
    return max((each for each in (*ends, stored) if each is not None), default=0)


def _read_logs(
    ends: Mapping[TopicPartition, int], connect: Connect, keys: Mapping[TopicPartition, Keys]
) -> Logs:
    consumer = connect(list(ends))
    try:
        ranges = log_range.held(consumer, {source: Range(0, end) for source, end in ends.items()})
        found = {source: array("q") for source in ranges}
        identities = {source: consumer.identity(source.topic) for source in ranges}
        for source, fetched in log_range.read(consumer, ranges):
            found[source].extend(record.offset for record in fetched.records)
            if source in keys:
                keys[source].see(source, fetched)
    finally:
        consumer.close()
    for source in keys.keys() & ranges.keys():
        keys[source].began_at = ranges[source].start
    return {
        source: Log(ranges[source], offsets, identities[source])
        for source, offsets in found.items()
    }


def _partition(
    source: TopicPartition, audit: Audit, history: Sequence[LedgerEntry], log: Log | None, end: int
) -> PartitionReport:
    """What can be said without its rows."""
    stored, commits = audit.stored[source], passes(history)
    moves = steps.moves(history)
    differences = [(m.to_offset or 0) - (m.from_offset or 0) for m in moves
                   if None not in (m.from_offset, m.to_offset)]  # fmt: skip
    report = PartitionReport(
        source, stored.next, history[0].from_offset if history else None,
        sum(each.commit.kind == "commit" for each in commits),
        -sum(d for d in differences if d < 0), sum(d for d in differences if d > 0),
        len(log.offsets) if log is not None else None,
        moves=[steps.told(move) for move in moves],
        problems=steps.problems(history, stored),
    )  # fmt: skip
    if log is not None and not Offset(0, None, *log.identity).is_of_same_log(stored):
        report.problems.append("its stored offset is of another topic or cluster of the same name")
    if log is not None and log.range.end < end:
        report.problems.append(
            f"Kafka's log ends at {log.range.end}, and {end} was committed: it is another log, or it "
            "was truncated"
        )
    return report


def _place(
    holding: Holding, audit: Audit, history: Mapping[TopicPartition, Sequence[LedgerEntry]],
    logs: Logs, reports: Mapping[TopicPartition, PartitionReport], ends: Mapping[TopicPartition, int],
) -> PlaceReport:  # fmt: skip
    found, is_exact = holding.offsets, holding.offsets is not None and not holding.merges
    compared = BY_OFFSET if is_exact else AT_MOST if holding.merges else BY_COUNT
    place = PlaceReport(holding.place, compared, holding.rows, problems=[*holding.flaws])
    for source in holding.sources:
        report, log = reports[source], logs.get(source)
        if found is not None:
            counted = audit.counted.get(source, NOTHING)
            of_rows = _rows(found[source], holding, history[source], counted, log)
            report.rows, report.twice = len(found[source]), of_rows.twice
            report.missing = None if holding.merges else of_rows.missing
            report.problems += of_rows.problems
            report.problems += filter(None, [rows.beyond(found[source], ends[source])])
        if not is_exact and log is not None:
            report.problems += filter(None, [rows.unread(passes(history[source]), log)])
    if not is_exact and not holding.flaws:
        counting.by_records(place, holding, audit, history)
    return place


def _rows(
    found: Sequence[int], holding: Holding, history: Sequence[LedgerEntry], counted: Counted,
    log: Log | None,
) -> rows.Compared:  # fmt: skip
    if not holding.merges:
        return rows.compare(found, history, counted, log)
    compared = rows.Compared()
    rows.find_twice(compared, found)
    return compared
