"""Many records of one key → what the key's row becomes.

Owns the order of writes and deletes of a key within a batch. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from connectors.postgres.batch import Batch
from connectors.postgres.reader import DeletedKey, Values


@dataclass(slots=True, eq=False)
class Merged:
    """One key. First its row is deleted, if `is_deleted`; then `values` are written, if any.

    key: the values of a record that has it. members: the indexes of the records that made it so.
    """

    key: Values
    values: Values | None
    is_deleted: bool
    members: list[int]

    def write(self, values: Values, index: int) -> None:
        """A later record wins; fields that it lacks keep what an earlier one gave them."""
        self.values = values if self.values is None else {**self.values, **values}
        self.members.append(index)

    def delete(self, index: int) -> None:
        self.values, self.is_deleted, self.members = None, True, [index]


def merge(batch: Batch, keys: Sequence[Hashable]) -> list[Merged]:
    """What becomes of every key, in the order in which the keys first appear.

    keys: what tells the records' keys apart, one a record.
    """
    found: dict[Hashable, Merged] = {}
    for index, (values, named) in enumerate(zip(batch.values, keys, strict=True)):
        merged = found.get(named)
        is_delete = type(values) is DeletedKey
        if merged is None:
            found[named] = Merged(values, None if is_delete else values, is_delete, [index])
        elif is_delete:
            merged.delete(index)
        else:
            merged.write(values, index)
    return list(found.values())
