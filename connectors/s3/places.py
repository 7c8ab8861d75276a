"""Which file each record of a source partition belongs to.

Owns what happens to records without a value, and to those without a place. Must not know open files.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from connectors.s3.layout import Layout
from sinkworker.api import DataError, SinkRecord, TopicPartition

Place: TypeAlias = tuple[str, str, Hashable]  # topic, path and schema: one open file each
Reject: TypeAlias = Callable[[SinkRecord, DataError], object]
NO_VALUE = "it has no value: set behavior.on.null.values=ignore, or =write where the format can"


class Placed(NamedTuple):
    """Parallel: records, in order, their times and their places."""

    records: Sequence[SinkRecord]
    times: Sequence[int]
    places: Sequence[Place]


class Places:
    def __init__(self, source: TopicPartition, layout: Layout, reject: Reject) -> None:
        """reject: told of each record that has no place."""
        self._layout, self._reject = layout, reject
        self._partitioner = layout.partitioner(source)
        self._schemas = layout.format.schemas()

    def of(self, records: Sequence[SinkRecord], wall_ms: int) -> Placed:
        """Without ignored nulls and rejected records. Many at once, if all is well with them."""
        if None not in map(attrgetter("value"), records):
            try:
                return Placed(records, *self._locate(records, wall_ms))
            except DataError:  # one of them has no place
                pass
        return self._one_by_one(records, wall_ms)

    def _locate(
        self, records: Sequence[SinkRecord], wall_ms: int
    ) -> tuple[Sequence[int], Sequence[Place]]:
        times = self._layout.times(records, wall_ms)
        paths = self._partitioner.paths(records, times)
        topics = [record.topic for record in records]
        return times, list(zip(topics, paths, self._schemas(records), strict=True))

    def _one_by_one(self, records: Sequence[SinkRecord], wall_ms: int) -> Placed:
        placed, times, places = [], [], []
        for record in records:
            try:
                found = self._locate_one(record, wall_ms)
            except DataError as error:
                self._reject(record, error)
                continue
            if found is not None:
                placed.append(record)
                times.append(found[0])
                places.append(found[1])
        return Placed(placed, times, places)

    def _locate_one(self, record: SinkRecord, wall_ms: int) -> tuple[int, Place] | None:
        """None: it is a null to be ignored."""
        if record.value is None:
            return self._locate_null(record, wall_ms)
        times, places = self._locate([record], wall_ms)
        return times[0], places[0]

    def _locate_null(self, record: SinkRecord, wall_ms: int) -> tuple[int, Place] | None:
        if self._layout.null_values == "fail":
            raise DataError(NO_VALUE)
        if self._layout.null_values == "ignore":
            return None
        time = wall_ms if record.timestamp is None else record.timestamp
        return time, (record.topic, self._layout.null_path, None)
