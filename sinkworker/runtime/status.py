"""Immutable pictures of a task, for other threads to look at.

Owns what can be known of a task from outside. Must not hold anything that the task's thread changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from sinkworker.api import Advance, Offset, TopicPartition
from sinkworker.runtime.assignment import Assignment, Book, State
from sinkworker.runtime.metrics import Measures


class TaskState(Enum):
    """Kafka Connect's states of a task."""

    UNASSIGNED = "UNASSIGNED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """position: next after what was delivered. stored: what the sink holds. cause: of quarantine.

    delivered: records since the partition was assigned. end: the log's, as the client last saw it.
    """

    state: State
    epoch: int
    position: int
    stored: Offset | None
    cause: str | None
    delivered: int = 0
    end: int | None = None


@dataclass(slots=True)
class Counters:
    """Since the task started. The task's thread counts; others see the copy in a status.

    letters: errant records whose dead letter is safe, and their offset committed. letters_sent: to a
    topic, each time that it was tried; letters_not_sent: of these, in vain.
    """

    keeps_letters: bool = False
    letters: int = 0
    letters_sent: int = 0
    letters_not_sent: int = 0
    records: int = 0
    filtered: int = 0
    errant: int = 0
    flushes: int = 0
    fenced: int = 0
    retries: int = 0
    reopened: int = 0
    client_rebuilds: int = 0
    stuck_transactions: int = 0
    mirror_failures: int = 0
    measures: Measures = field(default_factory=Measures)

    def flushed(self, advances: Iterable[Advance], reported: int) -> None:
        """reported: how many of the records the task found to be bad while it flushed."""
        self.flushes += 1
        self.records -= reported
        errant = reported
        for advance in advances:
            self.records += advance.records
            self.filtered += advance.filtered
            errant += len(advance.errant)
        self.errant += errant
        self.letters += errant if self.keeps_letters else 0


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task at one moment. trace: why it FAILED, or why it is waiting to try again."""

    state: TaskState
    trace: str | None = None
    partitions: Mapping[TopicPartition, PartitionStatus] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)


class Board:
    """Where a task's thread pins its newest status; any thread may look.

    pinned_at: when, by the monotonic clock; a loop that turns pins one several times a second.
    """

    def __init__(self) -> None:
        self.status = TaskStatus(TaskState.UNASSIGNED)

    @property
    def status(self) -> TaskStatus:
        return self._status

    @status.setter
    def status(self, status: TaskStatus) -> None:
        self._status, self.pinned_at = status, time.monotonic()


def partition_statuses(
    assignment: Assignment, ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, PartitionStatus]:
    books = assignment.books().items()
    return {partition: _status(book, ends.get(partition)) for partition, book in books}


def _status(book: Book, end: int | None) -> PartitionStatus:
    return PartitionStatus(
        book.state, book.epoch, book.position, book.stored, book.cause, book.delivered, end
    )


def picture(
    assignment: Assignment,
    counters: Counters,
    *,
    paused: bool,
    waiting_for: str | None,
    ends: Mapping[TopicPartition, int] = MappingProxyType({}),
) -> TaskStatus:
    """A task that runs. With a quarantined partition it is FAILED, where Connect's users look."""
    causes = [book.cause for book in assignment.books().values() if book.cause]
    state = TaskState.PAUSED if paused else TaskState.RUNNING
    return TaskStatus(
        TaskState.FAILED if causes else state,
        "\n".join(causes) or waiting_for,
        partition_statuses(assignment, ends),
        replace(counters, measures=copy(counters.measures)),
    )
