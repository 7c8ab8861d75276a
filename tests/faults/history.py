"""What Kafka holds of a topic, read by a client that is not the one under test.

Owns the log as a checker sees it: committed records in their order, aborted ones, and what a table must
amount to at each stored offset. A log that a round damages is copied before, by the same client.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.cargo import FOLDS, Cargo, State, decoded
from tests.services.kafka_tools import KafkaTools

NOTHING = State(0, -1, 0)


@dataclass
class PartitionLog:
    """offsets and records run side by side; states[i] is what the first i of them amount to.

    bad: what must become a dead letter instead, with its offset.
    """

    start: int
    end: int
    offsets: list[int] = field(default_factory=list)
    records: list[Cargo] = field(default_factory=list)
    states: list[State] = field(default_factory=lambda: [NOTHING])
    bad: list[tuple[int, Cargo]] = field(default_factory=list)

    def count_before(self, offset: int) -> int:
        return bisect_left(self.offsets, offset)

    def state_at(self, offset: int) -> State:
        """Of a table that holds everything before `offset`, and nothing else."""
        return self.states[self.count_before(offset)]


@dataclass(frozen=True)
class History:
    partitions: dict[int, PartitionLog]
    aborted: frozenset[tuple[int, int]]
    """(p, n) of records of aborted transactions."""


Entries = list[tuple[int, Cargo]]
"""Offsets and records of one partition."""


def read(
    kafka: KafkaTools,
    topic: str,
    table: str,
    kept: str | None = None,
    gone: Iterable[Sequence[int]] = (),
) -> History:
    """The whole topic, twice: what is committed, and what was ever written.

    kept: a copy, which has the say on the offsets that it covers. gone: what nobody could ever read.
    """
    ends, committed = kafka.ends(topic), _entries(kafka, topic)
    whole, copied_ends = _with_copy(committed, kept)
    partitions = {p: PartitionLog(0, max(end, copied_ends.get(p, 0))) for p, end in ends.items()}
    lost = {(p, offset) for p, first, past in gone for offset in range(first, past)}
    for p, entries in whole.items():
        _fill(partitions[p], [each for each in entries if (p, each[0]) not in lost], table)
    readable = {(r.p, r.n) for log in (committed, whole) for es in log.values() for _, r in es}
    written = _entries(kafka, topic, "read_uncommitted")
    everything = {(p, record.n) for p, entries in written.items() for _, record in entries}
    return History(partitions, frozenset(everything - readable))


def keep(kafka: KafkaTools, topic: str, file: Path) -> None:
    """Copy what is committed, for the judge of a log that is about to be damaged."""
    ends = kafka.ends(topic)
    copy = {p: [ends[p], entries] for p, entries in _entries(kafka, topic).items()}
    file.write_text(json.dumps(copy))


def _with_copy(
    committed: Mapping[int, Entries], kept: str | None
) -> tuple[Mapping[int, Entries], dict[int, int]]:
    """The log as it was: the copy, and what came after it. And where the copy ends."""
    if kept is None:
        return committed, {}
    copy = {int(p): each for p, each in json.loads(Path(kept).read_text()).items()}
    whole = {p: list(entries) for p, entries in committed.items()}
    for p, (end, entries) in copy.items():
        copied = [(offset, Cargo(*record)) for offset, record in entries]
        whole[p] = copied + [each for each in committed.get(p, ()) if each[0] >= end]
    return whole, {p: end for p, (end, _) in copy.items()}


def _entries(
    kafka: KafkaTools, topic: str, isolation: str = "read_committed"
) -> dict[int, Entries]:
    return {
        p: [(message.offset(), decoded(p, message.key(), message.value())) for message in messages]
        for p, messages in kafka.read(topic, isolation).items()
    }


def _fill(log: PartitionLog, entries: Entries, table: str) -> None:
    fold, rows = FOLDS[table], {}  # type: ignore[var-annotated]
    for offset, record in entries:
        if record.stage is not None:
            log.bad.append((offset, record))
            continue
        log.offsets.append(offset)
        log.records.append(record)
        log.states.append(fold(rows, log.states[-1], record))
