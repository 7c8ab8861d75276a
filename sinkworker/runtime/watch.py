"""What a task looks after between flushes: timers, and a client that stopped reading.

Owns when to look and what counts as stalled. Must not know what is done about it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sinkworker.api import TopicPartition
from sinkworker.runtime.ports import Consumer
from sinkworker.runtime.status import Counters

log = logging.getLogger(__name__)

LONGEST_POLL_MS = 500


class Every:
    """True at most once an interval, beginning one interval from the first look."""

    def __init__(self, interval_ms: int) -> None:
        self._interval_ms = interval_ms
        self._next_ms: int | None = None

    def due(self, now_ms: int) -> bool:
        if self._next_ms is None:
            self._next_ms = now_ms + self._interval_ms
        if now_ms < self._next_ms:
            return False
        self._next_ms = now_ms + self._interval_ms
        return True


class Watchdog:
    """Tells a client that is stuck from a log that has nothing more to read.

    A position that stands still behind the end it may read up to means that the client no longer
    fetches (kafka-python before 3.0.9 did so after a rebalance). One that stands at the last stable
    offset while the log is longer waits for an open transaction: that is only worth a warning.

    Only time in which the client was polled counts: a flush may take minutes, a process may be
    frozen, and neither says anything about the client.
    """

    def __init__(self, limit_ms: int, counters: Counters) -> None:
        self._limit_ms, self._counters = limit_ms, counters
        self._look = Every(max(limit_ms // 4, 1))
        self._polled = PolledTime()
        self._seen: dict[TopicPartition, tuple[int, int]] = {}
        self._behind: set[tuple[TopicPartition, int]] = set()

    def stalled(
        self, consumer: Consumer, positions: Mapping[TopicPartition, int], now_ms: int
    ) -> list[TopicPartition]:
        """Partitions that could be read on and are not. Asks Kafka only about those that rest.

        Called after every poll. Stalled is what stood at the same position behind the end at two looks:
        a record may have come just after the poll.
        """
        polled_ms = self._polled.at(now_ms)
        if not self._look.due(polled_ms):
            return []
        still = self._still(positions, polled_ms)
        if not still:
            self._counters.stuck_transactions, self._behind = 0, set()
            return []
        ends, bounds = consumer.stable_ends(still), consumer.bounds(still)
        self._tell_of_open_transactions({p: b.end for p, b in bounds.items() if ends[p] < b.end})
        before = self._behind
        self._behind = {(p, positions[p]) for p in still if positions[p] < ends[p]}
        return sorted(p for p, _ in before & self._behind)

    def forget(self) -> None:
        self._seen, self._behind = {}, set()

    def _still(
        self, positions: Mapping[TopicPartition, int], polled_ms: int
    ) -> list[TopicPartition]:
        self._seen = {
            partition: (position, polled_ms)
            if self._seen.get(partition, (None, 0))[0] != position
            else self._seen[partition]
            for partition, position in positions.items()
        }
        return [p for p, (_, since) in self._seen.items() if polled_ms - since >= self._limit_ms]

    def _tell_of_open_transactions(self, ends: Mapping[TopicPartition, int]) -> None:
        self._counters.stuck_transactions = len(ends)
        for partition, end in ends.items():
            log.warning(
                "%s: an open transaction hides what comes before offset %d; "
                "it is read when that ends", partition, end,
            )  # fmt: skip


class PolledTime:
    """A clock that hardly moves between two polls, however long that takes."""

    def __init__(self) -> None:
        self._last_ms: int | None = None
        self._polled_ms = 0

    def at(self, now_ms: int) -> int:
        if self._last_ms is not None:
            self._polled_ms += min(now_ms - self._last_ms, LONGEST_POLL_MS)
        self._last_ms = now_ms
        return self._polled_ms
