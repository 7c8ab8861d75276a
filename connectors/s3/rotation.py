"""When files are due: by their size, by the records' time, by the wall clock.

Owns the arithmetic of `flush.size`, `flush.bytes`, `rotate.interval.ms` and
`rotate.schedule.interval.ms`. Must not know files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rotation:
    """size: records of one file. bytes: of one file, about. 0: no such limit.

    interval_ms: how much time, of the records or passing, one set of files may cover.
    schedule_ms: rotate when the wall clock of `zone` shows a multiple of it, counted from midnight.
    """

    size: int
    bytes: int
    interval_ms: int
    schedule_ms: int
    zone: tzinfo

    def next_scheduled(self, wall_ms: int) -> int | None:
        """The next multiple of schedule_ms after midnight, in ms since 1970."""
        if not self.schedule_ms:
            return None
        now = (EPOCH + timedelta(milliseconds=wall_ms)).astimezone(self.zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        passed = (now.astimezone(UTC) - midnight.astimezone(UTC)) // timedelta(milliseconds=1)
        return wall_ms + self.schedule_ms - passed % self.schedule_ms


class Turn:
    """The time during which one set of files is open."""

    def __init__(self, rotation: Rotation, wall_ms: int, base_ms: int) -> None:
        """base_ms: the first record's time."""
        self._interval_ms, self.base_ms = rotation.interval_ms, base_ms
        self._scheduled_end = rotation.next_scheduled(wall_ms)
        self._seen_ms: int | None = None

    def is_over(self, now_ms: int, wall_ms: int) -> bool:
        """Also when no more records come: since it was first asked, the interval has passed."""
        self._seen_ms = now_ms if self._seen_ms is None else self._seen_ms
        if self._scheduled_end is not None and wall_ms >= self._scheduled_end:
            return True
        return 0 < self._interval_ms <= now_ms - self._seen_ms


def turns(times: Sequence[int], base_ms: int, interval_ms: int) -> Iterator[range]:
    """Cut records where their time is an interval or more behind the first of their turn.

    The first range may be empty: then not even the first record belongs to the turn of base_ms.
    """
    start, limit = 0, base_ms + interval_ms
    if max(times) >= limit:
        for index, time in enumerate(times):
            if time >= limit:
                yield range(start, index)
                start, limit = index, time + interval_ms
    yield range(start, len(times))
