"""A sink in memory, right and, by choice, wrong.

Owns a small transactional store and a sink on it. With no bug it passes the conformance kit; each
bug is a mistake that real sinks have made, and one that the kit must catch.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sinkworker.api import (
    Advance,
    Alteration,
    Claim,
    ConnectorConfig,
    DataError,
    Delivery,
    FencedError,
    Offset,
    OffsetStore,
    RetriableError,
    SinkConnector,
    SinkRecord,
    SinkTask,
    SinkTaskContext,
    StoredOffset,
    TopicPartition,
    next_claim,
)


class Bug(Enum):
    """Ways to write a sink that loses or repeats records."""

    START_IS_NOT_KEPT = auto()
    REOPENS_AT_THE_START = auto()
    WRITES_IN_PUT = auto()
    OFFSET_IN_A_SECOND_TRANSACTION = auto()
    OFFSET_FIRST_THEN_ROWS = auto()
    NO_EPOCH_IN_THE_CONDITION = auto()
    CLAIM_DOES_NOT_RAISE_THE_EPOCH = auto()
    REFUSED_FLUSH_IS_IGNORED = auto()
    FLUSH_WITHOUT_RECORDS_IS_SKIPPED = auto()
    OFFSET_FROM_THE_LAST_RECORD = auto()
    NEIGHBOURS_SHARE_A_KEY = auto()
    ALTER_DOES_NOT_RAISE_THE_EPOCH = auto()
    RESET_IS_NOT_UNDERSTOOD = auto()
    NULLS_CRASH = auto()
    TEXT_IS_CUT_AT_NUL = auto()
    CLOSE_TWICE_FAILS = auto()
    CLOSE_KEEPS_THE_BUFFER = auto()
    FLUSHES_EVERY_PARTITION = auto()
    FOREIGN_TOPIC_IS_CLAIMED = auto()


@dataclass
class MemoryStore:
    """What survives a crash of the process. `fail` is called at the named points of a commit."""

    rows: list[Any] = field(default_factory=list)
    offsets: dict[Any, StoredOffset] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    fails: str | None = None

    def reach(self, point: str) -> None:
        if self.fails == point:
            raise RetriableError(f"the store went away {point}")

    @contextmanager
    def failing(self, point: str) -> Iterator[None]:
        self.fails = point
        try:
            yield
        finally:
            self.fails = None


class MemorySinkConnector(SinkConnector[ConnectorConfig]):
    """Keeps `(topic, partition, offset, value)` rows in a MemoryStore."""

    config_class = ConnectorConfig

    def __init__(
        self,
        name: str = "memory",
        store: MemoryStore | None = None,
        bugs: Collection[Bug] = (),
    ) -> None:
        super().__init__(name, ConnectorConfig())
        self.store, self.bugs = store or MemoryStore(), frozenset(bugs)

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return MemorySinkTask(self, context)

    def offset_store(self) -> OffsetStore:
        return MemoryOffsetStore(self)

    def key(self, partition: TopicPartition) -> Any:
        if Bug.NEIGHBOURS_SHARE_A_KEY in self.bugs:
            return f"{self.name}{partition.topic}{partition.partition}"
        return (self.name, partition)


class AtLeastOnceSinkConnector(MemorySinkConnector):
    """The same without stored offsets: the group's committed offset is where it starts."""

    delivery = Delivery.AT_LEAST_ONCE

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return AtLeastOnceSinkTask(self, context)

    def offset_store(self) -> None:  # type: ignore[override]
        return None


class MemoryOffsetStore(OffsetStore):
    def __init__(self, connector: MemorySinkConnector) -> None:
        self._connector, self._store = connector, connector.store

    def read(self) -> Mapping[TopicPartition, StoredOffset]:
        self._store.reach("on read")
        with self._store.lock:
            return {
                partition: stored
                for key, stored in self._store.offsets.items()
                if isinstance(key, tuple)
                for name, partition in [key]
                if name == self._connector.name
            }

    def seed(self, starts: Mapping[TopicPartition, Offset]) -> None:
        with self._store.lock:
            for partition, start in starts.items():
                self._store.offsets.setdefault(
                    self._connector.key(partition), StoredOffset(*start, 0, None)
                )

    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> Collection[TopicPartition]:
        changed = []
        with self._store.lock:
            for partition, (to, epoch) in changes.items():
                key = self._connector.key(partition)
                held = self._store.offsets[key].epoch if key in self._store.offsets else 0
                if epoch not in (None, held):
                    continue
                offset = to or (None, None, None, None)
                after = held + (Bug.ALTER_DOES_NOT_RAISE_THE_EPOCH not in self._connector.bugs)
                self._store.offsets[key] = StoredOffset(
                    offset[0], offset[1], offset[2], offset[3], after, None
                )
                changed.append(partition)
        return changed


class MemorySinkTask(SinkTask):
    """One transaction a flush: fence, rows, offsets."""

    def __init__(self, connector: MemorySinkConnector, context: SinkTaskContext) -> None:
        self._connector, self._context = connector, context
        self._store, self._bugs = connector.store, connector.bugs
        self._buffers: dict[TopicPartition, list[SinkRecord]] = {}
        self._held: set[TopicPartition] = set()

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        self._store.reach("on open")
        claims = {}
        with self._store.lock:
            for partition, start in starts.items():
                claim = self._claim(partition, start)
                if claim is not None:
                    claims[partition] = claim
                    self._held.add(partition)
        return claims

    def _claim(self, partition: TopicPartition, start: Offset) -> Claim | None:
        key = self._connector.key(partition)
        stored = self._store.offsets.get(key)
        if Bug.FOREIGN_TOPIC_IS_CLAIMED in self._bugs and stored is not None:
            stored = stored._replace(topic_id=None, cluster_id=None)
        if Bug.RESET_IS_NOT_UNDERSTOOD in self._bugs and stored and stored.next is None:
            stored = stored._replace(next=0)
        claim = next_claim(stored, start)
        if claim is None:
            return None
        if Bug.REOPENS_AT_THE_START in self._bugs:
            claim = claim._replace(resume=start)
        if Bug.CLAIM_DOES_NOT_RAISE_THE_EPOCH in self._bugs and stored is not None:
            claim = claim._replace(epoch=stored.epoch)
        if not (Bug.START_IS_NOT_KEPT in self._bugs and stored is None):
            self._store.offsets[key] = StoredOffset(*claim.resume, claim.epoch, self._context.owner)
        return claim

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        if Bug.WRITES_IN_PUT in self._bugs:
            self._store.rows.extend(self._row(source, record) for record in records)
        self._buffers.setdefault(source, []).extend(records)

    def flush(self, advances: Mapping[TopicPartition, Advance]) -> None:
        with self._store.lock:
            self._flush(advances)

    def _flush(self, advances: Mapping[TopicPartition, Advance]) -> None:
        of = list(self._buffers) if Bug.FLUSHES_EVERY_PARTITION in self._bugs else list(advances)
        taken = {source: self._buffers.pop(source, []) for source in of}
        if not self._is_still_owner(advances):
            if Bug.REFUSED_FLUSH_IS_IGNORED in self._bugs:
                return
            raise FencedError("the epoch or the offset moved")
        rows = [self._row(source, record) for source in of for record in taken[source]]
        offsets = self._offsets(advances, taken)
        self._store.reach("before the commit")
        if Bug.OFFSET_FIRST_THEN_ROWS in self._bugs:
            self._store.offsets.update(offsets)
        elif Bug.WRITES_IN_PUT not in self._bugs:
            self._store.rows.extend(rows)
        if self._bugs & {Bug.OFFSET_IN_A_SECOND_TRANSACTION, Bug.OFFSET_FIRST_THEN_ROWS}:
            self._store.reach("after the commit")
        if Bug.OFFSET_FIRST_THEN_ROWS in self._bugs:
            self._store.rows.extend(rows)
        else:
            self._store.offsets.update(offsets)
        self._store.reach("after the commit")

    def _is_still_owner(self, advances: Mapping[TopicPartition, Advance]) -> bool:
        if Bug.START_IS_NOT_KEPT in self._bugs:
            return True
        for partition, advance in advances.items():
            stored = self._store.offsets[self._connector.key(partition)]
            epoch = stored.epoch if Bug.NO_EPOCH_IN_THE_CONDITION in self._bugs else advance.epoch
            if (stored.epoch, stored.next) != (epoch, advance.expected):
                return False
        return True

    def _offsets(
        self,
        advances: Mapping[TopicPartition, Advance],
        taken: Mapping[TopicPartition, Sequence[SinkRecord]],
    ) -> dict[Any, StoredOffset]:
        offsets = {}
        for partition, advance in advances.items():
            records, to = taken[partition], advance.to
            if Bug.FLUSH_WITHOUT_RECORDS_IS_SKIPPED in self._bugs and not records:
                continue
            if Bug.OFFSET_FROM_THE_LAST_RECORD in self._bugs and records:
                to = to._replace(next=records[-1].offset + 1)
            offsets[self._connector.key(partition)] = StoredOffset(
                *to, advance.epoch, self._context.owner
            )
        return offsets

    def _row(self, source: TopicPartition, record: SinkRecord) -> Any:
        value = record.value
        if Bug.NULLS_CRASH in self._bugs and value is None:
            raise TypeError("'NoneType' object is not subscriptable")
        if isinstance(value, str):
            self._context.report(source, record, DataError("the value is no object"))
        if Bug.TEXT_IS_CUT_AT_NUL in self._bugs and isinstance(value, dict):
            value = {k: v.split("\0")[0] if isinstance(v, str) else v for k, v in value.items()}
        return (source.topic, source.partition, record.offset, value)

    def close(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            if Bug.CLOSE_TWICE_FAILS in self._bugs:
                self._held.remove(partition)
            if Bug.CLOSE_KEEPS_THE_BUFFER not in self._bugs:
                self._buffers.pop(partition, None)


class AtLeastOnceSinkTask(SinkTask):
    """Writes in flush, and leaves the offsets to the consumer group."""

    def __init__(self, connector: MemorySinkConnector, context: SinkTaskContext) -> None:
        del context
        self._store = connector.store
        self._buffers: dict[TopicPartition, list[SinkRecord]] = {}

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        return {partition: Claim(start, 0) for partition, start in starts.items()}

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        self._buffers.setdefault(source, []).extend(records)

    def flush(self, advances: Mapping[TopicPartition, Advance]) -> None:
        for source in advances:
            self._store.rows.extend(
                (source.topic, source.partition, record.offset, record.value)
                for record in self._buffers.pop(source, [])
            )

    def close(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            self._buffers.pop(partition, None)
