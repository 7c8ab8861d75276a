"""Records of one partition, column by column.

Owns that no object is made of a record that nobody looks at: of what a record costs on its way to a
sink that takes whole columns, that was a seventh. Must not know converters, tasks or clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple, overload

from sinkworker.api.record import Header, Schema, SinkRecord


class Columns(NamedTuple):
    """In the order of `SinkRecord`."""

    offsets: Sequence[int]
    timestamps: Sequence[int | None]
    keys: Sequence[Any]
    values: Sequence[Any]
    headers: Sequence[Sequence[Header]]
    key_schemas: Sequence[Schema | None]
    value_schemas: Sequence[Schema | None]


class Records(Sequence[SinkRecord]):
    """Makes a SinkRecord each time one is looked at: changing that changes nothing here."""

    __slots__ = ("columns", "partition", "topic")

    def __init__(self, topic: str, partition: int, columns: Columns) -> None:
        self.topic, self.partition, self.columns = topic, partition, columns

    def __len__(self) -> int:
        return len(self.columns.offsets)

    def __iter__(self) -> Iterator[SinkRecord]:
        return map(SinkRecord, repeat(self.topic), repeat(self.partition), *self.columns)

    @overload
    def __getitem__(self, at: int) -> SinkRecord: ...
    @overload
    def __getitem__(self, at: slice) -> Records: ...
    def __getitem__(self, at: int | slice) -> SinkRecord | Records:
        chosen: list[Any] = [column[at] for column in self.columns]
        if isinstance(at, slice):
            return Records(self.topic, self.partition, Columns(*chosen))
        return SinkRecord(self.topic, self.partition, *chosen)

    def __repr__(self) -> str:
        return repr(list(self))


def joined(parts: Sequence[Sequence[SinkRecord]]) -> Sequence[SinkRecord]:
    """One after the other; column by column where all of them are, and of one partition."""
    if len(parts) == 1:
        return parts[0]
    kept = [each for each in parts if isinstance(each, Records)]
    if len({(each.topic, each.partition) for each in kept}) != 1 or len(kept) != len(parts):
        return list(chain.from_iterable(parts))
    parallel = zip(*(each.columns for each in kept), strict=True)
    columns: list[Any] = [list(chain.from_iterable(each)) for each in parallel]
    return Records(kept[0].topic, kept[0].partition, Columns(*columns))
