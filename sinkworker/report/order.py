"""The order of partitions: by topic, then by number."""

from __future__ import annotations

from typing import Protocol


class Placed(Protocol):
    @property
    def place(self) -> str: ...


def of_name(place: str) -> tuple[str, int]:
    topic, _, number = place.rpartition("-")
    return topic, int(number)


def by_place(each: Placed) -> tuple[str, int]:
    return of_name(each.place)
