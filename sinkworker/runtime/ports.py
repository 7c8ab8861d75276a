"""What the engine needs from the outside: a consumer, a place for dead letters, and a clock.

Owns the values that cross those borders. Must not know any Kafka client.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from sinkworker.api import ErrantRecord, Header, Offset, TopicPartition
from sinkworker.api.errors import ConnectError


class RawRecord(Protocol):
    """A record as a client returns it; the bytes are not converted yet."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[Header]: ...
    @property
    def leader_epoch(self) -> int | None: ...


class Columns(NamedTuple):
    """The records of a batch, column by column."""

    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    headers: Sequence[Sequence[Header]]


@runtime_checkable
class Columnar(Protocol):
    """Records of a client that hands out columns at less cost than objects."""

    def columns(self) -> Columns: ...


def columns(records: Sequence[RawRecord]) -> Columns:
    if isinstance(records, Columnar):
        return records.columns()
    return Columns(
        [record.offset for record in records],
        [record.timestamp for record in records],
        [record.key for record in records],
        [record.value for record in records],
        [record.headers for record in records],
    )


class Fetched(NamedTuple):
    """What one poll read from one partition: everything from `start` up to, not including, `next`.

    Offsets between the two that no record has were transaction markers, aborted or compacted.
    leader_epoch: that of the last batch read, or None.
    """

    start: int
    records: Sequence[RawRecord]
    next: int
    leader_epoch: int | None = None


class Assigned(NamedTuple):
    """These partitions are now this consumer's; they are paused."""

    partitions: frozenset[TopicPartition]


class Revoked(NamedTuple):
    """These partitions are being moved elsewhere; their new owner may already be reading."""

    partitions: frozenset[TopicPartition]


class Lost(NamedTuple):
    """These partitions went to others some time ago; this consumer was thrown out of its group."""

    partitions: frozenset[TopicPartition]


Event = Assigned | Revoked | Lost


class Poll(NamedTuple):
    """The events since the last poll, in order, then the records of partitions without an event."""

    events: Sequence[Event]
    fetched: Mapping[TopicPartition, Fetched]


class Bounds(NamedTuple):
    """The log's first retained offset, and its high watermark."""

    start: int
    end: int


class Identity(NamedTuple):
    """Which topic of which cluster; None where the broker does not say."""

    topic_id: str | None
    cluster_id: str | None


class BrokenPartitionsError(ConnectError):
    """A poll found partitions whose log cannot be read on; each with the sentence that says why."""

    def __init__(self, causes: Mapping[TopicPartition, str]) -> None:
        super().__init__("; ".join(causes.values()))
        self.causes = dict(causes)


class ClientStalledError(Exception):
    """The Kafka client no longer works or no longer reads: a new one must take its place."""


class Consumer(Protocol):
    """One client in one group (or with fixed partitions). Used from one thread only.

    Every method may raise RetriableError (Kafka is unreachable or busy), ConnectError (it refuses) or
    ClientStalledError, unless it says otherwise.
    """

    in_group: bool
    """Whether a group decides about partitions; False when they are fixed."""

    def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
        """Wait at most this long for records or events.

        at_most: how many records, where that is fewer than `max.poll.records`; at least 1.
        Events are never lost: a poll that raises leaves them to the next one. After a poll that
        raised, positions are unknown: the caller reopens every open partition.
        Raises BrokenPartitionsError too.
        """
        ...

    def seek(self, partition: TopicPartition, offset: Offset) -> None:
        """Read on from `offset.next`. With a leader epoch, a truncated log is noticed."""
        ...

    def pause(self, partitions: Collection[TopicPartition]) -> None: ...
    def resume(self, partitions: Collection[TopicPartition]) -> None: ...

    def holds(self, partitions: Collection[TopicPartition]) -> bool:
        """Whether all of these are in the current assignment."""
        ...

    def identity(self, topic: str) -> Identity:
        """What the newest metadata says; no request is sent."""
        ...

    def topics(self) -> Collection[str]:
        """The topics that exist and are subscribed to (by name or pattern), or assigned."""
        ...

    def partitions(self, topic: str) -> Collection[TopicPartition]:
        """All partitions of a topic."""
        ...

    def bounds(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        """Where these logs begin and end, transactions in flight included."""
        ...

    def stable_ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offset up to which this consumer may read: the last stable one under read_committed."""
        ...

    def known_ends(self) -> Mapping[TopicPartition, int]:
        """Where the logs ended when they were last fetched from; no request is sent. Never raises."""
        ...

    def offsets_at(
        self, partitions: Collection[TopicPartition], time_ms: int
    ) -> Mapping[TopicPartition, int | None]:
        """The first offset at or after a time; None when there is none."""
        ...

    def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Offset]:
        """The group's committed offsets, where there are any."""
        ...

    def commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        """Commit to the group and wait. RetriableError when it was not accepted."""
        ...

    def mirror(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        """Commit to the group without waiting. Never raises; failures are counted and logged."""
        ...

    def mirror_failures(self) -> int: ...

    def close(self) -> None:
        """Send what the mirror still owes, leave the group, let go of connections. Never raises."""
        ...


class DeadLetters(Protocol):
    """Where errant records go that the sink does not store itself. Used from one thread only."""

    def send(self, letters: Sequence[ErrantRecord]) -> None:
        """Returns when all of them are safe there. RetriableError when they are not known to be;
        ConnectError when they are refused. What is sent again may then be there twice."""
        ...

    def close(self) -> None:
        """Let go of connections. Never raises."""
        ...


class Clock(Protocol):
    """Time, so that tests can make it pass."""

    def now_ms(self) -> int:
        """Monotonic milliseconds."""
        ...

    def sleep_ms(self, duration_ms: int) -> None: ...
