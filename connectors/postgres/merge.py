"""Many records of one key → what the key's row becomes.

Owns the order of writes and deletes of a key within a batch. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.postgres.batch import Batch
from connectors.postgres.rows import DeletedKey, Values


@dataclass(slots=True, eq=False)
class Merged:
    """One key. First its row is deleted, if `is_deleted`; then `values` are written, if any.

    members: the indexes of the records that made it so.
    """

    key: tuple[Any, ...]
    values: Values | None
    is_deleted: bool
    members: list[int]

    def write(self, values: Values, index: int) -> None:
        """A later record wins; fields that it lacks keep what an earlier one gave them."""
        self.values = values if self.values is None else {**self.values, **values}
        self.members.append(index)

    def delete(self, index: int) -> None:
        self.values, self.is_deleted, self.members = None, True, [index]


def merge(batch: Batch, key: Sequence[str]) -> list[Merged]:
    """What becomes of every key, in the order in which the keys first appear."""
    found: dict[tuple[Any, ...], Merged] = {}
    for index, values in enumerate(batch.values):
        named = tuple([values.get(column) for column in key])
        merged = found.get(named)
        is_delete = type(values) is DeletedKey
        if merged is None:
            found[named] = Merged(named, None if is_delete else values, is_delete, [index])
        elif is_delete:
            merged.delete(index)
        else:
            merged.write(values, index)
    return list(found.values())
