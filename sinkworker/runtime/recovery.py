"""After a failure: how long to wait, and when waiting is no use.

Owns the back-off of one task and the claim-war rule without a group. Must not know the loop.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from sinkworker.api import ConnectError, FencedError, RetriableError, TopicPartition
from sinkworker.runtime.backoff import Backoff
from sinkworker.runtime.opening import Opening
from sinkworker.runtime.ports import Clock
from sinkworker.runtime.status import Counters
from sinkworker.runtime.tolerance import reason

log = logging.getLogger(__name__)


class Recovery:
    """What one task waits for, if anything."""

    def __init__(
        self, backoff: Backoff, opening: Opening, clock: Clock, counters: Counters, owner: str
    ) -> None:
        self._backoff, self._opening, self._clock = backoff, opening, clock
        self._counters, self._owner = counters, owner
        self.waiting_for: str | None = None

    def failed(
        self,
        error: ConnectError,
        began_ms: int,
        partitions: Collection[TopicPartition],
        *,
        in_group: bool,
    ) -> None:
        """Note a RetriableError or FencedError of an attempt that began then.

        Raises ConnectError when it is for good.
        """
        if isinstance(error, FencedError):
            self._counters.fenced += 1
            if not in_group:
                self._fail_if_taken_over(error, partitions)
        else:
            self._counters.retries += 1
        self._wait(error, began_ms)

    def succeeded(self) -> None:
        self._backoff.succeeded()
        self.waiting_for = None

    def may_try(self) -> bool:
        return self._backoff.is_over(self._clock.now_ms())

    def wait_ms(self) -> int:
        return self._backoff.wait_ms(self._clock.now_ms())

    def _wait(self, error: ConnectError, began_ms: int) -> None:
        now_ms = self._clock.now_ms()
        self._backoff.failed(now_ms, began_ms)
        self.waiting_for = reason(error)
        if self._backoff.gives_up(now_ms):
            raise ConnectError(
                f"Gave up after {self._backoff.failures} failures in a row "
                f"(errors.retry.timeout): {reason(error)}"
            ) from error
        log.warning("%s; trying again in %d ms", reason(error), self._backoff.wait_ms(now_ms))

    def _fail_if_taken_over(
        self, error: FencedError, partitions: Collection[TopicPartition]
    ) -> None:
        """Without a group nobody decides between two workers: the later one keeps what it took."""
        try:
            stored = self._opening.stored()
        except RetriableError:
            return  # it will be fenced again when the store answers
        for partition in partitions:
            owner = stored[partition].owner if partition in stored else None
            if owner not in (None, self._owner):
                raise ConnectError(
                    f"{partition} was claimed by {owner}. With topics.partitions no group divides "
                    "the work: give each worker its own partitions, or stop one of them."
                ) from error
