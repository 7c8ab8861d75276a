"""The partitions a task holds: the book, the consumer and the task kept in step.

Owns every change that concerns all three: assign, open, drop, quarantine, release. A partition that
is not open is paused in the consumer and forgotten by the task, always. Must not know when any of
this is done.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from sinkworker.api import FencedError, Offset, SinkTask, TopicPartition
from sinkworker.runtime.assignment import Assignment, State
from sinkworker.runtime.opening import Opening, recreated
from sinkworker.runtime.ports import Consumer

log = logging.getLogger(__name__)


class Held:
    """One task's partitions, with the consumer that reads them."""

    def __init__(
        self,
        task: SinkTask,
        opening: Opening,
        consumer: Consumer,
        assignment: Assignment | None = None,
    ) -> None:
        self._task, self._opening, self._consumer = task, opening, consumer
        self.assignment = assignment or Assignment()

    def all(self) -> list[TopicPartition]:
        return list(self.assignment.books())

    def open_ones(self) -> list[TopicPartition]:
        return self.assignment.in_state(State.OPEN)

    def claimed_ones(self) -> list[TopicPartition]:
        return self.assignment.in_state(State.OPEN, State.QUARANTINED)

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """To be opened. Some may be held already: whatever was pending for them is dropped."""
        self.release([p for p in partitions if p in self.assignment])
        self.assignment.assign(sorted(partitions))

    def release(self, partitions: Collection[TopicPartition]) -> None:
        if partitions:
            self._task.close(partitions)
            self.assignment.remove(partitions)

    def all_open(self) -> bool:
        return not self.assignment.in_state(State.CLAIMING)

    # open

    def open(self, *, paused: bool) -> None:
        """Open all that wait for it. Raises what the store, the task and the consumer raise."""
        waiting = self.assignment.in_state(State.CLAIMING)
        if not waiting or not self._is_still_a_member():
            return
        self.assignment.attempt(waiting)
        opened = self._opening.open(self._consumer, waiting)
        for partition, claim in opened.claims.items():
            self.assignment.opened(partition, claim)
            self._consumer.seek(partition, claim.resume)
            log.info("Opened %s at offset %d, epoch %d", partition, claim.resume.next, claim.epoch)
        if self._opening.has_store:
            # The last owner may have been killed between its flush and its copy to the group.
            self._consumer.mirror({p: claim.resume for p, claim in opened.claims.items()})
        for partition, refusal in opened.refused.items():
            self.quarantine(partition, refusal.cause, refusal.epoch)
        self.quarantine_stopped()
        if not paused:
            self._consumer.resume([p for p in opened.claims if self.assignment.is_open(p)])

    def _is_still_a_member(self) -> bool:
        """Proof, before a partition is claimed again, that the group still gives it to us.

        Only a live member of the current generation gets an offset commit accepted; a zombie that
        claimed anew would fence the rightful owner. A commit does not check who owns a partition,
        so the client's own assignment is asked too.
        """
        again = self.assignment.claimed_before()
        if not again or not self._consumer.in_group:
            return True
        if not self._consumer.holds(again):
            return False
        offsets = self._last_known(again)
        if offsets:
            self._consumer.commit(offsets)
        return True

    def _last_known(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Offset]:
        books = self.assignment.books()
        known = {p: stored for p in partitions if (stored := books[p].stored) is not None}
        unknown = [p for p in partitions if p not in known]
        # For a sink that stores no offsets a commit decides where to start: its opening commits.
        if unknown and self._opening.has_store:
            known |= self._consumer.committed(unknown)
            bounds = self._consumer.bounds([p for p in unknown if p not in known])
            known |= {p: Offset(each.start) for p, each in bounds.items()}
        return known

    # drop

    def drop_all(self) -> int:
        """After a failure: whatever may be open, in the book or only in the task. How many were."""
        opened = len(self.open_ones())
        self.drop(self.assignment.in_state(State.OPEN, State.CLAIMING))
        return opened

    def drop(self, partitions: Collection[TopicPartition]) -> None:
        """Forget what is pending; these must be opened again."""
        if not partitions:
            return
        self._consumer.pause(partitions)
        self._task.close(partitions)
        self.assignment.reopen(partitions)

    def drop_altered(self) -> int:
        """Reopen what an operator moved: the epoch in the store is not ours any more. How many.

        FencedError when it was another owner who moved it, and no group decides between the two.
        """
        held = self.claimed_ones()
        stored = self._opening.stored() if held else {}
        books = self.assignment.books()
        altered = [p for p in held if p in stored and stored[p].epoch != books[p].epoch]
        for partition in altered:
            if stored[partition].owner is not None and not self._consumer.in_group:
                raise FencedError(f"{partition} was claimed by {stored[partition].owner}")
            log.info("%s: its stored offset was changed from outside; reopening", partition)
            self.drop([partition])
            self.assignment.forgive(partition)
        return len(altered)

    # quarantine

    def quarantine(self, partition: TopicPartition, cause: str, epoch: int | None = None) -> None:
        book = self.assignment.books().get(partition)
        if book is None or book.state is State.QUARANTINED:
            return
        self._consumer.pause([partition])
        # Without a leader epoch: the client would go on to compare it, and to report a truncation.
        self._consumer.seek(partition, Offset(book.position))
        self._task.close([partition])
        self.assignment.quarantine(partition, cause, epoch)
        log.error("Quarantined %s. %s", partition, cause)

    def standing(self) -> dict[TopicPartition, int]:
        """Those that are quarantined, and the offsets they stand at."""
        books = self.assignment.books()
        return {
            p: stored.next if (stored := books[p].stored) is not None else -1
            for p in self.assignment.in_state(State.QUARANTINED)
        }

    def begin_anew(self, partitions: Collection[TopicPartition]) -> None:
        """Open these again, as if nothing had been wrong with them."""
        for partition in partitions:
            log.warning("%s: beginning anew (task.restart.max)", partition)
            self.drop([partition])
            self.assignment.forgive(partition)

    def quarantine_stopped(self) -> None:
        """Those that stand before a record they cannot pass, with all before it flushed."""
        for partition, barrier in self.assignment.stopped():
            self.quarantine(
                partition,
                f"{barrier.cause}. Everything before it is committed; this partition waits. "
                f"{barrier.advice}",
            )

    def quarantine_recreated(self, partitions: Collection[TopicPartition]) -> None:
        """Those whose topic is no longer the one they were opened for; nothing more is flushed."""
        books = self.assignment.books()
        offsets = [
            (p, stored)
            for p in partitions
            if self.assignment.is_open(p) and (stored := books[p].stored) is not None
        ]
        for partition, cause in recreated(self._consumer, offsets).items():
            self.quarantine(partition, cause)
