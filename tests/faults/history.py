"""What Kafka holds of a topic, read by a client that is not the one under test.

Owns the log as a checker sees it: committed records in their order, aborted ones, and what a table must
amount to at each stored offset.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.cargo import FOLDS, Cargo, State, decoded
from tests.services.kafka_tools import KafkaTools

NOTHING = State(0, -1, 0)


@dataclass
class PartitionLog:
    """offsets and records run side by side; states[i] is what the first i of them amount to."""

    start: int
    end: int
    offsets: list[int] = field(default_factory=list)
    records: list[Cargo] = field(default_factory=list)
    states: list[State] = field(default_factory=lambda: [NOTHING])

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


def read(kafka: KafkaTools, topic: str, table: str) -> History:
    """The whole topic, twice: what is committed, and what was ever written."""
    ends = kafka.ends(topic)
    committed = kafka.read(topic)
    partitions = {p: PartitionLog(0, ends[p]) for p in ends}
    for p, messages in committed.items():
        _fill(partitions[p], p, messages, table)
    kept = {(r.p, r.n) for log in partitions.values() for r in log.records}
    written = kafka.read(topic, "read_uncommitted")
    everything = {(p, decoded(p, m.key(), m.value()).n) for p, ms in written.items() for m in ms}
    return History(partitions, frozenset(everything - kept))


def _fill(log: PartitionLog, p: int, messages: Sequence[object], table: str) -> None:
    fold, rows = FOLDS[table], {}  # type: ignore[var-annotated]
    for message in messages:
        record = decoded(p, message.key(), message.value())  # type: ignore[attr-defined]
        log.offsets.append(message.offset())  # type: ignore[attr-defined]
        log.records.append(record)
        log.states.append(fold(rows, log.states[-1], record))
