"""Where a partition starts that has no stored offset.

Owns `offset.start`: its grammar and what each form means. Must not know stores or tasks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sinkworker.api import TopicPartition
from sinkworker.runtime.ports import Consumer


class Start:
    """A rule that gives every partition of a topic its first offset."""

    def offsets(
        self, consumer: Consumer, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """The next offset to read for each. Raises what the consumer raises."""
        raise NotImplementedError


class Earliest(Start):
    """The first record that the log still holds."""

    def offsets(
        self, consumer: Consumer, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        return {p: bounds.start for p, bounds in consumer.bounds(partitions).items()}


class Latest(Start):
    """What is produced from now on; transactions in flight included."""

    def offsets(
        self, consumer: Consumer, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        return dict(consumer.stable_ends(partitions))


@dataclass(frozen=True)
class AtTime(Start):
    """The first record at or after a time; the end where there is none yet."""

    time_ms: int

    def offsets(
        self, consumer: Consumer, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        found = consumer.offsets_at(partitions, self.time_ms)
        ends = consumer.stable_ends([p for p in partitions if found.get(p) is None])
        return {p: offset for p, offset in found.items() if offset is not None} | dict(ends)


@dataclass(frozen=True)
class AtOffsets(Start):
    """Named offsets; partitions that are not named start at their earliest record."""

    named: Mapping[TopicPartition, int]

    def offsets(
        self, consumer: Consumer, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        others = [p for p in partitions if p not in self.named]
        earliest = Earliest().offsets(consumer, others) if others else {}
        return earliest | {p: self.named[p] for p in partitions if p in self.named}


EARLIEST, LATEST = Earliest(), Latest()


def parse_start(text: str) -> Start:
    """Read `offset.start`. ValueError with a sentence when it is none of the forms."""
    text = text.strip()
    if text.lower() in ("earliest", "latest"):
        return EARLIEST if text.lower() == "earliest" else LATEST
    time = _time(text)
    if time is not None:
        return time
    try:
        return AtOffsets(dict(_named(part) for part in text.split(",")))
    except ValueError:
        raise ValueError(
            "Expected earliest, latest, a time such as 2026-11-21T08:00:00Z, "
            "or <topic>:<partition>:<offset>,…"
        ) from None


def _time(text: str) -> AtTime | None:
    try:
        time_ms = milliseconds(text)
    except ValueError:
        return None
    if time_ms < 0:
        raise ValueError("A time before 1970")
    return AtTime(time_ms)


def milliseconds(text: str) -> int:
    """A time such as 2026-11-21T08:00:00Z, since 1970; UTC unless it says otherwise. ValueError with a
    sentence when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text} is no time: expected one such as 2026-11-21T08:00:00Z"
        raise ValueError(message) from None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)


def _named(part: str) -> tuple[TopicPartition, int]:
    topic, partition, offset = part.strip().split(":")
    if not topic or not partition.isdecimal() or not offset.isdecimal():
        raise ValueError(part)
    return TopicPartition(topic, int(partition)), int(offset)
