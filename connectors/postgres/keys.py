"""Which records of a batch have the same key, as far as that can be told without asking Postgres.

Owns what may be compared here. `1`, `1.0` and `True` are equal in Python and three texts in a text
column; `1` and `"1"` are two values in Python and one key in an int column.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.postgres.batch import Batch
from connectors.postgres.tables import Table

# By Column.exact.
TYPES: Mapping[str, type] = {"int": int, "str": str}


class Keys(NamedTuple):
    """One key a record. Equal ones are equal in Postgres; are_exact: and others are not."""

    of: Sequence[Hashable]
    are_exact: bool


def keys_of(batch: Batch, key: Sequence[str], table: Table) -> Keys:
    """The keys of all records of a batch."""
    parts: list[Sequence[Hashable]] = []
    are_exact = True
    for column in key:
        part = [values.get(column) for values in batch.values]
        if set(map(type, part)) == {TYPES.get(table.columns[column].exact)}:
            parts.append(part)
        else:
            are_exact = False
            parts.append(list(map(_as_written, part)))
    return Keys(parts[0] if len(parts) == 1 else list(zip(*parts, strict=True)), are_exact)


def _as_written(value: Any) -> Hashable:
    """Equal only for values that reach Postgres as the same text."""
    return type(value), value if type(value) in (int, str, bytes) else str(value)
