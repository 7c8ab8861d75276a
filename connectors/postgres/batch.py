"""The records of one flush for one table.

Owns their order, and which record stands behind which row. Must not know statements.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import NamedTuple, TypeVar

from connectors.postgres.reader import DeletedKey, RecordReader, Values
from connectors.postgres.rows import Plan, Plans
from sinkworker.api import DataError, SinkRecord, TopicPartition

Parts = Sequence[tuple[TopicPartition, Sequence[SinkRecord]]]
Report = Callable[[TopicPartition, SinkRecord, Exception], None]
T = TypeVar("T")


class Chunks:
    """Records in sequences one after the other, none of them copied."""

    __slots__ = ("_chunks", "_ends")

    def __init__(self, *chunks: Sequence[SinkRecord]) -> None:
        self._chunks = list(chunks)
        self._ends = list(accumulate(map(len, chunks)))

    def add(self, chunk: Sequence[SinkRecord]) -> None:
        self._ends.append(len(chunk) + (self._ends[-1] if self._ends else 0))
        self._chunks.append(chunk)

    def __getitem__(self, index: int) -> SinkRecord:
        at = bisect_right(self._ends, index)
        return self._chunks[at][index - self._ends[at]]  # from the chunk's end

    def __iter__(self) -> Iterator[SinkRecord]:
        return chain.from_iterable(self._chunks)


@dataclass(slots=True)
class Batch:
    """Parallel lists: record i was read from source i and fills values i by plan i."""

    sources: list[TopicPartition] = field(default_factory=list)
    records: Chunks = field(default_factory=Chunks)
    values: list[Values] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values)

    def is_uniform(self) -> bool:
        """Whether all records have the same fields, but for those that are deletes."""
        kinds: set[type] = set(map(type, self.values))
        if kinds == {dict}:
            return self.plans.count(self.plans[0]) == len(self)
        written = zip(self.plans, self.values, strict=True)
        plans = {plan for plan, values in written if type(values) is dict}
        return kinds.difference([DeletedKey]) == {dict} and len(plans) == 1

    def deletes(self) -> Sequence[int]:
        """Their indexes."""
        if DeletedKey not in set(map(type, self.values)):
            return ()
        return [i for i, values in enumerate(self.values) if type(values) is DeletedKey]

    def only(self, indexes: Sequence[int]) -> Batch:
        return Batch(
            _chosen(self.sources, indexes), Chunks([self.records[i] for i in indexes]),
            _chosen(self.values, indexes), _chosen(self.plans, indexes),
        )  # fmt: skip


def _chosen(items: list[T], indexes: Sequence[int]) -> list[T]:
    if isinstance(indexes, range):
        return items[indexes.start : indexes.stop]
    return [items[i] for i in indexes]


class Rejected(NamedTuple):
    """A record that cannot be a row."""

    source: TopicPartition
    record: SinkRecord
    error: DataError


def read(parts: Parts, reader: RecordReader, plans: Plans) -> tuple[Batch, list[Rejected]]:
    """Every record's values and plan, and the records that do not fit."""
    batch, rejected = Batch(), []
    for source, records in parts:
        if _read_at_once(batch, source, records, reader, plans):
            continue
        left: Sequence[SinkRecord] = records
        while left:
            done, error = _read(batch, source, left, reader, plans)
            if error is not None:
                rejected.append(Rejected(source, left[done], error))
                done += 1
            left = left[done:]
    return batch, rejected


def _read_at_once(
    batch: Batch,
    source: TopicPartition,
    records: Sequence[SinkRecord],
    reader: RecordReader,
    plans: Plans,
) -> bool:
    """Read all of them, if all fit and have shapes that were seen before."""
    values = reader.values_of_all(source, records)
    found = plans.of_all(values) if values is not None else None
    if values is None or found is None:
        return False
    batch.values += values
    batch.plans += found
    batch.records.add(records)
    batch.sources += [source] * len(records)
    return True


def _read(
    batch: Batch,
    source: TopicPartition,
    records: Sequence[SinkRecord],
    reader: RecordReader,
    plans: Plans,
) -> tuple[int, DataError | None]:
    """Read up to the first record that does not fit; say how many are read, and why it stopped."""
    read_values, plan_of = reader.values, plans.plan
    all_values, all_plans = batch.values, batch.plans
    before, failure = len(all_plans), None
    try:
        for record in records:
            values = read_values(source, record)
            plan = plan_of(values)
            all_values.append(values)
            all_plans.append(plan)
    except DataError as error:
        failure = error
    done = len(all_plans) - before
    batch.records.add(records[:done])
    batch.sources += [source] * done
    return done, failure
