"""The port `Consumer` on kafka-python.

Owns one KafkaConsumer, its positions and its group commits. kafka-python's `SubscriptionState` and
cluster metadata are used directly where its public methods say too little: positions with their
leader epochs, topic ids, the whole assignment. Must not know tasks or sinks.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import OffsetSpec
from kafka.errors import KafkaTimeoutError
from kafka.structs import OffsetAndMetadata
from kafka.structs import TopicPartition as ClientPartition

from sinkworker.api import Offset, RetriableError, TopicPartition
from sinkworker.kafka.failures import translated
from sinkworker.kafka.fetching import hurry_while_buffered
from sinkworker.kafka.mirror import Ended, Mirror
from sinkworker.kafka.rebalance import RebalanceListener
from sinkworker.kafka.subscription import Subscription
from sinkworker.runtime.ports import (
    Bounds,
    ClientStalledError,
    Event,
    Fetched,
    Identity,
    Poll,
)

log = logging.getLogger(__name__)

COMMIT_WITHIN_MS = 5_000
CLOSE_WITHIN_MS = 5_000
SETTLE_POLL_MS = 100
METADATA_WITHIN_MS = 5_000
METADATA_ATTEMPTS = 2
UNKNOWN_EPOCH = -1


class KafkaPythonConsumer:
    """Implements `runtime.ports.Consumer`."""

    def __init__(
        self,
        client: KafkaConsumer,
        admin: KafkaAdminClient,
        subscription: Subscription,
        lookup_within_ms: int,
    ) -> None:
        """lookup_within_ms: the longest wait for offsets, bounds and times."""
        self._client, self._admin, self._lookup_within_ms = client, admin, lookup_within_ms
        self._state: Any = client._subscription
        self._listener = RebalanceListener(self._state)
        hurry_while_buffered(client._fetcher)
        self._mirror = Mirror(self._send, self._commit, self.holds)
        self._fixed = subscription.partitions
        self.in_group = not subscription.partitions
        self._subscribe(subscription)

    def _subscribe(self, to: Subscription) -> None:
        with self._calling("Subscribing"):
            if to.partitions:
                self._client.assign([ClientPartition(*p) for p in to.partitions])
                self._listener.on_partitions_assigned([ClientPartition(*p) for p in to.partitions])
            elif to.pattern is not None:
                whole = rf"(?:{to.pattern})\Z"
                self._client.subscribe(pattern=whole, listener=self._listener)
            else:
                self._client.subscribe(topics=list(to.topics), listener=self._listener)
                self._know_the_topics(to.topics)

    def _know_the_topics(self, topics: Sequence[str]) -> None:
        """Before the first join: a leader without metadata assigns nothing, and all join again.

        The first answer may be to a question that was asked before these topics were subscribed.
        """
        self._cluster._last_refresh_ms = 0  # to ask for other topics is no retry: it need not wait
        for _ in range(METADATA_ATTEMPTS):
            known = self._cluster.request_update()
            with suppress(KafkaTimeoutError):
                self._client._net.run(self._client._manager.wait_for, known, METADATA_WITHIN_MS)
            if all(map(self._cluster.partitions_for_topic, topics)):
                return

    @contextmanager
    def _calling(self, doing: str) -> Iterator[None]:
        """Run a call of the client. kafka-python tries brokers that refuse us again for ever: their
        refusal is raised instead of what became of the call."""
        try:
            with translated(doing):
                yield
        finally:
            for client in (self._client, self._admin):
                refusal = client._manager.refusal()
                if refusal is not None and refusal.is_certain:
                    raise refusal.error()

    # polling

    def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
        before = self._positions()
        self._finish_joining()
        with self._calling("Polling Kafka"):
            polled = self._client.poll(timeout_ms, self._bounded(at_most))
        after = self._positions()
        # In this order: a rebalance between the two shows as an event, not as a false position.
        events = self._listener.drain()
        self._mirror.forget(events)
        self._mirror.send()
        touched = {partition for event in events for partition in event.partitions}
        fetched = {}
        for partition, end in after.items():
            start = before.get(partition)
            if start is None or partition in touched or end.offset <= start.offset:
                continue
            records = polled.get(partition, ())
            _check_order(partition, start.offset, records, end.offset)
            ours = TopicPartition(*partition)
            fetched[ours] = Fetched(start.offset, records, end.offset, end.leader_epoch)
        return Poll(events, fetched)

    def _bounded(self, at_most: int | None) -> int:
        configured: int = self._client.config["max_poll_records"]
        return configured if at_most is None else min(at_most, configured)

    def _finish_joining(self) -> None:
        """kafka-python 3.0.12 forgets a join that is under way when the poll ends before it and its
        cause was new metadata: the reason to join is gone, and nobody ever looks at its outcome. The
        member then has no partitions, sends no heartbeats, and never joins again."""
        coordinator = self._client._coordinator
        if self.in_group and coordinator._join_task is not None:
            coordinator.rejoin_needed = True

    def _positions(self) -> dict[ClientPartition, OffsetAndMetadata]:
        """The position of every partition that is being read."""
        with self._state._lock:
            return {
                partition: state.position
                for partition, state in self._state.assignment.items()
                if state.position is not None and not state.paused
            }

    def seek(self, partition: TopicPartition, offset: Offset) -> None:
        """Through the subscription state: the public `seek` takes a number only, and with no leader
        epoch a truncated log goes unnoticed (KIP-320)."""
        epoch = UNKNOWN_EPOCH if offset.leader_epoch is None else offset.leader_epoch
        with suppress(KeyError):  # not ours any more: the event that says so is on its way
            self._state.seek(ClientPartition(*partition), OffsetAndMetadata(offset.next, "", epoch))

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            with suppress(KeyError):
                self._state.pause(ClientPartition(*partition))

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            with suppress(KeyError):
                self._state.resume(ClientPartition(*partition))

    def holds(self, partitions: Collection[TopicPartition]) -> bool:
        return bool(self._state.assigned_partitions() >= set(partitions))

    # metadata

    @property
    def _cluster(self) -> Any:
        return self._client._cluster

    def identity(self, topic: str) -> Identity:
        topic_id = self._cluster.topic_id(topic)
        known = topic_id is not None and topic_id.int != 0
        return Identity(_kafka_uuid(topic_id.bytes) if known else None, self._cluster.cluster_id)

    def topics(self) -> Collection[str]:
        if self._fixed:
            return {partition.topic for partition in self._fixed}
        return {topic for topic in self._state.subscription or ()
                if self._cluster.partitions_for_topic(topic)}  # fmt: skip

    def partitions(self, topic: str) -> Collection[TopicPartition]:
        numbers = self._cluster.partitions_for_topic(topic)
        if not numbers:
            self._cluster.request_update()
            raise RetriableError(f"Kafka does not show topic {topic} at the moment")
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def bounds(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        """By the admin client: a consumer's own `end_offsets` under read_committed is the last
        stable offset, and a stored offset may rightly be past it."""
        starts = self._list_offsets(partitions, OffsetSpec.EARLIEST)
        ends = self._list_offsets(partitions, OffsetSpec.LATEST)
        return {p: Bounds(starts[p], ends[p]) for p in partitions}

    def _list_offsets(
        self, partitions: Collection[TopicPartition], spec: OffsetSpec
    ) -> dict[TopicPartition, int]:
        asked = {ClientPartition(*p): spec for p in partitions}
        with self._calling("Asking Kafka for offsets"):
            answer = self._admin.list_partition_offsets(asked, timeout_ms=self._lookup_within_ms)
        return {TopicPartition(*p): found.offset for p, found in answer.items()}

    def stable_ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        asked = [ClientPartition(*p) for p in partitions]
        with self._calling("Asking Kafka for the ends of logs"):
            answer = self._client.end_offsets(asked, timeout_ms=self._lookup_within_ms)
        return {TopicPartition(*p): offset for p, offset in answer.items()}

    def known_ends(self) -> Mapping[TopicPartition, int]:
        with self._state._lock:
            return {
                TopicPartition(*partition): state.highwater
                for partition, state in self._state.assignment.items()
                if state.highwater is not None
            }

    def offsets_at(
        self, partitions: Collection[TopicPartition], time_ms: int
    ) -> Mapping[TopicPartition, int | None]:
        asked = {ClientPartition(*p): time_ms for p in partitions}
        with self._calling("Asking Kafka for offsets at a time"):
            answer = self._client.offsets_for_times(asked, timeout_ms=self._lookup_within_ms)
        return {TopicPartition(*p): found and found.offset for p, found in answer.items()}

    # the group

    def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Offset]:
        asked = [ClientPartition(*p) for p in partitions]
        with self._calling("Reading the group's offsets"):
            answer = self._client._coordinator.fetch_committed_offsets(
                asked, timeout_ms=self._lookup_within_ms
            )
        return {
            TopicPartition(*p): Offset(found.offset, found.leader_epoch)
            for p, found in answer.items()
        }

    def commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        with self._calling("Committing to the group"):
            self._commit(offsets)

    def _commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        self._client.commit(_for_client(offsets), timeout_ms=COMMIT_WITHIN_MS)

    def _send(self, offsets: Mapping[TopicPartition, Offset], ended: Ended) -> None:
        def answered(_: object, answer: object) -> None:
            ended(answer if isinstance(answer, Exception) else None)

        self._client.commit_async(_for_client(offsets), callback=answered)

    def mirror(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        self._mirror.owe(offsets)

    def mirror_failures(self) -> int:
        return self._mirror.failures

    def close(self) -> None:
        for what in (self._settle, self._leave, self._admin.close):
            try:
                what()
            except Exception:  # closing goes on whatever breaks
                log.debug("Closing the Kafka client", exc_info=True)

    def _settle(self) -> None:
        def poll() -> list[Event]:
            self._finish_joining()
            self._client.poll(timeout_ms=SETTLE_POLL_MS)
            return self._listener.drain()

        self._mirror.settle(poll)

    def _leave(self) -> None:
        self._client.close(autocommit=False, timeout_ms=CLOSE_WITHIN_MS)


def _for_client(
    offsets: Mapping[TopicPartition, Offset],
) -> dict[ClientPartition, OffsetAndMetadata]:
    return {
        ClientPartition(*partition): OffsetAndMetadata(
            offset.next, "", UNKNOWN_EPOCH if offset.leader_epoch is None else offset.leader_epoch
        )
        for partition, offset in offsets.items()
    }


def _check_order(partition: ClientPartition, start: int, records: Any, end: int) -> None:
    """What a poll returned must lie within the positions around it, or they mean nothing."""
    if records and not start <= records[0].offset <= records[-1].offset < end:
        raise ClientStalledError(
            f"{partition.topic}-{partition.partition}: the client moved from {start} to {end} and "
            f"returned offsets {records[0].offset} to {records[-1].offset}"
        )


def _kafka_uuid(raw: bytes) -> str:
    """As Kafka's own tools print it."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
