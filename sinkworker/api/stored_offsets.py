"""What may happen to a connector's stored offsets: claims, advances, seeds and alterations.

Owns the rules of the offset protocol, for stores that read their offsets, change them and write them
back in one transaction, as a file or a small database does. Must not know how they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from sinkworker.api.errors import FencedError
from sinkworker.api.offsets import Advance, Alteration, Claim, Offset, StoredOffset, next_claim
from sinkworker.api.record import TopicPartition

RESET = StoredOffset(None, None, None, None, 0, None)


class StoredOffsets(dict[TopicPartition, StoredOffset]):
    """All that is stored for one connector. Use it within one transaction of the store:

    read them, call one of these, write the data and what changed here, commit. Whoever else wants to
    change them must wait meanwhile.
    """

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


def _why_fenced(partition: TopicPartition, held: StoredOffset | None) -> str:
    if held is not None and held.owner is not None:
        return f"{partition} was claimed by {held.owner}"
    return f"{partition}: its stored offset was changed from outside"
