"""When bad records are too many to be exceptions: a wrong converter must not divert a whole topic.

Owns `errors.deadletterqueue.max.ratio` and `.max.consecutive`, counted for each partition since it
was opened. Pure: must not know what is done about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WINDOW = 1_000


@dataclass(slots=True)
class Tally:
    """Which records of one partition were bad, by their numbers, in whatever order that is learned."""

    _first_by_last: dict[int, int] = field(default_factory=dict)
    _last_by_first: dict[int, int] = field(default_factory=dict)
    _windows: dict[int, list[int]] = field(default_factory=dict)

    def add(self, number: int) -> tuple[range, list[int]]:
        """The run of bad records that this one belongs to; the bad ones of its window, as told."""
        first = self._first_by_last.pop(number - 1, number)
        last = self._last_by_first.pop(number + 1, number)
        self._first_by_last[last], self._last_by_first[first] = first, last
        window = self._windows.setdefault(number // WINDOW, [])
        window.append(number)
        return range(first, last + 1), window

    def forget_before(self, number: int) -> None:
        """Forget what no record from this one on can have to do with."""
        self._windows = {w: bad for w, bad in self._windows.items() if w >= number // WINDOW}
        self._first_by_last = {
            last: first for last, first in self._first_by_last.items() if last >= number - 1
        }
        self._last_by_first = {first: last for last, first in self._first_by_last.items()}


@dataclass(frozen=True, slots=True)
class Breaker:
    """max_ratio: of each window of 1,000 records. max_consecutive: bad records in a row. None: any."""

    max_ratio: float | None = None
    max_consecutive: int | None = None

    @property
    def is_set(self) -> bool:
        return self.max_ratio is not None or self.max_consecutive is not None

    def trips(self, tally: Tally, number: int) -> tuple[int, str] | None:
        """Count one more bad record. When it is one too many: with which record they begin, and a
        clause about them."""
        run, window = tally.add(number)
        if self.max_consecutive is not None and len(run) > self.max_consecutive:
            key = f"errors.deadletterqueue.max.consecutive={self.max_consecutive}"
            return run[0], f"more than {self.max_consecutive} records in a row failed ({key})"
        if self.max_ratio is not None and len(window) > self.max_ratio * WINDOW:
            key = f"errors.deadletterqueue.max.ratio={self.max_ratio:g}"
            return min(window), f"{len(window)} of {WINDOW} records failed ({key})"
        return None
