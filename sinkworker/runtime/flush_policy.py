"""When to flush. Pure.

Owns the three limits: records, bytes, age. Must not know what a flush does.
"""

from __future__ import annotations

from dataclasses import dataclass

from sinkworker.runtime.assignment import Pending


@dataclass(frozen=True, slots=True)
class FlushPolicy:
    """Flush as soon as one limit is reached.

    The task's thread flushes before it polls again, so `max_bytes` also bounds what a task holds:
    back-pressure is that nobody polls meanwhile.
    """

    max_records: int
    max_bytes: int
    interval_ms: int

    def due(self, now_ms: int, pending: Pending) -> bool:
        if pending.since_ms is None:
            return False
        return self.is_full(pending) or now_ms - pending.since_ms >= self.interval_ms

    def is_full(self, pending: Pending) -> bool:
        return pending.records >= self.max_records or pending.bytes >= self.max_bytes

    def wait_ms(self, now_ms: int, pending: Pending, at_most: int) -> int:
        """How long a poll may wait for records before a flush is due."""
        if pending.since_ms is None:
            return at_most
        return max(0, min(at_most, pending.since_ms + self.interval_ms - now_ms))
