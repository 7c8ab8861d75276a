"""What a task's thread measures beside its counters: times, rates, sizes, ages.

Owns the arithmetic of Kafka Connect's metrics. Must not know how they are shown.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sinkworker.api import Advance, TopicPartition
from sinkworker.runtime.ports import RawRecord

# Seconds between a record's timestamp and the commit that made it durable.
AGES = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
WINDOW_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Ages:
    """A histogram: how many were at most so old, for each of AGES and beyond; and their sum."""

    counts: tuple[int, ...] = (0,) * (len(AGES) + 1)
    total: float = 0.0

    def with_one(self, seconds: float) -> Ages:
        place = bisect_left(AGES, seconds)
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        return Ages(counts, self.total + seconds)


@dataclass(slots=True)
class Measures:
    """Since the task started. The task's thread writes; others see the copy in a status.

    read: records that came from Kafka. *_at: Unix time, 0 for never.
    """

    read: int = 0
    read_rate: float = 0.0
    send_rate: float = 0.0
    gaps: int = 0
    batches: int = 0
    biggest_batch: int = 0
    put_ms: int = 0
    put_ms_max: int = 0
    flush_ms: int = 0
    flush_ms_max: int = 0
    flushed_at: float = 0.0
    rebalances: int = 0
    rebalanced_at: float = 0.0
    running_ms: int = 0
    paused_ms: int = 0
    ages: Ages = field(default_factory=Ages)

    def put(self, records: int, took_ms: int) -> None:
        self.read += records
        self.batches += 1
        self.biggest_batch = max(self.biggest_batch, records)
        self.put_ms += took_ms
        self.put_ms_max = max(self.put_ms_max, took_ms)

    def flushed(self, advances: Iterable[Advance], took_ms: int, newest: Iterable[int]) -> None:
        """newest: the timestamps of the last records of the partitions that were flushed."""
        self.flush_ms += took_ms
        self.flush_ms_max = max(self.flush_ms_max, took_ms)
        self.flushed_at = time.time()
        self.gaps += sum(advance.gaps for advance in advances)
        for timestamp in newest:
            if timestamp > 0:
                self.ages = self.ages.with_one(max(0.0, self.flushed_at - timestamp / 1000))

    def rebalanced(self) -> None:
        self.rebalances += 1
        self.rebalanced_at = time.time()


class Pace:
    """Rates over the last half minute, and how long the task ran or was paused."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int, int]] = deque()

    def look(self, measures: Measures, now_ms: int, sent: int, *, paused: bool) -> None:
        """Called several times a second."""
        if self._seen:
            passed = now_ms - self._seen[-1][0]
            if paused:
                measures.paused_ms += passed
            else:
                measures.running_ms += passed
        self._seen.append((now_ms, measures.read, sent))
        while now_ms - self._seen[0][0] > WINDOW_SECONDS * 1000:
            self._seen.popleft()
        first_ms, read, before = self._seen[0]
        seconds = max(now_ms - first_ms, 1) / 1000
        measures.read_rate = (measures.read - read) / seconds
        measures.send_rate = (sent - before) / seconds


class Newest:
    """The timestamp of each partition's last record that was not flushed yet."""

    def __init__(self) -> None:
        self._timestamps: dict[TopicPartition, int] = {}

    def read(self, partition: TopicPartition, records: Sequence[RawRecord]) -> None:
        if records:
            self._timestamps[partition] = records[-1].timestamp

    def flushed(self, advances: Mapping[TopicPartition, Advance]) -> list[int]:
        return [self._timestamps.pop(p) for p in advances if p in self._timestamps]
