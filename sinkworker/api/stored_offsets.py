"""What may happen to a connector's stored offsets: claims, advances, seeds and alterations.

Owns the rules of the offset protocol, for stores that read their offsets, change them and write them
back in one transaction, as a file or a small database does. Must not know how they are kept.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager

from sinkworker.api.errors import FencedError
from sinkworker.api.offsets import (
    Advance,
    Alteration,
    Claim,
    Offset,
    OffsetStore,
    StoredOffset,
    next_claim,
)
from sinkworker.api.record import TopicPartition

RESET = StoredOffset(None, None, None, None, 0, None)


class StoredOffsets(dict[TopicPartition, StoredOffset]):
    """All that is stored for one connector, as long as a transaction of its store lasts."""

    def claim(
        self, starts: Mapping[TopicPartition, Offset], owner: str
    ) -> dict[TopicPartition, Claim]:
        """What `SinkTask.open` does and returns."""
        claims = {
            partition: claim
            for partition, start in starts.items()
            if (claim := next_claim(self.get(partition), start)) is not None
        }
        for partition, (resume, epoch) in claims.items():
            self[partition] = StoredOffset(*resume, epoch, owner)
        return claims

    def advance(self, advances: Mapping[TopicPartition, Advance]) -> None:
        """What `SinkTask.flush` does to them. FencedError: nothing may be written."""
        for partition, advance in advances.items():
            held = self.get(partition)
            if held is None or (held.epoch, held.next) != (advance.epoch, advance.expected):
                raise FencedError(_why_fenced(partition, held))
        for partition, advance in advances.items():
            self[partition] = StoredOffset(*advance.to, advance.epoch, self[partition].owner)

    def seed(self, starts: Mapping[TopicPartition, Offset]) -> None:
        """What `OffsetStore.seed` does."""
        for partition, start in starts.items():
            self.setdefault(partition, StoredOffset(*start, 0, None))

    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> set[TopicPartition]:
        """What `OffsetStore.alter` does and returns."""
        changed = set()
        for partition, (to, epoch) in changes.items():
            held = self[partition].epoch if partition in self else 0
            if epoch in (None, held):
                new = StoredOffset(*to, 0, None) if to is not None else RESET
                self[partition] = new._replace(epoch=held + 1)
                changed.add(partition)
        return changed


class TransactionalOffsetStore(OffsetStore):
    """A store whose author writes one method; a task's `open` and `flush` use it as well.

    def open(self, starts):
        with self.store.transaction() as offsets:
            return offsets.claim(starts, self.context.owner)
    """

    @abstractmethod
    def transaction(self) -> AbstractContextManager[StoredOffsets]:
        """Everything stored, which nobody else can change before this context ends.

        At its end, what was changed in it is stored, in one step with the data that a subclass may
        take as an argument. When it is left by an exception, nothing is.
        """

    def read(self) -> Mapping[TopicPartition, StoredOffset]:
        with self.transaction() as offsets:
            return offsets

    def seed(self, starts: Mapping[TopicPartition, Offset]) -> None:
        with self.transaction() as offsets:
            offsets.seed(starts)

    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> Collection[TopicPartition]:
        with self.transaction() as offsets:
            return offsets.alter(changes)


def _why_fenced(partition: TopicPartition, held: StoredOffset | None) -> str:
    if held is not None and held.owner is not None:
        return f"{partition} was claimed by {held.owner}"
    return f"{partition}: its stored offset was changed from outside"
