"""How often each offset was committed, and which commit of it was the last.

Owns the arithmetic of ranges that operators had read again. Pure. Must not know rows or Kafka.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sinkworker.api import LedgerEntry
from sinkworker.runtime.log_range import Range


class Pass(NamedTuple):
    """One commit, or one replay of a range. last: the parts of it that no later one wrote again."""

    commit: LedgerEntry
    start: int
    end: int
    last: Sequence[Range]

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def repeated(self) -> int:
        """How many of its offsets a later pass committed again."""
        return self.length - sum(part.end - part.start for part in self.last)


def passes(steps: Sequence[LedgerEntry]) -> list[Pass]:
    """Whatever wrote a range, oldest first."""
    found: list[Pass] = []
    later: list[Range] = []
    for step in reversed(steps):
        start, end = step.from_offset, step.to_offset
        if (
            step.kind in ("commit", "replay")
            and start is not None
            and end is not None
            and start < end
        ):
            found.append(Pass(step, start, end, _without(Range(start, end), later)))
            later = joined(Range(start, end), later)
    return found[::-1]


def _without(whole: Range, taken: Sequence[Range]) -> list[Range]:
    """taken: ascending, apart from one another."""
    left, at = [], whole.start
    for start, end in taken:
        if start >= whole.end:
            break
        if at < start:
            left.append(Range(at, start))
        at = max(at, end)
    return [*left, Range(at, whole.end)] if at < whole.end else left


def joined(one: Range, others: Sequence[Range]) -> list[Range]:
    """All of them, ascending; those that touch become one."""
    apart = [each for each in others if each.end < one.start or one.end < each.start]
    touching = [each for each in others if each not in apart] + [one]
    whole = Range(min(each.start for each in touching), max(each.end for each in touching))
    return sorted([*apart, whole])


@dataclass(frozen=True)
class Times:
    """How often each offset was committed. A replay takes the place of the rows that were there."""

    edges: Sequence[int]
    depths: Sequence[int]

    @classmethod
    def of(cls, found: Sequence[Pass]) -> Times:
        changes: dict[int, int] = {}
        for each in (one for one in found if one.commit.kind == "commit"):
            changes[each.start] = changes.get(each.start, 0) + 1
            changes[each.end] = changes.get(each.end, 0) - 1
        edges, depths, depth = sorted(changes), [], 0
        for edge in edges:
            depth += changes[edge]
            depths.append(depth)
        return cls(edges, depths)

    def at(self, offset: int) -> int:
        place = bisect_right(self.edges, offset) - 1
        return self.depths[place] if place >= 0 else 0


def count_within(offsets: Sequence[int], parts: Sequence[Range]) -> int:
    return sum(bisect_left(offsets, end) - bisect_left(offsets, start) for start, end in parts)


def within(offsets: Sequence[int], part: Range) -> Sequence[int]:
    return offsets[bisect_left(offsets, part.start) : bisect_left(offsets, part.end)]
