"""Partitioners: below which path a record's file lies.

Owns the values of `partitioner.class`. What a field's value looks like in a path is in `escaping.py`,
what a moment looks like in `path_format.py`. Must not know files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sinkworker.api import SinkRecord, TopicPartition


class Partitioner(ABC):
    """Says the paths of the records of one source partition: no `/` at either end."""

    @abstractmethod
    def paths(self, records: Sequence[SinkRecord], times: Sequence[int]) -> Sequence[str]:
        """times: what the timestamp extractor says of them, where anything asks for it.

        DataError when a record has no path.
        """


class DefaultPartitioner(Partitioner):
    """`partition=<number>`: Kafka's own partitions."""

    def __init__(self, source: TopicPartition) -> None:
        self._path = f"partition={source.partition}"

    def paths(self, records: Sequence[SinkRecord], times: Sequence[int]) -> Sequence[str]:
        return [self._path] * len(records)
