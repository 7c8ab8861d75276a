"""What REST needs from a worker: its administration, and the values that cross that border.

Owns the protocol and how an administration refuses. Must not know HTTP's bodies, nor how a worker does
what it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from sinkworker.api import DeadLetter, LedgerEntry, StoredOffset, TopicPartition
from sinkworker.runtime.status import TaskStatus
from sinkworker.runtime.worker import TaskId


class Target(Enum):
    """What an operator wants of a connector."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"


class RefusedError(Exception):
    """The administration does not do what it was asked. status: as HTTP says it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class WorkerInfo(NamedTuple):
    """id: where this worker is reached. cluster_id: Kafka's, as far as it is known."""

    id: str
    version: str
    cluster_id: str | None


class ConnectorInfo(NamedTuple):
    """config: as it was written. tasks: their numbers."""

    name: str
    config: Mapping[str, str]
    tasks: Sequence[int]


class TaskView(NamedTuple):
    """One task, as its last status shows it. trace: why it has failed, or what it waits for."""

    number: int
    state: str
    trace: str | None


class ConnectorView(NamedTuple):
    """state: the target, or FAILED for a connector that could not be configured."""

    name: str
    state: str
    trace: str | None
    version: str
    tasks: Sequence[TaskView]


class PluginInfo(NamedTuple):
    """kind: in Kafka Connect's words."""

    name: str
    kind: str
    version: str


class KeyInfo(NamedTuple):
    """One key of a plugin: Kafka Connect's definition of it. group: Common, or None for its own."""

    name: str
    type: str
    is_required: bool
    default: str | None
    importance: str
    documentation: str
    group: str | None
    choices: Sequence[str]


class CheckedKey(NamedTuple):
    """A key with its value and what is wrong with it. key: None when nobody knows it."""

    name: str
    key: KeyInfo | None
    value: str | None
    errors: Sequence[str]


class OffsetRule(NamedTuple):
    """Where to move an offset: earliest, latest, offset, datetime, shift or reset; and its argument."""

    kind: str
    argument: int | str | None = None


class OffsetMove(NamedTuple):
    """One partition's offset, before and after. difference: offsets read again (negative), skipped."""

    partition: TopicPartition
    old: int | None
    new: int | None
    difference: int | None
    epoch: int


class LedgerQuestion(NamedTuple):
    """Which steps of a ledger: the newest `limit` of some partitions, or of all (none are named)."""

    limit: int
    partitions: frozenset[TopicPartition] = frozenset()
    since_ms: int | None = None


class LetterQuestion(NamedTuple):
    """Which dead letters: the first `limit` of them, or all; of one partition, with one offset."""

    limit: int | None = None
    partition: TopicPartition | None = None
    offset: int | None = None


class ReplayedLetters(NamedTuple):
    """stayed: a sentence for each letter that failed again."""

    written: int
    filtered: int
    stayed: Sequence[str]


class ClusterRow(NamedTuple):
    """Who owns one partition of a connector, as the store says."""

    connector: str
    partition: TopicPartition
    stored: StoredOffset


class Administration(Protocol):
    """A worker as operators see it. Any thread may call any method; RefusedError where it says no.

    Methods marked with * may wait for a store, for Kafka, or for the disk; others answer at once.
    """

    def worker(self) -> WorkerInfo: ...
    def connectors(self) -> Sequence[str]: ...
    def info(self, name: str) -> ConnectorInfo: ...
    def view(self, name: str) -> ConnectorView: ...
    def statuses(self) -> Mapping[TaskId, TaskStatus]: ...
    def topics(self, name: str) -> Sequence[str]: ...
    def forget_topics(self, name: str) -> None: ...

    def create(
        self, name: str, config: Mapping[str, str], target: Target = Target.RUNNING
    ) -> ConnectorInfo:
        """* A new connector."""
        ...

    def change(self, name: str, config: Mapping[str, str]) -> ConnectorInfo:
        """* Another configuration for a connector; its tasks start anew with it."""
        ...

    def delete(self, name: str) -> None:
        """* Stop and forget it. Its stored offsets stay."""
        ...

    def aim(self, name: str, target: Target) -> None:
        """* Run, pause or stop a connector; the worker remembers it."""
        ...

    def restart(self, name: str, *, tasks: bool, only_failed: bool) -> ConnectorView:
        """* A connector and perhaps its tasks anew; those that are restarted are RESTARTING."""
        ...

    def restart_task(self, name: str, task: int) -> None:
        """* One task anew."""
        ...

    def offsets(self, name: str) -> Mapping[TopicPartition, StoredOffset]:
        """* What the sink stores."""
        ...

    def move_offsets(
        self,
        name: str,
        rules: Mapping[TopicPartition, OffsetRule] | OffsetRule,
        *,
        dry_run: bool = False,
        only_stopped: bool = False,
    ) -> Sequence[OffsetMove]:
        """* Change stored offsets of these partitions, or of all, or only say what would change."""
        ...

    def ledger(self, name: str, question: LedgerQuestion) -> Sequence[LedgerEntry]:
        """* What became of its offsets: the newest steps, newest last."""
        ...

    def letters(self, name: str, question: LetterQuestion) -> Sequence[DeadLetter]:
        """* Dead letters that the sink stores itself."""
        ...

    def replay_letters(self, name: str, question: LetterQuestion) -> ReplayedLetters:
        """* Convert, transform and write them as the connector does now."""
        ...

    def cluster(self) -> tuple[Sequence[ClusterRow], Sequence[str]]:
        """* All partitions of all connectors, whichever worker owns them; and whose store is silent."""
        ...

    def plugins(self, *, connectors_only: bool) -> Sequence[PluginInfo]: ...

    def keys(self, plugin: str) -> Sequence[KeyInfo]:
        """* The keys of a plugin."""
        ...

    def check(self, plugin: str, config: Mapping[str, str]) -> Sequence[CheckedKey]:
        """* What is wrong with a configuration, key by key."""
        ...

    def not_ready(self) -> Sequence[str]:
        """Why this worker does not do its work just now; empty when it does."""
        ...

    def silent(self, seconds: float) -> Sequence[TaskId]:
        """Tasks that have not given a sign of life for so long."""
        ...

    def is_starting(self) -> bool: ...
