"""How long to wait after a failure, and when to give up. Pure but for its random source.

Owns Kafka Connect's curve: 300 ms, doubling, at random below the maximum once past it. Must not
know what failed.
"""

from __future__ import annotations

from random import Random

FIRST_DELAY_MS = 300


class Backoff:
    """A run of failures: from the first until `succeeded`, or until none came for a long time."""

    def __init__(self, max_delay_ms: int, give_up_after_ms: int, random: Random) -> None:
        """give_up_after_ms: since the first failure; -1 never gives up."""
        self._max_delay_ms, self._give_up_after_ms = max_delay_ms, give_up_after_ms
        self._random = random
        self._failures = 0
        self._since_ms = self._last_ms = self._until_ms = 0

    @property
    def failures(self) -> int:
        return self._failures

    def failed(self, now_ms: int, began_ms: int | None = None) -> None:
        """An attempt failed that began at `began_ms`: however long it took, it belongs to the run."""
        began_ms = now_ms if began_ms is None else began_ms
        if began_ms - self._last_ms > 2 * self._max_delay_ms:
            self._failures = 0
        if self._failures == 0:
            self._since_ms = now_ms
        self._failures += 1
        self._last_ms = now_ms
        self._until_ms = now_ms + self._delay_ms()

    def succeeded(self) -> None:
        self._failures = 0
        self._until_ms = 0

    def is_over(self, now_ms: int) -> bool:
        """Whether the next attempt may be made."""
        return now_ms >= self._until_ms

    def gives_up(self, now_ms: int) -> bool:
        if self._failures == 0 or self._give_up_after_ms < 0:
            return False
        return now_ms - self._since_ms >= self._give_up_after_ms

    def wait_ms(self, now_ms: int) -> int:
        return max(0, self._until_ms - now_ms)

    def _delay_ms(self) -> int:
        delay: int = FIRST_DELAY_MS << min(self._failures - 1, 30)
        if delay < self._max_delay_ms:
            return delay
        return int(self._random.uniform(FIRST_DELAY_MS, self._max_delay_ms))
