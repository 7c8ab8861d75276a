"""Opening partitions: where they start, the claim, and whether the claim fits the log.

Owns the order seed → claim → check of `protocols` and the sentences of what is refused. Must not
know when to open, nor what happens to a partition afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from sinkworker.api import (
    Alteration,
    Claim,
    Offset,
    OffsetStore,
    SinkTask,
    StoredOffset,
    TopicPartition,
)
from sinkworker.runtime.ports import Bounds, Consumer, Identity
from sinkworker.runtime.start import EARLIEST, LATEST, Start

log = logging.getLogger(__name__)


class OutOfRange(Enum):
    """`offset.out.of.range`: what to do when Kafka no longer, or not yet, has the stored offset."""

    FAIL = "fail"
    EARLIEST = "earliest"
    LATEST = "latest"


class Refusal(NamedTuple):
    """Why a partition must not be read, and the epoch that the store holds for it."""

    cause: str
    epoch: int


class Opened(NamedTuple):
    """claims: read on from there. refused: quarantine. altered: the offset was moved, open again."""

    claims: dict[TopicPartition, Claim]
    refused: dict[TopicPartition, Refusal]
    altered: list[TopicPartition]


class Opening:
    """Opens partitions for one task. `store` is None for a sink that stores no offsets."""

    def __init__(
        self,
        task: SinkTask,
        store: OffsetStore | None,
        start: Start,
        out_of_range: OutOfRange,
        *,
        joins_by_pattern: bool,
    ) -> None:
        self._task, self._store = task, store
        self._start, self._out_of_range = start, out_of_range
        self._joins_by_pattern = joins_by_pattern

    @property
    def has_store(self) -> bool:
        return self._store is not None

    def open(self, consumer: Consumer, partitions: Collection[TopicPartition]) -> Opened:
        """Claim and check. Raises what the store, the task and the consumer raise."""
        stored = self.stored()
        starts = self._starts(consumer, partitions, stored)
        claims = self._task.open(starts)
        opened = Opened(dict(claims), self._foreign(starts, claims), _overtaken(stored, claims))
        for partition in (*opened.refused, *opened.altered):
            opened.claims.pop(partition, None)
        self._check_bounds(consumer, opened)
        return opened

    def stored(self) -> Mapping[TopicPartition, StoredOffset]:
        return self._store.read() if self._store is not None else {}

    # where to start

    def _starts(
        self,
        consumer: Consumer,
        partitions: Collection[TopicPartition],
        stored: Mapping[TopicPartition, StoredOffset],
    ) -> dict[TopicPartition, Offset]:
        if self._store is None:
            return self._group_starts(consumer, partitions)
        seeds = self._seeds(consumer, partitions, stored)
        if seeds:
            self._store.seed(seeds)
        decided = self._decided_anew(consumer, partitions, stored)
        return {
            p: seeds.get(p) or decided.get(p) or _identified(consumer, p, stored[p].next or 0)
            for p in partitions
        }

    def _group_starts(
        self, consumer: Consumer, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, Offset]:
        """Where the group stands. What is decided here is committed at once: that decides it."""
        committed = consumer.committed(partitions)
        new = [p for p in partitions if p not in committed]
        starts = self._start.offsets(consumer, new) if new else {}
        decided = {p: _identified(consumer, p, n) for p, n in starts.items()}
        if decided:
            consumer.commit(decided)
        known = {
            p: _identified(consumer, p, at.next)._replace(leader_epoch=at.leader_epoch)
            for p, at in committed.items()
        }
        return known | decided

    def _seeds(
        self,
        consumer: Consumer,
        partitions: Collection[TopicPartition],
        stored: Mapping[TopicPartition, StoredOffset],
    ) -> dict[TopicPartition, Offset]:
        """The start of every partition without a row, of all topics that are being opened."""
        seeds: dict[TopicPartition, Offset] = {}
        topics = {p.topic for p in partitions}
        if self._joins_by_pattern and not stored:
            topics.update(consumer.topics())  # or a task that comes second would find them "joined"
        for topic in sorted(topics):
            of_topic = {*consumer.partitions(topic), *(p for p in partitions if p.topic == topic)}
            missing = sorted(p for p in of_topic if p not in stored)
            rule = self._rule(topic, stored)
            offsets = rule.offsets(consumer, missing) if missing else {}
            seeds |= {p: _identified(consumer, p, offsets[p]) for p in missing}
        return seeds

    def _rule(self, topic: str, stored: Mapping[TopicPartition, StoredOffset]) -> Start:
        """New partitions of a known topic, and topics that join a pattern, are read from their start."""
        topic_is_known = any(p.topic == topic for p in stored)
        if topic_is_known or (self._joins_by_pattern and stored):
            return EARLIEST
        return self._start

    def _decided_anew(
        self,
        consumer: Consumer,
        partitions: Collection[TopicPartition],
        stored: Mapping[TopicPartition, StoredOffset],
    ) -> dict[TopicPartition, Offset]:
        reset = [p for p in partitions if p in stored and stored[p].next is None]
        offsets = self._start.offsets(consumer, reset) if reset else {}
        return {p: _identified(consumer, p, n) for p, n in offsets.items()}

    # whether it fits

    def _foreign(
        self, starts: Mapping[TopicPartition, Offset], claims: Mapping[TopicPartition, Claim]
    ) -> dict[TopicPartition, Refusal]:
        """Partitions whose stored offset belongs to another topic or another cluster."""
        refused = {
            p: Refusal(cause, claim.epoch)
            for p, claim in claims.items()
            if (cause := _foreign_cause(p, claim.resume, starts[p]))
        }
        left_out = [p for p in starts if p not in claims]
        if left_out:
            stored = self.stored()
            refused |= {p: _refusal(p, stored.get(p), starts[p]) for p in left_out}
        return refused

    def _check_bounds(self, consumer: Consumer, opened: Opened) -> None:
        """Move partitions out of `claims` whose offset the log does not hold."""
        all_bounds = consumer.bounds(list(opened.claims)) if opened.claims else {}
        for partition, bounds in all_bounds.items():
            claim = opened.claims[partition]
            if bounds.start <= claim.resume.next <= bounds.end:
                continue
            del opened.claims[partition]
            if self._out_of_range is OutOfRange.FAIL:
                cause = _out_of_range_cause(partition, claim.resume.next, bounds)
                opened.refused[partition] = Refusal(cause, claim.epoch)
            else:
                log.warning(_gone(partition, claim.resume.next, bounds))
                self._move_into_range(consumer, partition, claim)
                opened.altered.append(partition)

    def _move_into_range(self, consumer: Consumer, partition: TopicPartition, claim: Claim) -> None:
        rule = EARLIEST if self._out_of_range is OutOfRange.EARLIEST else LATEST
        to = _identified(consumer, partition, rule.offsets(consumer, [partition])[partition])
        log.warning("%s: going on at offset %d, as offset.out.of.range=%s says",
                    partition, to.next, self._out_of_range.value)  # fmt: skip
        if self._store is None:
            consumer.commit({partition: to})
        else:
            self._store.alter({partition: Alteration(to, claim.epoch)})


def _overtaken(
    stored: Mapping[TopicPartition, StoredOffset], claims: Mapping[TopicPartition, Claim]
) -> list[TopicPartition]:
    """Partitions of which more than this claim came after the read: an operator may have reset them,
    and the start that was offered is the old offset. They are opened again."""
    return [p for p, claim in claims.items() if p in stored and claim.epoch > stored[p].epoch + 1]


def recreated(
    consumer: Consumer, offsets: Iterable[tuple[TopicPartition, Offset]]
) -> dict[TopicPartition, str]:
    """Partitions whose topic is, by the newest metadata, no longer the one they were opened for."""
    causes = {
        partition: _foreign_cause(partition, offset, _identified(consumer, partition, 0))
        for partition, offset in offsets
    }
    return {partition: cause for partition, cause in causes.items() if cause}


def _identified(consumer: Consumer, partition: TopicPartition, next_offset: int) -> Offset:
    identity: Identity = consumer.identity(partition.topic)
    return Offset(next_offset, None, identity.topic_id, identity.cluster_id)


def _foreign_cause(
    partition: TopicPartition, stored: Offset | StoredOffset, current: Offset
) -> str | None:
    if current.is_of_same_log(stored):
        return None
    if current._replace(topic_id=None).is_of_same_log(stored):
        return (
            f"{partition}: the topic was deleted and created again: the stored offset "
            f"{stored.next} belongs to topic id {stored.topic_id}, the topic is now "
            f"{current.topic_id}. Nothing is read. Reset the offset to read the new topic."
        )
    return (
        f"{partition}: the stored offset {stored.next} belongs to Kafka cluster "
        f"{stored.cluster_id}, and bootstrap.servers leads to cluster {current.cluster_id}. "
        "Nothing is read. Point bootstrap.servers at the old cluster, or reset the offset."
    )


def _refusal(partition: TopicPartition, stored: StoredOffset | None, start: Offset) -> Refusal:
    """Why a task left a partition out of its claims."""
    if stored is None:
        return Refusal(f"{partition}: the sink refused the claim and stores no offset for it", 0)
    cause = _foreign_cause(partition, stored, start)
    return Refusal(cause or f"{partition}: the sink refused the claim", stored.epoch)


def _out_of_range_cause(partition: TopicPartition, stored: int, bounds: Bounds) -> str:
    halt = "Nothing is skipped unless you say so." if stored < bounds.start else "Nothing is read."
    advice = "Set offset.out.of.range=earliest or latest, or set the offset."
    return f"{_gone(partition, stored, bounds)} {halt} {advice}"


def _gone(partition: TopicPartition, stored: int, bounds: Bounds) -> str:
    """What of the log is no longer there."""
    if stored < bounds.start:
        return (
            f"{partition}: offsets {stored} to {bounds.start - 1} are gone from Kafka: the stored "
            f"offset is {stored}, the log now starts at {bounds.start}; up to "
            f"{bounds.start - stored} records are lost."
        )
    return (
        f"{partition}: the stored offset {stored} is beyond the log's end {bounds.end}: "
        f"{stored - bounds.end} offsets that were read are no longer in Kafka; the log was truncated."
    )
