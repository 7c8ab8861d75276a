"""The port `Consumer` on confluent-kafka.

Owns one librdkafka consumer and what it has handed out. Must not know tasks or sinks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as ClientPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from sinkworker.api import Offset, RetriableError, TopicPartition
from sinkworker.kafka.confluent.commits import Commits, for_client
from sinkworker.kafka.confluent.failures import translated
from sinkworker.kafka.confluent.messages import Messages
from sinkworker.kafka.confluent.rebalance import Rebalances
from sinkworker.kafka.confluent.topics import Topics
from sinkworker.kafka.confluent.troubles import Troubles
from sinkworker.kafka.mirror import Ended, Mirror
from sinkworker.kafka.subscription import Subscription
from sinkworker.runtime.ports import Bounds, ClientStalledError, Event, Fetched, Identity, Poll

log = logging.getLogger(__name__)

COMMIT_WITHIN_SECONDS = 5.0
SETTLE_POLL_SECONDS = 0.1
NO_RECORD = -1  # at or after the time that was asked for


class ConfluentConsumer:
    """Implements `runtime.ports.Consumer`."""

    def __init__(
        self,
        client: Consumer,
        admin: AdminClient,
        subscription: Subscription,
        topics: Topics,
        rebalances: Rebalances,
        commits: Commits,
        troubles: Troubles,
        poll_records: int,
        lookup_within_ms: int,
    ) -> None:
        """lookup_within_ms: the longest wait for offsets, bounds and times."""
        self._client, self._admin, self._topics = client, admin, topics
        self._rebalances, self._commits, self._troubles = rebalances, commits, troubles
        self._poll_records = poll_records
        self._lookup_within_seconds = lookup_within_ms / 1000
        self._mirror = Mirror(self._send, self._commit, self.holds)
        self._subscribed: frozenset[str] = frozenset()
        self._ends: dict[TopicPartition, int] = {}
        self._pattern, self._fixed = subscription.pattern, subscription.partitions
        self.in_group = not subscription.partitions
        with self._calling("Subscribing"):
            self._begin(subscription)

    def _begin(self, subscription: Subscription) -> None:
        if self._fixed:
            held = [ClientPartition(*partition) for partition in self._fixed]
            self._rebalances.on_assign(self._client, held)
        elif self._pattern is None:
            self._subscribe(frozenset(subscription.topics))
        else:
            self._follow_pattern()

    def _subscribe(self, topics: frozenset[str]) -> None:
        to = self._rebalances
        self._client.subscribe(
            sorted(topics), on_assign=to.on_assign, on_revoke=to.on_revoke, on_lost=to.on_lost
        )
        self._subscribed = topics

    def _follow_pattern(self) -> None:
        """librdkafka has patterns of its own, in another language than Java's and Python's."""
        matching = frozenset(self._topics.names())
        if matching and matching != self._subscribed:
            self._subscribe(matching)

    @contextmanager
    def _calling(self, doing: str) -> Iterator[None]:
        """Run a call of the client. A broker's refusal is raised instead of what became of it."""
        try:
            with translated(doing):
                yield
        finally:
            self._troubles.raise_refusal()

    # polling

    def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
        self._troubles.raise_all()
        most = self._poll_records
        with self._calling("Polling Kafka"):
            messages = self._consume(timeout_ms / 1000, min(at_most or most, most))
        fetched = self._fetched(messages)
        if self._troubles and not fetched and not self._rebalances.has_events():
            self._troubles.raise_all()
        self._look_at_topics()
        events = self._rebalances.drain()
        self._mirror.forget(events)
        for event in events:
            for partition in event.partitions:
                fetched.pop(partition, None)
        self._mirror.send()
        return Poll(events, fetched)

    def _consume(self, timeout: float, at_most: int) -> list[Message[Any, Any]]:
        """What is there at once; else the first that comes, and what came with it. (`consume` with a
        time would wait for as many as it may return.)"""
        messages = self._client.consume(at_most, 0)
        if not messages and not self._rebalances.has_events():
            first = self._client.poll(timeout)
            if first is not None:
                messages = [first, *self._client.consume(at_most - 1, 0)]
        return messages

    def _fetched(self, messages: list[Message[Any, Any]]) -> dict[TopicPartition, Fetched]:
        """Batches of each partition, from its position on, up to the first error."""
        read: dict[TopicPartition, list[Message[Any, Any]]] = {}
        ends: dict[TopicPartition, int] = {}
        for number, of_number in groupby(messages, Message.partition):
            for topic, run in groupby(of_number, Message.topic):
                source = TopicPartition(topic or "", -1 if number is None else number)
                good = self._good(source, list(run), ends)
                if good:
                    read.setdefault(source, []).extend(good)
        fetched = {}
        for source in read.keys() | ends.keys():
            batch = self._batch(source, read.get(source, []), ends.get(source, 0))
            if batch is not None:
                fetched[source] = batch
        return fetched

    def _good(
        self, source: TopicPartition, run: list[Message[Any, Any]], ends: dict[TopicPartition, int]
    ) -> list[Message[Any, Any]]:
        """Those that are records, up to an error: librdkafka goes on behind a damaged batch. What it
        read before the partition was opened means nothing."""
        if self._rebalances.waits(source):
            return []
        if source not in self._troubles and not any(map(Message.error, run)):
            return run
        good = []
        for message in run:
            error = message.error()
            if source in self._troubles:
                break
            if error is None:
                good.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                ends[source] = message.offset() or 0
            else:
                self._troubles.note(source, message.offset(), error)
        return good

    def _batch(
        self, source: TopicPartition, messages: list[Message[Any, Any]], end: int
    ) -> Fetched | None:
        """end: where the client found nothing more, perhaps behind markers of transactions."""
        start = self._rebalances.positions.get(source)
        if start is None:  # not held any more
            return None
        last = start
        if messages:
            first, last = messages[0].offset() or 0, (messages[-1].offset() or 0) + 1
            if first < start:
                raise ClientStalledError(
                    f"{source}: the client stood at {start} and returned offset {first}"
                )
        following = max(last, end)
        if following == start:
            return None
        self._rebalances.positions[source] = following
        self._rebalances.places.pop(source, None)
        epoch = messages[-1].leader_epoch() if following == last else self._epoch(source, following)
        return Fetched(start, Messages(messages), following, epoch)

    def _epoch(self, source: TopicPartition, position: int) -> int | None:
        """The leader epoch behind the marker of a transaction."""
        with self._calling("Asking for a position"):
            (found,) = self._client.position([ClientPartition(*source)])
        epoch: int | None = found.leader_epoch
        return epoch if found.offset == position else None

    def _look_at_topics(self) -> None:
        try:
            self._topics.look()
            if self._pattern is not None:
                self._follow_pattern()
        except (RetriableError, KafkaException) as error:  # it is asked again
            log.info("The topics are not known anew: %s", error)

    def seek(self, partition: TopicPartition, offset: Offset) -> None:
        if partition not in self._rebalances.positions:
            return  # the event that says so is on its way
        (at,) = for_client({partition: offset})
        self._rebalances.positions[partition] = offset.next
        self._troubles.forget(partition)
        self._rebalances.places[partition] = at
        if partition in self._rebalances.reading:
            with self._calling("Seeking"):
                self._seek(partition, at)

    def _seek(self, partition: TopicPartition, at: ClientPartition) -> None:
        try:
            # For 0 librdkafka 2.16 wakes nobody; but where nothing is, 1 would be out of range.
            if at.offset == 0 and self._ends.get(partition, 0) > 0:
                self._client.seek(ClientPartition(*partition, 1))
            self._client.seek(at)
        except KafkaException:  # after an error librdkafka reads a partition no more
            self._rebalances.place_again(self._client, partition, at)
            self._client.resume([at])
            self._rebalances.reading.add(partition)

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        held = [p for p in partitions if p in self._rebalances.positions]
        with self._calling("Pausing"):
            self._client.pause([ClientPartition(*partition) for partition in held])
        self._rebalances.reading.difference_update(held)

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Each with a seek behind it: the thread that fetches sleeps up to a second, and librdkafka
        wakes it for that, not for a resumption. (What it had read was lost with the pause anyway.)"""
        to = self._rebalances
        held = [p for p in partitions if p in to.positions]
        begun = [p for p in held if p not in to.reading]
        with self._calling("Resuming"):
            self._client.resume([ClientPartition(*partition) for partition in held])
            to.reading.update(held)
            for partition in begun:
                at = to.places.get(partition) or self._place(partition)
                if at is not None:
                    self._seek(partition, at)

    def _place(self, partition: TopicPartition) -> ClientPartition | None:
        """Where to read on behind what was handed out."""
        position = self._rebalances.positions[partition]
        if position is None:
            return None
        offset = Offset(position, self._epoch(partition, position))
        return for_client({partition: offset})[0]

    def holds(self, partitions: Collection[TopicPartition]) -> bool:
        return self._rebalances.positions.keys() >= set(partitions)

    # metadata

    def identity(self, topic: str) -> Identity:
        return self._topics.identity(topic)

    def topics(self) -> Collection[str]:
        return set(self._topics.names())

    def partitions(self, topic: str) -> Collection[TopicPartition]:
        return self._topics.partitions(topic)

    def bounds(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        starts = self._list_offsets(partitions, OffsetSpec.earliest())
        ends = self._list_offsets(partitions, OffsetSpec.latest())
        self._ends |= ends
        return {p: Bounds(starts[p], ends[p]) for p in partitions}

    def stable_ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return self._list_offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED)

    def known_ends(self) -> Mapping[TopicPartition, int]:
        ends = {}
        for partition in list(self._rebalances.positions):
            with suppress(KafkaException, RuntimeError):
                known = self._client.get_watermark_offsets(ClientPartition(*partition), cached=True)
                if known is not None and known[1] >= 0:
                    ends[partition] = known[1]
        return ends

    def offsets_at(
        self, partitions: Collection[TopicPartition], time_ms: int
    ) -> Mapping[TopicPartition, int | None]:
        found = self._list_offsets(partitions, OffsetSpec.for_timestamp(time_ms))
        return {partition: None if at < 0 else at for partition, at in found.items()}

    def _list_offsets(
        self,
        partitions: Collection[TopicPartition],
        spec: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> dict[TopicPartition, int]:
        within = self._lookup_within_seconds
        if not partitions:
            return {}
        with self._calling("Asking Kafka for offsets"):
            asked = {ClientPartition(*partition): spec for partition in partitions}
            answers = self._admin.list_offsets(
                asked, isolation_level=isolation, request_timeout=within
            )
            found = {TopicPartition(at.topic, at.partition): answer.result().offset
                     for at, answer in answers.items()}  # fmt: skip
        return _complete(found)

    # the group

    def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Offset]:
        asked = [ClientPartition(*partition) for partition in partitions]
        if not asked:
            return {}
        with self._calling("Reading the group's offsets"):
            answer = self._client.committed(asked, timeout=self._lookup_within_seconds)
            for each in answer:
                if each.error is not None:
                    raise KafkaException(each.error)
        return {
            TopicPartition(at.topic, at.partition): Offset(at.offset, at.leader_epoch)
            for at in answer
            if at.offset >= 0
        }

    def commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        with self._calling("Committing to the group"):
            self._commit(offsets)

    def _commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        if self.in_group and not self._client.memberid():
            # Without a member's id, the broker would take it for a commit from outside the group.
            raise RetriableError("Committing to the group: this consumer is no member of it now")
        self._polling_until(lambda: not self._commits.is_under_way)
        ended: list[Exception | None] = []
        self._commits.send(self._client, offsets, ended.append)
        self._polling_until(lambda: bool(ended))
        if ended[0] is not None:
            raise ended[0]

    def _polling_until(self, is_done: Callable[[], bool]) -> None:
        """Let callbacks run, with all partitions paused: no record is handed out here."""
        deadline = time.monotonic() + COMMIT_WITHIN_SECONDS
        to, reading = self._rebalances, set(self._rebalances.reading)
        self.pause(reading)
        while not is_done():
            if time.monotonic() >= deadline:
                raise RetriableError("Committing to the group: no answer in time")
            message = self._client.poll(0.02)
            if message is not None:
                self._while_waiting(message)
        # One that was taken and given back meanwhile waits to be opened.
        self.resume([p for p in reading if to.positions.get(p) is not None])

    def _while_waiting(self, message: Message[Any, Any]) -> None:
        error = message.error()
        if error is None:
            raise ClientStalledError("The client returned a record of a paused partition")
        source = TopicPartition(message.topic() or "", message.partition() or 0)
        if error.code() != KafkaError._PARTITION_EOF:
            self._troubles.note(source, message.offset(), error)

    def _send(self, offsets: Mapping[TopicPartition, Offset], ended: Ended) -> None:
        self._commits.send(self._client, offsets, ended)

    def mirror(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        self._mirror.owe(offsets)

    def mirror_failures(self) -> int:
        return self._mirror.failures

    def close(self) -> None:
        for what in (self._settle, self._client.close):
            try:
                what()
            except Exception:  # closing goes on whatever breaks
                log.debug("Closing the Kafka client", exc_info=True)

    def _settle(self) -> None:
        def poll() -> list[Event]:
            self._client.poll(SETTLE_POLL_SECONDS)
            return self._rebalances.drain()

        self._mirror.settle(poll)


def _complete(found: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
    """Where the request to a leader failed, librdkafka 2.16 raises nothing: what it began with stands
    there as the offset (`rd_kafka_ListOffsets_leaders_queried_cb`), negative as no answer is but that
    of a time after the last record."""
    missing = sorted(partition for partition, offset in found.items() if offset < NO_RECORD)
    if missing:
        names = ", ".join(map(str, missing))
        raise RetriableError(f"Asking Kafka for offsets: no answer for {names}")
    return found
