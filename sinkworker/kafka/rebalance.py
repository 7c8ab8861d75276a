"""kafka-python's rebalance listener → events.

Owns what happens on the client's I/O thread during a rebalance: pause, placeholder, event; never
I/O, never an exception. Must not know what becomes of the events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from kafka import ConsumerRebalanceListener
from kafka.structs import TopicPartition as ClientPartition

from sinkworker.api import TopicPartition
from sinkworker.runtime.ports import Assigned, Event, Lost, Revoked

# A position that is never fetched from. Without one, the same poll would ask for the group's
# committed offset and, having no reset policy, raise.
PLACEHOLDER = 0


class RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Its methods run on the client's I/O thread, `drain` on the task's.

    A listener that blocks stops heartbeats; one that raises leaves partitions assigned and unpaused,
    and they are then read from the group's committed offset (kafka-python 3.0.12).
    """

    def __init__(self, subscription: object) -> None:
        self._subscription = subscription
        self._events: deque[Event] = deque()

    def on_partitions_assigned(self, assigned: Iterable[ClientPartition]) -> None:
        for partition in assigned:
            state = self._subscription.assignment.get(partition)  # type: ignore[attr-defined]
            if state is not None:
                state.pause()
                state.seek(PLACEHOLDER)
        self._note(Assigned, assigned)

    def on_partitions_revoked(self, revoked: Iterable[ClientPartition]) -> None:
        self._note(Revoked, revoked)

    def on_partitions_lost(self, lost: Iterable[ClientPartition]) -> None:
        self._note(Lost, lost)

    def _note(self, event: type[Event], partitions: Iterable[ClientPartition]) -> None:
        named = frozenset(TopicPartition(*partition) for partition in partitions)
        if named:
            self._events.append(event(named))

    def drain(self) -> list[Event]:
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events
