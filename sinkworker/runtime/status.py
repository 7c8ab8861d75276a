"""Immutable pictures of a task, for other threads to look at.

Owns what can be known of a task from outside. Must not hold anything that the task's thread changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from enum import Enum

from sinkworker.api import Advance, Offset, TopicPartition
from sinkworker.runtime.assignment import Assignment, Book, State


class TaskState(Enum):
    """Kafka Connect's states of a task."""

    UNASSIGNED = "UNASSIGNED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """position: next after what was delivered. stored: what the sink holds. cause: of quarantine."""

    state: State
    epoch: int
    position: int
    stored: Offset | None
    cause: str | None


@dataclass(slots=True)
class Counters:
    """Since the task started. The task's thread counts; others see the copy in a status."""

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

    def flushed(self, advances: Iterable[Advance], reported: int) -> None:
        """reported: how many of the records the task found to be bad while it flushed."""
        self.flushes += 1
        self.records -= reported
        self.errant += reported
        for advance in advances:
            self.records += advance.records
            self.filtered += advance.filtered
            self.errant += len(advance.errant)


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task at one moment. trace: why it FAILED, or why it is waiting to try again."""

    state: TaskState
    trace: str | None = None
    partitions: Mapping[TopicPartition, PartitionStatus] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)


class Board:
    """Where a task's thread pins its newest status; any thread may look."""

    def __init__(self) -> None:
        self.status = TaskStatus(TaskState.UNASSIGNED)


def partition_statuses(assignment: Assignment) -> dict[TopicPartition, PartitionStatus]:
    return {partition: _status(book) for partition, book in assignment.books().items()}


def _status(book: Book) -> PartitionStatus:
    return PartitionStatus(book.state, book.epoch, book.position, book.stored, book.cause)


def picture(
    assignment: Assignment, counters: Counters, *, paused: bool, waiting_for: str | None
) -> TaskStatus:
    """A task that runs. With a quarantined partition it is FAILED, where Connect's users look."""
    causes = [book.cause for book in assignment.books().values() if book.cause]
    state = TaskState.PAUSED if paused else TaskState.RUNNING
    return TaskStatus(
        TaskState.FAILED if causes else state,
        "\n".join(causes) or waiting_for,
        partition_statuses(assignment),
        copy(counters),
    )
