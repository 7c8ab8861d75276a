"""A consumer of the in-memory broker.

Implements `runtime.ports.Consumer`, as strictly as the contract test can tell. Owns positions and
pauses of one consumer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from sinkworker.api import Offset, RetriableError, TopicPartition
from sinkworker.runtime.ports import (
    Assigned,
    Bounds,
    BrokenPartitionsError,
    Event,
    Fetched,
    Identity,
    Poll,
)
from sinkworker.testing.broker import InMemoryBroker, Log


class InMemoryConsumer:
    """Subscribes to topics or a pattern in a group, or reads fixed partitions without one."""

    def __init__(
        self,
        broker: InMemoryBroker,
        group: str,
        *,
        topics: Sequence[str] = (),
        pattern: str | None = None,
        partitions: Iterable[TopicPartition] = (),
        max_poll_records: int = 500,
    ) -> None:
        self._broker, self._group, self._max_poll_records = broker, group, max_poll_records
        self._fixed = frozenset(partitions)
        self._topics, self._pattern = frozenset(topics), re.compile(pattern) if pattern else None
        self.in_group = not self._fixed
        self.member = broker.join(group, self._wants) if self.in_group else None
        self._positions: dict[TopicPartition, Offset] = {}
        self._paused: set[TopicPartition] = set()
        self._started = False
        self._mirror_failures = 0

    def _wants(self, topic: str) -> bool:
        if self._pattern is not None:
            return self._pattern.fullmatch(topic) is not None
        return topic in self._topics

    # polling

    def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
        del timeout_ms
        with self._broker.lock:
            events = self._events()
            touched = {partition for event in events for partition in event.partitions}
            fetched: dict[TopicPartition, Fetched] = {}
            left = min(at_most or self._max_poll_records, self._max_poll_records)
            for partition in sorted(self._positions.keys() - self._paused - touched):
                batch = self._fetch(partition, left)
                if batch is not None:
                    fetched[partition] = batch
                    left -= len(batch.records)
            return Poll(events, fetched)

    def _events(self) -> list[Event]:
        if self.member is not None:
            events = self._broker.take_events(self._group, self.member)
        else:
            events = [] if self._started else [Assigned(self._fixed)]
        self._started = True
        for event in events:
            for partition in event.partitions:
                self._positions.pop(partition, None)
                if isinstance(event, Assigned):
                    self._positions[partition] = Offset(0)
                    self._paused.add(partition)
        return events

    def _fetch(self, partition: TopicPartition, at_most: int) -> Fetched | None:
        log = self._broker.logs.get(partition)
        if log is None or at_most <= 0:
            return None
        position = self._positions[partition]
        self._check(partition, position, log)
        records = log.from_offset(position.next, at_most)
        reached_end = len(records) < at_most
        end = log.readable_end() if reached_end else records[-1].offset + 1
        if end <= position.next:
            return None
        epoch = records[-1].leader_epoch if records else position.leader_epoch
        self._positions[partition] = Offset(end, epoch)
        return Fetched(position.next, records, end, epoch)

    def _check(self, partition: TopicPartition, position: Offset, log: Log) -> None:
        epoch = position.leader_epoch
        if epoch is not None and log.epoch_ends.get(epoch, position.next) < position.next:
            raise BrokenPartitionsError({partition: f"{partition}: the log was truncated"})
        if not log.start <= position.next <= log.end:
            raise RetriableError(f"{partition}: offset {position.next} is out of range")

    # positions

    def seek(self, partition: TopicPartition, offset: Offset) -> None:
        if partition in self._positions:
            self._positions[partition] = offset

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        self._paused.update(partitions)

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        self._paused.difference_update(partitions)

    def holds(self, partitions: Collection[TopicPartition]) -> bool:
        return self._positions.keys() >= set(partitions)

    # metadata

    def identity(self, topic: str) -> Identity:
        return Identity(self._broker.topic_ids.get(topic), self._broker.cluster_id)

    def topics(self) -> Collection[str]:
        if self._fixed:
            return {partition.topic for partition in self._fixed}
        return {topic for topic in self._broker.topic_ids if self._wants(topic)}

    def partitions(self, topic: str) -> Collection[TopicPartition]:
        return [partition for partition in self._broker.logs if partition.topic == topic]

    def bounds(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        return {p: Bounds(self._log(p).start, self._log(p).end) for p in partitions}

    def stable_ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {p: self._log(p).readable_end() for p in partitions}

    def known_ends(self) -> Mapping[TopicPartition, int]:
        logs = self._broker.logs
        return {p: logs[p].end for p in list(self._positions) if p in logs}

    def offsets_at(
        self, partitions: Collection[TopicPartition], time_ms: int
    ) -> Mapping[TopicPartition, int | None]:
        return {
            p: next((r.offset for r in self._log(p).records if r.timestamp >= time_ms), None)
            for p in partitions
        }

    def _log(self, partition: TopicPartition) -> Log:
        if partition not in self._broker.logs:
            raise RetriableError(f"{partition} does not exist")
        return self._broker.logs[partition]

    # the group

    def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Offset]:
        stored = self._broker.group(self._group).committed
        return {p: stored[p] for p in partitions if p in stored}

    def commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        member = self.member
        if member is not None and not self._broker.accepts_commit(self._group, member):
            raise RetriableError(
                f"group {self._group} did not accept the commit of member {member}"
            )
        self._broker.group(self._group).committed.update(offsets)

    def mirror(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        if self.member is None or self._broker.accepts_commit(self._group, self.member):
            self._broker.group(self._group).committed.update(offsets)
        else:
            self._mirror_failures += 1

    def mirror_failures(self) -> int:
        return self._mirror_failures

    def close(self) -> None:
        if self.member is not None:
            self._broker.leave(self._group, self.member)
