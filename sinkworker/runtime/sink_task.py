"""The loop of one task: poll, deliver, flush, open.

Owns the order of things and what each failure leads to. Runs on the task's own thread, the only one
that touches the task, the consumer and the partitions. Must not know any sink or Kafka client.

There is one recovery path, whatever failed: drop what is pending, pause, and open again; what the
sink then says is where reading goes on. A partition stays paused from the moment its buffer is
dropped until it is open again, so that nothing read before can pass as the next batch.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Concatenate, ParamSpec

from sinkworker.api import (
    Advance,
    ConnectError,
    Delivery,
    FencedError,
    OffsetStore,
    RecordRejectedError,
    RetriableError,
    SinkTask,
    TopicPartition,
)
from sinkworker.runtime.assignment import SKIP_OR_MOVE, Assignment, Barrier
from sinkworker.runtime.errants import Errants, TooManyErrantError
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.flush_size import FlushSize
from sinkworker.runtime.held import Held
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.metrics import Newest, Pace
from sinkworker.runtime.pipeline import Pipeline, Processed
from sinkworker.runtime.ports import (
    Assigned,
    BrokenPartitionsError,
    ClientStalledError,
    Clock,
    Consumer,
    Event,
    Fetched,
    Poll,
    Revoked,
)
from sinkworker.runtime.recovery import Recovery
from sinkworker.runtime.restarts import Quarantines
from sinkworker.runtime.status import Board, Counters, picture
from sinkworker.runtime.tolerance import reason
from sinkworker.runtime.watch import Every, Watchdog

log = logging.getLogger(__name__)

# How long commands wait at most; an assignment, which ends no poll, shortly after the start; and
# commands after a long time with nothing to do: a turn costs a millisecond of CPU.
COMMAND_LATENCY_MS, JOIN_LATENCY_MS, IDLE_LATENCY_MS = 200, 20, 500
STATUS_EVERY_MS = 200

NOTHING = Poll((), {})
P = ParamSpec("P")


@dataclass(frozen=True)
class Parts:
    """What a loop is made of."""

    task: SinkTask
    store: OffsetStore | None
    errants: Errants
    delivery: Delivery
    consumer: Consumer
    held: Held
    pipeline: Pipeline
    flush_policy: FlushPolicy
    recovery: Recovery
    watchdog: Watchdog
    quarantines: Quarantines
    counters: Counters
    clock: Clock


def reopening(
    step: Callable[Concatenate[SinkTaskLoop, P], None],
) -> Callable[Concatenate[SinkTaskLoop, P], None]:
    """A step of the loop after whose failure every open partition is opened again."""

    @functools.wraps(step)
    def guarded(self: SinkTaskLoop, /, *args: P.args, **kwargs: P.kwargs) -> None:
        began_ms = self._clock.now_ms()
        try:
            step(self, *args, **kwargs)
        except (RetriableError, FencedError, RecordRejectedError) as error:
            self.recover(error, began_ms)

    return guarded


class SinkTaskLoop:
    """One task of one connector, from its consumer's first poll to its last."""

    def __init__(self, parts: Parts, mailbox: Mailbox, board: Board) -> None:
        self._parts, self._mailbox, self._board = parts, mailbox, board
        self._task, self._consumer, self._held = parts.task, parts.consumer, parts.held
        self._errants = parts.errants
        self._recovery, self._clock = parts.recovery, parts.clock
        self._flush_size = FlushSize(parts.flush_policy)
        self._measures, self._newest, self._pace = parts.counters.measures, Newest(), Pace()
        self._task_decides = False  # when to flush, and not the flush policy
        self._idle_since_ms = self._clock.now_ms()
        store = parts.store or OffsetStore
        self._alters, self._publishing = Every(store.alters_seen_within_ms), Every(STATUS_EVERY_MS)

    @property
    def _assignment(self) -> Assignment:
        return self._held.assignment

    def run(self) -> None:
        """Until told to stop. Raises ClientStalledError, or whatever reopening does not mend."""
        while not self._mailbox.is_stopping:
            self.iteration()
        self._flush_once_more(self._held.all())
        self._held.release(self._held.all())
        self._publish_now()

    def iteration(self) -> None:
        self._obey()
        poll = self._poll()
        if poll.events or poll.fetched:
            self._idle_since_ms = self._clock.now_ms()
        for event in poll.events:
            self._apply(event)
        self._deliver(poll.fetched)
        self._flush_due()
        self._open()
        self._look_after()
        self._publish()

    # obey

    def _obey(self) -> None:
        for command in self._mailbox.drain():
            log.info("Told to %s", command.value)
            if command is Command.PAUSE:
                self._pause()
            elif command is Command.RESUME:
                self._resume()

    def _pause(self) -> None:
        self._flush(self._held.open_ones())
        self._consumer.pause(self._held.open_ones())

    def _resume(self) -> None:
        self._parts.watchdog.forget()
        self._consumer.resume(self._held.open_ones())

    # poll

    def _poll(self) -> Poll:
        """After a poll that raised, positions are unknown: all that is open is opened again."""
        began_ms = self._clock.now_ms()
        try:
            return self._consumer.poll(*self._poll_bounds())
        except BrokenPartitionsError as error:
            self._quarantine_broken(error.causes)
        except RetriableError as error:
            self._flush_once_more(self._held.open_ones())
            self.recover(error, began_ms)
            self._clock.sleep_ms(min(self._recovery.wait_ms(), COMMAND_LATENCY_MS))
        return NOTHING

    def _quarantine_broken(self, causes: Mapping[TopicPartition, str]) -> None:
        """What was read before counts. Where it cannot be flushed, the client will tell again."""
        self._flush(self._held.open_ones())
        books = self._assignment.books()
        for partition, cause in causes.items():
            if partition in books and not books[partition].is_pending:
                self._held.quarantine(partition, cause)
        self._reopen_all()

    def _poll_bounds(self) -> tuple[int, int | None]:
        """How long it may wait, and how many records it may bring: as they are flushed at once, a
        smaller flush begins here."""
        if self._task_decides:
            return COMMAND_LATENCY_MS, None
        now_ms, pending = self._clock.now_ms(), self._assignment.pending()
        wait_ms = self._flush_size.policy.wait_ms(now_ms, pending, self._latency_ms(now_ms))
        return wait_ms, self._flush_size.at_most(pending)

    def _latency_ms(self, now_ms: int) -> int:
        """A tenth of the time in which nothing came, within bounds."""
        least = COMMAND_LATENCY_MS if self._held.all() else JOIN_LATENCY_MS
        most = IDLE_LATENCY_MS if self._held.all_open() else COMMAND_LATENCY_MS
        return min(max(least, (now_ms - self._idle_since_ms) // 10), most)

    # apply

    def _apply(self, event: Event) -> None:
        log.info("%s %s", type(event).__name__, ", ".join(map(str, sorted(event.partitions))))
        if isinstance(event, Assigned):
            self._measures.rebalanced()
            self._held.assign(event.partitions)
            return
        if isinstance(event, Revoked):
            self._flush_once_more(event.partitions)
        self._held.release(event.partitions)

    def _flush_once_more(self, partitions: Collection[TopicPartition]) -> None:
        """One attempt. Whether these are still ours to write, the store decides, not the group."""
        began_ms = self._clock.now_ms()
        try:
            self._write(partitions)
        except (FencedError, RecordRejectedError) as error:
            log.info("Not flushed before they were given up: %s", reason(error))
        except RetriableError as error:
            if self._mailbox.is_stopping:
                log.warning("Not flushed before the end, to be read again: %s", reason(error))
            else:
                self.recover(error, began_ms)

    # deliver

    @reopening
    def _deliver(self, fetched: Mapping[TopicPartition, Fetched]) -> None:
        for partition, batch in fetched.items():
            if not self._assignment.is_open(partition):
                continue
            if self._assignment.expects(partition, batch.start):
                self._put(partition, batch)
            else:
                self._parts.counters.reopened += 1
                log.warning("%s: dropped a batch from offset %d, which is not the next; reopening",
                            partition, batch.start)  # fmt: skip
                self._held.drop([partition])

    def _put(self, partition: TopicPartition, batch: Fetched) -> None:
        barrier = self._assignment.barrier(partition)
        began_ms = self._clock.now_ms()
        processed = self._parts.pipeline.process(partition, batch, barrier)
        self._assignment.delivered(partition, processed.delivery, self._clock.now_ms())
        self._hand_over(partition, processed)
        self._measures.put(len(batch.records), self._clock.now_ms() - began_ms)
        self._newest.read(partition, batch.records)
        if processed.barrier is not None:
            self._assignment.put_barrier(partition, processed.barrier)
        if self._assignment.barrier(partition) is not None:
            self._halt_at_barriers()

    def _hand_over(self, partition: TopicPartition, processed: Processed) -> None:
        for errant in processed.delivery.errant:
            self._errants.count(errant)
        if processed.records:
            self._task.put(partition, processed.records)
        for errant in self._errants.take():
            self._assignment.reported(errant)
        if self._task.reports_from_put_only:
            self._assignment.forget_originals(partition)

    def _halt_at_barriers(self) -> None:
        self._consumer.pause(self._assignment.at_barrier())
        self._held.quarantine_stopped()

    # flush

    @reopening
    def _flush_due(self) -> None:
        self._write(self._due())

    def _due(self) -> Collection[TopicPartition]:
        now_ms = self._clock.now_ms()
        chosen = self._task.due(now_ms)
        self._task_decides = chosen is not None
        if chosen is not None:
            laden = self._assignment.laden(self._flush_size.policy.max_bytes)
            return {*chosen, *laden, *self._assignment.at_barrier()}
        due = self._flush_size.policy.due(now_ms, self._assignment.pending())
        return self._held.open_ones() if due else ()

    @reopening
    def _flush(self, partitions: Collection[TopicPartition]) -> None:
        self._write(partitions)

    def _write(self, partitions: Collection[TopicPartition]) -> None:
        if not partitions:
            return
        self._held.quarantine_recreated(partitions)
        advances = self._assignment.advances(partitions)
        if advances:
            took_ms = self._store(advances)
            self._assignment.flushed(advances)
            self._measures.flushed(advances.values(), took_ms, self._newest.flushed(advances))
            self._recovery.succeeded()
            self._parts.counters.flushed(advances.values(), len(self._errants.take()))
            self._tell_kafka(advances)
        self._held.quarantine_stopped()

    def _store(self, advances: Mapping[TopicPartition, Advance]) -> int:
        """How many ms it took."""
        began_ms, pending = self._clock.now_ms(), self._assignment.pending()
        try:
            with self._errants.flushing(advances):
                self._task.flush(advances)
        except RetriableError:
            self._flush_size.failed(pending)
            raise
        took_ms = self._clock.now_ms() - began_ms
        self._flush_size.flushed(pending, took_ms)
        return took_ms

    def _tell_kafka(self, advances: Mapping[TopicPartition, Advance]) -> None:
        offsets = {partition: advance.to for partition, advance in advances.items()}
        if self._parts.delivery is Delivery.AT_LEAST_ONCE:
            self._consumer.commit(offsets)
        else:
            self._consumer.mirror(offsets)

    # open

    @reopening
    def _open(self) -> None:
        if self._recovery.may_try():
            self._held.open(paused=self._mailbox.is_paused)
            if self._held.all_open():
                self._recovery.waiting_for = None

    def recover(self, error: ConnectError, began_ms: int) -> None:
        """What every failure leads to; its attempt began then. Raises it when nothing can be done."""
        self._errants.take()
        if isinstance(error, RecordRejectedError):
            if error.source not in self._assignment:
                raise error  # a task that reports what it was not given
            advice = error.advice if isinstance(error, TooManyErrantError) else SKIP_OR_MOVE
            barrier = Barrier(error.offset, error.cause, advice)
            self._assignment.put_barrier(error.source, barrier)
        else:
            claimed, in_group = self._held.claimed_ones(), self._consumer.in_group
            self._recovery.failed(error, began_ms, claimed, in_group=in_group)
        self._reopen_all()

    def _reopen_all(self) -> None:
        self._parts.counters.reopened += self._held.drop_all()

    # look after

    @reopening
    def _look_after(self) -> None:
        now_ms = self._clock.now_ms()
        if self._alters.due(now_ms):
            self._parts.counters.reopened += self._held.drop_altered()
        if not self._mailbox.is_paused:
            self._notice_a_stalled_client(now_ms)
            self._held.begin_anew(self._parts.quarantines.due(self._held.standing(), now_ms))

    def _notice_a_stalled_client(self, now_ms: int) -> None:
        books = self._assignment.books()
        positions = {
            p: books[p].position for p in self._held.open_ones() if not books[p].is_at_barrier
        }
        stalled = self._parts.watchdog.stalled(self._consumer, positions, now_ms)
        if stalled:
            names = ", ".join(map(str, stalled))
            raise ClientStalledError(f"{names}: there is more to read and nothing is fetched")

    def _publish(self) -> None:
        if self._publishing.due(self._clock.now_ms()):
            self._publish_now()

    def _publish_now(self) -> None:
        counters, waiting_for = self._parts.counters, self._recovery.waiting_for
        counters.mirror_failures = self._consumer.mirror_failures()
        now_ms, is_paused = self._clock.now_ms(), self._mailbox.is_paused
        self._pace.look(self._measures, now_ms, counters.records, paused=is_paused)
        self._board.status = picture(
            self._assignment, counters, paused=self._mailbox.is_paused, waiting_for=waiting_for,
            ends=self._consumer.known_ends(),
        )  # fmt: skip
