"""How many records the next flush may have. Pure.

Owns how that follows what flushes took. Must not know what a flush does, nor a clock.

A slow store gets smaller flushes, or each would outlast statement_timeout, a rebalance, a stop. Where
most of the time is spent once per flush, fewer records a flush only make it slower: then it stays.
The first flush is small, so that a worker's first rows are there a tenth of a second sooner.
"""

from __future__ import annotations

from dataclasses import replace

from sinkworker.runtime.assignment import Pending
from sinkworker.runtime.flush_policy import FlushPolicy

FIRST = 500  # records
# Half of the shortest time-out that a flush may run into: a new owner of a partition waits 2 s for
# the last one's transaction, then ends it.
TARGET_MS = 1_000
# A smaller size must store this share of the records a second that the bigger one did.
WORTH = 0.75
# A step that did harm is not tried again during so many full flushes.
REST = 10


class FlushSize:
    """From 1 to the policy's `max_records`; by halves and doubles at most, but for the first.

    policy: the one in force. Only full flushes count: one that is due by age says little of them.
    """

    def __init__(self, whole: FlushPolicy) -> None:
        self.policy = self._whole = whole
        self._rest = 0
        self._rate_before: float | None = None  # records a ms, when the size began to go down
        self._is_first = whole.max_records > FIRST
        self._set(FIRST)

    def at_most(self, pending: Pending) -> int | None:
        """How many records the next poll may bring; None: as many as it is set up to."""
        if self.policy is self._whole:
            return None
        return max(1, self.policy.max_records - pending.records)

    def flushed(self, pending: Pending, took_ms: int) -> None:
        """This took effect."""
        if self._was_first() or not pending.records or not self.policy.is_full(pending):
            return
        rate = pending.records / max(took_ms, 1)
        if self._rest:
            self._rest -= 1
        elif took_ms <= TARGET_MS:
            self._grow(rate, pending.records)
        elif self._rate_before is not None and rate < self._rate_before * WORTH:
            self._settle(pending.records * 2)
        else:
            self._shrink(rate, pending)

    def failed(self, pending: Pending) -> None:
        """This did not, and may be too much to do so in time."""
        self._was_first()
        self._settle(self._size(pending) // 2)

    def _was_first(self) -> bool:
        """What comes behind it begins with whole flushes, whatever it took."""
        was, self._is_first = self._is_first, False
        if was:
            self.policy = self._whole
        return was

    def _grow(self, rate: float, records: int) -> None:
        self._rate_before = None
        self._set(max(self.policy.max_records, min(round(rate * TARGET_MS), records * 2)))

    def _shrink(self, rate: float, pending: Pending) -> None:
        if self._rate_before is None:
            self._rate_before = rate
        self._set(max(int(rate * TARGET_MS), self._size(pending) // 2))

    def _settle(self, records: int) -> None:
        self._rest, self._rate_before = REST, None
        self._set(records)

    def _size(self, pending: Pending) -> int:
        """Fewer than `max_records` are full, too, where they are big."""
        most = self.policy.max_records
        return min(pending.records, most) if self.policy.is_full(pending) else most

    def _set(self, records: int) -> None:
        fitting = max(1, min(records, self._whole.max_records))
        is_whole = fitting == self._whole.max_records
        self.policy = self._whole if is_whole else replace(self._whole, max_records=fitting)
