"""Which offsets the steps of a ledger cover, and which of them twice or not at all. Pure.

Owns the rule, which is that of the page (`ui/coverage.js`); a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sinkworker.report.steps import Step


class Span(NamedTuple):
    """Offsets of one pass; an operator's rewind begins the next pass."""

    old: int
    new: int
    passed: int


@dataclass
class Run:
    """Commits of one epoch that lie end to end."""

    old: int
    new: int
    epoch: int
    owner: str | None


@dataclass
class Covered:
    """One partition. next: where the next step should begin. miscounted: commits whose counts do not
    add up to the offsets that they went."""

    place: str
    passes: list[list[Run]] = field(default_factory=lambda: [[]])
    gaps: list[Span] = field(default_factory=list)
    overlaps: list[Span] = field(default_factory=list)
    skipped: list[Span] = field(default_factory=list)
    rewinds: int = 0
    miscounted: int = 0
    epoch: int = 0
    next: int | None = None
    low: int | None = None
    high: int | None = None

    @property
    def is_exact(self) -> bool:
        return not (self.gaps or self.overlaps or self.miscounted)

    def add(self, step: Step) -> None:
        if step.kind == "seed" and self.next is None:
            self.next = step.new
        elif step.kind == "claim":
            self._join(step.new if step.new is not None else step.old)
        elif step.kind == "commit" and step.old is not None and step.new is not None:
            self._join(step.old)
            self._cover(step, step.old, step.new)
        elif step.kind == "alter":
            self._move(step.new)
        self.epoch = max(self.epoch, step.epoch)

    def _join(self, begin: int | None) -> None:
        """Where the next step begins is where the last one ended; else there is a hole, or something
        is there twice."""
        if begin is None:
            return
        passed = len(self.passes) - 1
        if self.next is not None and begin > self.next:
            self.gaps.append(Span(self.next, begin, passed))
        elif self.next is not None and begin < self.next:
            self.overlaps.append(Span(begin, self.next, passed))
        self.next = begin

    def _cover(self, step: Step, old: int, new: int) -> None:
        self.miscounted += step.handled != new - old
        runs = self.passes[-1]
        if runs and (runs[-1].epoch, runs[-1].new) == (step.epoch, old):
            runs[-1].new = new
        else:
            runs.append(Run(old, new, step.epoch, step.owner))
        self.low = old if self.low is None else min(self.low, old)
        self._reach(new)
        self.next = new

    def _move(self, new: int | None) -> None:
        if new is None or (self.next is not None and new < self.next):
            self.rewinds += new is not None
            if self.passes[-1]:
                self.passes.append([])
        elif self.next is not None and new > self.next:
            self.skipped.append(Span(self.next, new, len(self.passes) - 1))
            self._reach(new)
        self.next = new

    def _reach(self, offset: int) -> None:
        self.high = offset if self.high is None else max(self.high, offset)


def coverage(steps: Iterable[Step]) -> dict[str, Covered]:
    found: dict[str, Covered] = {}
    for step in steps:
        found.setdefault(step.place, Covered(step.place)).add(step)
    return found


def told(parts: Iterable[Covered]) -> str:
    """In one sentence."""
    all_parts = list(parts)
    gaps, overlaps, skips = (
        sum(len(spans) for spans in each)
        for each in zip(*((p.gaps, p.overlaps, p.skipped) for p in all_parts), strict=True)
    )
    rewinds, miscounted = sum(p.rewinds for p in all_parts), sum(p.miscounted for p in all_parts)
    words = [
        f"{len(all_parts)} partition(s)", _count(gaps, "gap"), _count(overlaps, "overlap"),
        f"{rewinds} rewind(s)",
        *([f"{skips} skip(s) by an operator"] if skips else []),
        *([f"{miscounted} commit(s) whose counts do not add up"] if miscounted else []),
    ]  # fmt: skip
    return f"{', '.join(words)}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}(s)" if number else f"no {word}"
