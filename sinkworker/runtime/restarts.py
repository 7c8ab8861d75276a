"""When what has failed begins anew by itself: a task, or a quarantined partition.

Owns `task.restart.*` and how often it was tried. Pure. Must not know how something begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sinkworker.api import TopicPartition


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """most: restarts in a row without success; 0: none, -1: any number. Each waits twice as long."""

    most: int = 0
    backoff_ms: int = 1_000
    backoff_max_ms: int = 60_000

    def delay_ms(self, restarts: int) -> int | None:
        """How long to wait after so many restarts; None: it stays as it is."""
        if 0 <= self.most <= restarts:
            return None
        return min(self.backoff_ms << min(restarts, 30), self.backoff_max_ms)


@dataclass(slots=True)
class _Standing:
    offset: int
    restarts: int = 0
    due_ms: int | None = None


class Quarantines:
    """The quarantined partitions of one task. One that got further has had success."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._known: dict[TopicPartition, _Standing] = {}

    def due(self, standing: Mapping[TopicPartition, int], now_ms: int) -> list[TopicPartition]:
        """Which of these begin anew now. standing: all that are quarantined, and at which offset."""
        return [p for p, offset in standing.items() if self._is_due(p, offset, now_ms)]

    def _is_due(self, partition: TopicPartition, offset: int, now_ms: int) -> bool:
        known = self._known.get(partition)
        if known is None or known.offset != offset:
            known = self._known[partition] = _Standing(offset)
        delay_ms = self._policy.delay_ms(known.restarts)
        if delay_ms is None:
            return False
        known.due_ms = now_ms + delay_ms if known.due_ms is None else known.due_ms
        if now_ms < known.due_ms:
            return False
        known.restarts, known.due_ms = known.restarts + 1, None
        return True
