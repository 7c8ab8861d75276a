"""The consumer group's copy of stored offsets, where lag tools look. Never a start.

Owns how often it is written and what is owed. Must not know any client.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping

from sinkworker.api import Offset, TopicPartition
from sinkworker.runtime.ports import Event

log = logging.getLogger(__name__)

MIRROR_EVERY_SECONDS = 1.0
SETTLE_WITHIN_SECONDS = 5.0

Offsets = Mapping[TopicPartition, Offset]
Ended = Callable[[Exception | None], None]


class Mirror:
    """One commit a second at most, and one under way at a time; what is flushed meanwhile goes with
    the next, and so does what the group refused: a rebalance refuses commits for a moment, and a
    partition may never have another flush. (A commit for every flush cost 3 % of the throughput.)

    send: begins a commit, and calls back from within a poll. commit: commits and waits. holds: whether
    the client holds these; of others nothing is owed.
    """

    def __init__(
        self,
        send: Callable[[Offsets, Ended], None],
        commit: Callable[[Offsets], None],
        holds: Callable[[Collection[TopicPartition]], bool],
    ) -> None:
        self._send, self._commit, self._holds = send, commit, holds
        self._owed: dict[TopicPartition, Offset] = {}
        self._under_way: dict[TopicPartition, Offset] = {}
        self._is_under_way = False
        self._not_before = 0.0
        self.failures = 0

    def owe(self, offsets: Offsets) -> None:
        self._owed |= {p: offset for p, offset in offsets.items() if self._holds([p])}
        self.send()

    def forget(self, events: Iterable[Event]) -> None:
        """What came or went: of that, another member may have written newer offsets, or will."""
        for event in events:
            for partition in event.partitions:
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

    def settle(self, poll: Callable[[], Iterable[Event]]) -> None:
        """Commit what is owed, or was sent without an answer yet, and wait, shortly.

        poll: lets the client join its group again; what happened thereby.
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
            self.forget(poll())

    def _ended(self, error: Exception | None) -> None:
        sent, self._under_way, self._is_under_way = self._under_way, {}, False
        if error is not None:
            self._owed = sent | self._owed
            self.failures += 1
            log.info("The group's copy of the offsets was not updated yet: %s", error)
