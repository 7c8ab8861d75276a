"""librdkafka's rebalances → events.

Owns which partitions are held, and the callbacks, which run inside a poll on the task's thread: hold
or let go, append an event, return. Must not know what becomes of the events.
"""

from __future__ import annotations

from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as ClientPartition

from sinkworker.api import TopicPartition
from sinkworker.runtime.ports import Assigned, Event, Lost, Revoked

# Never a logical offset: librdkafka asks the broker where that is, and when the answer comes after a
# seek, it asks once more and goes on from there, past everything between.
PLACEHOLDER = 0


class Rebalances:
    """positions: of every held partition, the next offset to hand out; None until the first seek.

    places: where the last seek led, until something was handed out from there: a resumption seeks it.
    """

    def __init__(self, *, is_cooperative: bool) -> None:
        self._is_cooperative = is_cooperative
        self._events: list[Event] = []
        self.positions: dict[TopicPartition, int | None] = {}
        self.reading: set[TopicPartition] = set()
        self.places: dict[TopicPartition, ClientPartition] = {}

    def on_assign(self, client: Consumer, partitions: list[ClientPartition]) -> None:
        placed = [ClientPartition(each.topic, each.partition, PLACEHOLDER) for each in partitions]
        if self._is_cooperative:
            client.incremental_assign(placed)
        else:
            client.assign(placed)
        client.pause(placed)
        self.hold(_named(partitions))

    def hold(self, partitions: frozenset[TopicPartition]) -> None:
        self.positions |= dict.fromkeys(partitions)
        self._note(Assigned(partitions))

    def place_again(self, client: Consumer, partition: TopicPartition, at: ClientPartition) -> None:
        """Assign a partition anew, paused; without the cooperative protocol all, each where it is."""
        self.reading.discard(partition)
        if self._is_cooperative:
            client.incremental_unassign([at])
            client.incremental_assign([at])
            client.pause([at])
            return
        others = self.positions.keys() - {partition}
        placed = [ClientPartition(*each, self.positions[each] or PLACEHOLDER) for each in others]
        client.assign([*placed, at])
        client.pause([ClientPartition(*each) for each in self.positions.keys() - self.reading])

    def on_revoke(self, client: Consumer, partitions: list[ClientPartition]) -> None:
        self._let_go(client, partitions)
        self._note(Revoked(_named(partitions)))

    def on_lost(self, client: Consumer, partitions: list[ClientPartition]) -> None:
        self._let_go(client, partitions)
        self._note(Lost(_named(partitions)))

    def _let_go(self, client: Consumer, partitions: list[ClientPartition]) -> None:
        if self._is_cooperative:
            client.incremental_unassign(partitions)
        else:
            client.unassign()
        for partition in _named(partitions):
            self.positions.pop(partition, None)
            self.reading.discard(partition)
            self.places.pop(partition, None)

    def _note(self, event: Event) -> None:
        if event.partitions:
            self._events.append(event)

    def waits(self, partition: TopicPartition) -> bool:
        """Whether it is held, and has to be opened."""
        return self.positions.get(partition, 0) is None

    def drain(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def has_events(self) -> bool:
        return bool(self._events)


def _named(partitions: list[ClientPartition]) -> frozenset[TopicPartition]:
    return frozenset(TopicPartition(each.topic, each.partition) for each in partitions)
