"""The partitions a task holds, and the book it keeps of each. Pure: no I/O, no clock.

Owns which step is legal in which state, and all arithmetic on offsets. Must not know consumers,
tasks or stores.

    CLAIMING     assigned or dropped; paused; to be opened (again)
    OPEN         claimed; its records are delivered and flushed
    QUARANTINED  cannot be read or written on; paused; its offset stays where it is

    assign → CLAIMING ──opened──▶ OPEN ──quarantine──▶ QUARANTINED
                 ▲  └────────quarantine────────────────────▲  │
                 └──reopen── OPEN, QUARANTINED ◀──────────────┘
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from sinkworker.api import Advance, Claim, ErrantRecord, Offset, TopicPartition
from sinkworker.runtime.breaker import Tally
from sinkworker.runtime.originals import Original, Originals
from sinkworker.runtime.ports import RawRecord


class State(Enum):
    CLAIMING = "claiming"
    OPEN = "open"
    QUARANTINED = "quarantined"


class Step(Enum):
    OPENED = "opened"
    QUARANTINE = "quarantine"
    REOPEN = "reopen"


LEGAL: Mapping[tuple[State, Step], State] = {
    (State.CLAIMING, Step.OPENED): State.OPEN,
    (State.CLAIMING, Step.QUARANTINE): State.QUARANTINED,
    (State.CLAIMING, Step.REOPEN): State.CLAIMING,
    (State.OPEN, Step.QUARANTINE): State.QUARANTINED,
    (State.OPEN, Step.REOPEN): State.CLAIMING,
    (State.QUARANTINED, Step.REOPEN): State.CLAIMING,
}


SKIP_OR_MOVE = "Set errors.tolerance=all to skip such records, or move the offset past it."


class Barrier(NamedTuple):
    """A record that must not be passed, why, and what to do about it."""

    offset: int
    cause: str
    advice: str = SKIP_OR_MOVE


class Delivery(NamedTuple):
    """What became of a stretch of offsets that was read: up to `next`, not including it.

    originals: all of its records, as they were read.
    """

    next: int
    leader_epoch: int | None
    records: int
    filtered: int
    errant: tuple[ErrantRecord, ...]
    bytes: int
    originals: Sequence[RawRecord] = ()


class Pending(NamedTuple):
    """What the next flush would carry, over all partitions. since_ms: None when nothing is."""

    records: int
    bytes: int
    since_ms: int | None


@dataclass(slots=True)
class Book:
    """One partition. `stored` is what the sink holds, `position` what was delivered.

    delivered: how many records, since it was assigned; those that were read again count again.
    """

    state: State = State.CLAIMING
    epoch: int = 0
    stored: Offset | None = None
    position: int = 0
    leader_epoch: int | None = None
    records: int = 0
    filtered: int = 0
    bytes: int = 0
    errant: list[ErrantRecord] = field(default_factory=list)
    errant_bytes: int = 0
    originals: Originals = field(default_factory=Originals)
    tally: Tally = field(default_factory=Tally)
    since_ms: int | None = None
    barrier: Barrier | None = None
    cause: str | None = None
    attempts: int = 0
    delivered: int = 0

    def step(self, step: Step) -> None:
        after = LEGAL.get((self.state, step))
        if after is None:
            raise ValueError(
                f"{step.value} is not legal for a partition that is {self.state.value}"
            )
        self.state = after

    def forget_pending(self) -> None:
        self.records = self.filtered = self.bytes = self.errant_bytes = 0
        self.errant = []
        self.originals.forget()
        self.since_ms = None

    @property
    def is_pending(self) -> bool:
        return self.stored is not None and self.position != self.stored.next

    @property
    def is_at_barrier(self) -> bool:
        return self.barrier is not None and self.position >= self.barrier.offset


class Assignment:
    """The state table: every held partition's book."""

    def __init__(self, *, keeps_originals: bool = False) -> None:
        """keeps_originals: whether what is pending is kept as it was read, too."""
        self._keeps_originals = keeps_originals
        self._books: dict[TopicPartition, Book] = {}

    def __contains__(self, partition: TopicPartition) -> bool:
        return partition in self._books

    def books(self) -> Mapping[TopicPartition, Book]:
        return self._books

    def in_state(self, *states: State) -> list[TopicPartition]:
        return [p for p, book in self._books.items() if book.state in states]

    def is_open(self, partition: TopicPartition) -> bool:
        book = self._books.get(partition)
        return book is not None and book.state is State.OPEN

    # rebalances

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            self._books[partition] = Book()

    def remove(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            self._books.pop(partition, None)

    # claims

    def attempt(self, partitions: Iterable[TopicPartition]) -> None:
        """These are about to be claimed; a later attempt needs proof of membership first."""
        for partition in partitions:
            self._books[partition].attempts += 1

    def claimed_before(self) -> list[TopicPartition]:
        """Partitions to be claimed again, after a first attempt."""
        return [p for p in self.in_state(State.CLAIMING) if self._books[p].attempts]

    def opened(self, partition: TopicPartition, claim: Claim) -> None:
        book = self._books[partition]
        book.step(Step.OPENED)
        book.forget_pending()
        book.originals, book.tally = Originals(), Tally()
        book.epoch, book.stored, book.cause = claim.epoch, claim.resume, None
        book.position, book.leader_epoch = claim.resume.next, claim.resume.leader_epoch
        if book.barrier is not None and book.position > book.barrier.offset:
            book.barrier = None  # somebody moved the offset past it

    def reopen(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop what is pending; these must be claimed again. A barrier stays."""
        for partition in partitions:
            book = self._books[partition]
            book.step(Step.REOPEN)
            book.forget_pending()

    def forgive(self, partition: TopicPartition) -> None:
        """Forget a barrier and the cause of a quarantine: somebody moved the offset."""
        book = self._books[partition]
        book.barrier = book.cause = None

    # barriers

    def put_barrier(self, partition: TopicPartition, barrier: Barrier) -> None:
        """Deliver nothing at or past this offset. The nearest barrier counts."""
        book = self._books.get(partition)
        if book is None:
            return
        if book.barrier is None or barrier.offset < book.barrier.offset:
            book.barrier = barrier

    def barrier(self, partition: TopicPartition) -> Barrier | None:
        return self._books[partition].barrier

    def at_barrier(self) -> list[TopicPartition]:
        return [p for p in self.in_state(State.OPEN) if self._books[p].is_at_barrier]

    def stopped(self) -> list[tuple[TopicPartition, Barrier]]:
        """Open partitions that stand at their barrier with everything before it flushed."""
        return [
            (p, barrier)
            for p in self.at_barrier()
            if not self._books[p].is_pending and (barrier := self._books[p].barrier) is not None
        ]

    def quarantine(self, partition: TopicPartition, cause: str, epoch: int | None = None) -> None:
        """Let a partition stand. epoch: what the store holds, where it never was opened."""
        book = self._books[partition]
        book.step(Step.QUARANTINE)
        book.forget_pending()
        book.cause = cause
        book.epoch = book.epoch if epoch is None else epoch

    # records

    def expects(self, partition: TopicPartition, start: int) -> bool:
        """Whether a batch from `start` is the next one of an open partition."""
        book = self._books[partition]
        return book.state is State.OPEN and book.position == start

    def delivered(self, partition: TopicPartition, delivery: Delivery, now_ms: int) -> None:
        book = self._books[partition]
        if delivery.next != book.position:
            book.position, book.leader_epoch = delivery.next, _known(delivery.leader_epoch)
        book.records += delivery.records
        book.delivered += delivery.records
        book.filtered += delivery.filtered
        book.bytes += delivery.bytes
        for errant in delivery.errant:
            _leave_out(book, errant)
        if self._keeps_originals:
            book.originals.add(delivery.originals)
            book.bytes += delivery.bytes
        if book.since_ms is None and book.is_pending:
            book.since_ms = now_ms

    def original(self, partition: TopicPartition, offset: int) -> Original | None:
        """A pending record as it was read, where such are kept."""
        book = self._books.get(partition)
        return book.originals.find(offset) if book is not None else None

    def reported(self, errant: ErrantRecord) -> None:
        """The task has not taken a record that was delivered to it."""
        book = self._books[errant.source]
        book.records -= 1
        _leave_out(book, errant)

    def forget_originals(self, partition: TopicPartition) -> None:
        """Nothing of what was delivered so far can still be reported."""
        self._books[partition].originals.forget()

    # flushes

    def pending(self) -> Pending:
        books = [book for book in self._books.values() if book.since_ms is not None]
        return Pending(
            sum(book.records for book in books),
            sum(book.bytes for book in books),
            min((book.since_ms for book in books if book.since_ms is not None), default=None),
        )

    def laden(self, max_bytes: int) -> list[TopicPartition]:
        """Open partitions whose errant records alone take so much memory."""
        return [p for p in self.in_state(State.OPEN) if self._books[p].errant_bytes >= max_bytes]

    def advances(
        self, of: Collection[TopicPartition] | None = None
    ) -> dict[TopicPartition, Advance]:
        """One advance for every open partition (of those named) whose position moved."""
        return {
            partition: _advance(book)
            for partition, book in self._books.items()
            if book.state is State.OPEN and book.is_pending and (of is None or partition in of)
        }

    def flushed(self, advances: Mapping[TopicPartition, Advance]) -> None:
        for partition, advance in advances.items():
            book = self._books[partition]
            book.stored = advance.to
            book.forget_pending()
            book.tally.forget_before(book.originals.passed)


def _leave_out(book: Book, errant: ErrantRecord) -> None:
    book.errant.append(errant)
    book.errant_bytes += len(errant.key or b"") + len(errant.value or b"")


def _known(leader_epoch: int | None) -> int | None:
    """Clients say -1 where a batch carries no leader epoch."""
    return leader_epoch if leader_epoch is not None and leader_epoch >= 0 else None


def _advance(book: Book) -> Advance:
    assert book.stored is not None
    _, _, topic_id, cluster_id = book.stored
    distance = book.position - book.stored.next
    return Advance(
        epoch=book.epoch,
        expected=book.stored.next,
        to=Offset(book.position, book.leader_epoch, topic_id, cluster_id),
        records=book.records,
        filtered=book.filtered,
        gaps=distance - book.records - book.filtered - len(book.errant),
        errant=tuple(book.errant),
    )
