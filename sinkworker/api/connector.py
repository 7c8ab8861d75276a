"""The two classes that make a sink: a connector, and its tasks.

Owns the contract between the engine and a sink. Must not know the engine.

The life of a task, every call from the one thread that owns it:

    open(starts) → put(…) … → flush(advances) → put(…) … → close(partitions) → stop()

After a RetriableError, a FencedError or a RecordRejectedError from any of them, the engine calls
`close` for all partitions, then `open` again, and reads on from what it returns. No batch is ever
offered twice: a task keeps nothing between a failure and the next `open`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import ClassVar, Generic, Protocol, TypeAlias, TypeVar

from sinkworker.api.audit import Audit, Coordinates
from sinkworker.api.config import ConnectorConfig
from sinkworker.api.dead_letters import DeadLetterStore
from sinkworker.api.offsets import Advance, Claim, ErrantRecord, Offset, OffsetStore
from sinkworker.api.record import SinkRecord, TopicPartition
from sinkworker.api.rewriter import Rewriter

ConfigT = TypeVar("ConfigT", bound=ConnectorConfig)

# What tasks are given and return: a partition, and its …
Starts: TypeAlias = Mapping[TopicPartition, Offset]
Claims: TypeAlias = Mapping[TopicPartition, Claim]
Batches: TypeAlias = Mapping[TopicPartition, Sequence[SinkRecord]]
Advances: TypeAlias = Mapping[TopicPartition, Advance]


class Delivery(Enum):
    """What a sink promises. The engine treats Kafka's group offset as the truth only for the latter."""

    EXACTLY_ONCE = "exactly once"
    AT_LEAST_ONCE = "at least once"


class SinkTaskContext(Protocol):
    """What the engine gives to a task.

    name: the connector's name. task: this task's number, from 0.
    owner: names this task of this process, for the store's `owner` and for messages.
    config_hash: names the connector's configuration, so that a ledger can tell one from another.
    flush_timeout_ms: a flush must have ended, one way or the other, within this time; otherwise the
    task would lose its place in the consumer group.
    """

    @property
    def name(self) -> str: ...
    @property
    def task(self) -> int: ...
    @property
    def owner(self) -> str: ...
    @property
    def config_hash(self) -> str: ...
    @property
    def flush_timeout_ms(self) -> int: ...

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> ErrantRecord:
        """Say that one record cannot be written. Called from `put` or `flush`.

        Returns when errors are tolerated: go on without the record. Its dead letter for a topic is
        the engine's concern. A task that stores dead letters itself does so in the same flush: what
        this returns while it flushes, and `Advance.errant`, where those reported from `put` are.
        Otherwise raises RecordRejectedError: let it through, with nothing committed.
        """


class SinkTask(ABC):
    """Writes the records of some partitions. Every call comes from the task's own thread.

    reports_from_put_only: whether a record is never reported later than from the `put` that brought
    it. Then the original bytes of good records need not be kept until they are flushed.
    """

    reports_from_put_only: ClassVar[bool] = False

    @abstractmethod
    def open(self, starts: Starts) -> Claims:
        """Claim these partitions: raise their epochs in the store, fence their last owners.

        Returns, for each, the stored offset, or the start given here where nothing is stored (which
        is then stored). A partition whose stored topic or cluster id is known and differs from the
        start's is left out and nothing of it is changed.
        """

    @abstractmethod
    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        """Take records of one open partition, in order. Nothing of them may become visible yet.

        source: where they were read, whatever transforms renamed.
        """

    def due(self, now_ms: int) -> Collection[TopicPartition] | None:
        """Which partitions to flush now. None (the default): the engine's flush policy decides.

        now_ms: a monotonic clock. Called after every poll, also after one that returned nothing.
        """
        del now_ms
        return None

    @abstractmethod
    def flush(self, advances: Advances) -> None:
        """Make the data and offsets of just these partitions durable, in one step, or raise.

        An advance may carry no records (only filtered ones, or gaps). Raises FencedError when the
        store does not hold the advance's epoch and expected offset; RetriableError when it did not
        happen or cannot be known to have.
        """

    @abstractmethod
    def close(self, partitions: Collection[TopicPartition]) -> None:
        """Forget these partitions and what was put for them, without writing. May come twice."""

    def stop(self) -> None:  # noqa: B027  most tasks hold nothing open
        """Let go of connections. Called once, last, also after a failure."""


class BufferedSinkTask(SinkTask):
    """A task whose records wait in the engine's buffers; an author writes `open` and `write`."""

    def __init__(self) -> None:
        self._buffers: dict[TopicPartition, list[SinkRecord]] = {}

    @abstractmethod
    def write(self, batches: Batches, advances: Advances) -> None:
        """Write these records and advances in one step; the errors are those of `flush`.

        batches: the records of each advance's partition, in order; empty where it has none.
        """

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        self._buffers.setdefault(source, []).extend(records)

    def flush(self, advances: Advances) -> None:
        self.write({source: self._buffers.pop(source, []) for source in advances}, advances)

    def close(self, partitions: Collection[TopicPartition]) -> None:
        for source in partitions:
            self._buffers.pop(source, None)


class SinkConnector(ABC, Generic[ConfigT]):
    """A configured sink. Created once a worker; its tasks are created on their own threads.

    config_class: the pydantic model of its keys, spelled as in Kafka Connect.
    """

    config_class: ClassVar[type[ConnectorConfig]]
    delivery: ClassVar[Delivery] = Delivery.EXACTLY_ONCE

    def __init__(self, name: str, config: ConfigT) -> None:
        self.name, self.config = name, config

    def check(self) -> None:
        """Contact the outside once, before anything starts, on the main thread.

        Raises ConfigError (what answers contradicts the configuration) or RetriableError (it does
        not answer; the command exits with 75).
        """

    @abstractmethod
    def create_task(self, context: SinkTaskContext) -> SinkTask:
        """A new task; called on the task's thread. It should not connect before `open`."""

    def offset_store(self) -> OffsetStore | None:
        """A new view of the stored offsets, for one thread. None: this sink stores none."""
        return None

    def dead_letters(self) -> DeadLetterStore | None:
        """A new view of its dead letters, for one thread. None: it stores none."""
        return None

    def audit(
        self, coordinates: Coordinates | None = None, places: Sequence[str] = ()
    ) -> Audit | None:
        """What it holds just now, while tasks may go on. None: it cannot tell.

        coordinates: the fields that its transforms add to records. places: where to look, where its
        configuration does not say.
        """
        return None

    def rewriter(
        self,
        context: SinkTaskContext,
        coordinates: Coordinates | None = None,
        *,
        deletes_first: bool = False,
    ) -> Rewriter | None:
        """A new transaction in which records are written once more, for one thread. None: this sink
        has none.

        coordinates: the fields that its transforms add to records. deletes_first: remove the rows of a
        range before. ConnectError, with what to do instead, where the outcome would not be exact.
        """
        return None

    @property
    def stores_dead_letters(self) -> bool:
        """Whether its tasks store errant records with the data. The engine then keeps the original
        bytes of what is pending, for what `report` returns."""
        return False
