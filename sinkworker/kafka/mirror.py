"""The consumer group's copy of stored offsets, where lag tools look. Never a start.

Owns how often it is written and what is owed. Must not know any client.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping

from sinkworker.api import Offset, TopicPartition

log = logging.getLogger(__name__)

MIRROR_EVERY_SECONDS = 1.0
SETTLE_WITHIN_SECONDS = 5.0

Offsets = Mapping[TopicPartition, Offset]
Ended = Callable[[Exception | None], None]


class Mirror:
    """One commit a second at most, and one under way at a time; what is flushed meanwhile goes with
    the next, and so does what the group refused: a rebalance refuses commits for a moment, and a
    partition may never have another flush. (A commit for every flush cost 3 % of the throughput.)

    send: begins a commit, and calls back from within a poll. commit: commits and waits.
    """

    def __init__(
        self, send: Callable[[Offsets, Ended], None], commit: Callable[[Offsets], None]
    ) -> None:
        self._send, self._commit = send, commit
        self._owed: dict[TopicPartition, Offset] = {}
        self._under_way: dict[TopicPartition, Offset] = {}
        self._is_under_way = False
        self._not_before = 0.0
        self.failures = 0

    def owe(self, offsets: Offsets) -> None:
        self._owed.update(offsets)
        self.send()

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        """Of these, another member may have written newer offsets, or will."""
        for partition in partitions:
            self._owed.pop(partition, None)
            self._under_way.pop(partition, None)

    def send(self) -> None:
        if self._is_under_way or not self._owed or time.monotonic() < self._not_before:
            return
        self._under_way, self._owed, self._is_under_way = self._owed, {}, True
        self._not_before = time.monotonic() + MIRROR_EVERY_SECONDS
        try:
            self._send(dict(self._under_way), self._ended)
        except Exception as error:  # a mirror's failure never stops a task
            self._ended(error)

    def settle(self, poll: Callable[[], None]) -> None:
        """Commit what is owed, or was sent without an answer yet, and wait, shortly.

        poll: lets the client join its group again, and forgets here what it lost or got thereby.
        Raises what the last attempt raised.
        """
        deadline = time.monotonic() + SETTLE_WITHIN_SECONDS
        while offsets := self._under_way | self._owed:
            try:
                self._commit(offsets)
                return
            except Exception:
                if time.monotonic() >= deadline:
                    raise
            poll()

    def _ended(self, error: Exception | None) -> None:
        sent, self._under_way, self._is_under_way = self._under_way, {}, False
        if error is not None:
            self._owed = sent | self._owed
            self.failures += 1
            log.info("The group's copy of the offsets was not updated yet: %s", error)
