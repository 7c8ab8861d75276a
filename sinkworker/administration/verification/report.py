"""What a verification found, as values, and its verdict in one sentence.

Owns the words of the verdict. Must not know how it was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sinkworker.api import TopicPartition

BY_OFFSET, BY_COUNT, BY_KEY = "by offset", "by count", "by number of keys"
# A row with a key stands for many records.
AT_MOST = "at most by count"


@dataclass
class PartitionReport:
    """One partition. since: where the ledger begins. read_again, skipped: by operators. rows, missing,
    twice: None where rows do not say where they were read. log: the records that Kafka holds of it."""

    source: TopicPartition
    stored: int | None
    since: int | None = None
    commits: int = 0
    read_again: int = 0
    skipped: int = 0
    log: int | None = None
    rows: int | None = None
    missing: int | None = None
    twice: int | None = None
    moves: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class PlaceReport:
    """One place. compared: how. least, most: how many rows there may be, where they are counted."""

    place: str
    compared: str
    rows: int
    least: int | None = None
    most: int | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def expected(self) -> str | None:
        if self.least is None:
            return None
        if self.most is None:
            return f"{self.least} or more"
        return str(self.most) if self.least == self.most else f"{self.least} to {self.most}"


@dataclass(frozen=True)
class Report:
    connector: str
    partitions: Sequence[PartitionReport]
    places: Sequence[PlaceReport]

    @property
    def problems(self) -> list[str]:
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        for partition in self.partitions:
            yield from (f"{partition.source}: {each}" for each in partition.problems)
        for place in self.places:
            yield from (f"{place.place}: {each}" for each in place.problems)

    @property
    def verdict(self) -> str:
        if not self.partitions:
            return f"{self.connector} has stored no offsets yet: there is nothing to compare."
        count = len(self.problems)
        if count:
            return f"{self.connector} is WRONG: {count} problem{'s' if count > 1 else ''}."
        how = " and ".join(sorted({place.compared for place in self.places}))
        if any(place.compared == AT_MOST for place in self.places):
            return (
                f"{self.connector}: nothing is wrong as far as it can be seen, compared {how}. A row "
                "with a key stands for many records, so one that is missing does not show."
            )
        if any(place.least is not None and place.most is None for place in self.places):
            return (
                f"{self.connector}: nothing is wrong as far as it can be seen, compared {how}. Kafka no "
                "longer holds all that was committed."
            )
        return f"{self.connector} is exact, compared {how}."
