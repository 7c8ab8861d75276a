"""The open files of one source partition.

Owns when files begin, are full, and are due. One file is open per topic, path
and schema, so that alternating schemas do not make tiny files. Must not know where finished files go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from connectors.s3.budget import Budget
from connectors.s3.layout import Layout
from connectors.s3.open_file import EncodedFile, OpenFile
from connectors.s3.places import Place, Places
from connectors.s3.rotation import Turn, turns
from connectors.s3.spill import Spill
from sinkworker.api import SinkRecord, TopicPartition

Report: TypeAlias = Callable[[TopicPartition, SinkRecord, Exception], object]


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class PartitionWriter:
    """Collects records between two flushes. All calls come from the task's thread."""

    def __init__(
        self, source: TopicPartition, layout: Layout, budget: Budget, report: Report,
        wall: Callable[[], int] = wall_ms,
    ) -> None:  # fmt: skip
        """report: told of each record that cannot be written; what it raises goes through.

        wall: the wall clock, in ms since 1970.
        """
        self._layout, self._budget, self._wall = layout, budget, wall
        self._reject = partial(report, source)
        self._places = Places(source, layout, self._reject)
        self._open: dict[Place, OpenFile] = {}
        self._finished: list[EncodedFile] = []
        self._turn: Turn | None = None
        self._spill: Spill | None = None
        self._is_disk_full = False

    @property
    def is_empty(self) -> bool:
        """Whether no record waits for `finish`."""
        return not self._open and not self._finished

    def put(self, records: Sequence[SinkRecord]) -> None:
        """Take records, in order. Ignored nulls and rejected records leave nothing."""
        wall = self._wall()
        placed = self._places.of(list(records), wall)  # each is looked at several times
        for turn in self._turns(placed.times, wall):
            here = slice(turn.start, turn.stop)
            self._write(placed.records[here], placed.places[here])
        if self._budget.is_tight():
            self._move_to_disk(self._open.values())

    def due(self, now_ms: int, wall_ms: int) -> bool:
        """Whether to flush. Asked after every poll; moves to disk, too, when memory is short.

        now_ms: a monotonic clock. wall_ms: ms since 1970.
        """
        if self._budget.is_tight():
            self._move_to_disk(self._open.values())
        if self._turn is None or self.is_empty:
            return False
        return bool(self._finished) or self._is_disk_full or self._turn.is_over(now_ms, wall_ms)

    def finish(self) -> list[EncodedFile]:
        """Close all files; the writer is empty afterwards, also when this fails."""
        try:
            self._close_all()
            finished, self._finished = self._finished, []
            return finished
        finally:
            self.discard()

    def discard(self) -> None:
        """Forget everything since the last `finish`."""
        for file in self._open.values():
            file.discard()
        for finished in self._finished:
            finished.body.close()
        self._open, self._finished, self._turn = {}, [], None
        self._is_disk_full = False
        if self._spill is not None:
            self._spill.let_go()
            self._spill = None

    def _turns(self, times: Sequence[int], wall: int) -> Iterator[range]:
        """Which records belong to files that may be open together."""
        rotation = self._layout.rotation
        if not times:
            return
        if self._turn is None:
            self._turn = Turn(rotation, wall, times[0])
        if not rotation.interval_ms:
            yield range(len(times))
            return
        for number, turn in enumerate(turns(times, self._turn.base_ms, rotation.interval_ms)):
            if number:
                self._close_all()
                self._turn.base_ms = times[turn.start]
            yield turn

    def _write(self, records: Sequence[SinkRecord], places: Sequence[Place]) -> None:
        if not records:
            return
        if places.count(places[0]) == len(places):
            self._write_to(places[0], records)
            return
        shares: dict[Place, list[SinkRecord]] = {}
        for record, place in zip(records, places, strict=True):
            shares.setdefault(place, []).append(record)
        for place, share in shares.items():
            self._write_to(place, share)

    def _write_to(self, place: Place, records: Sequence[SinkRecord]) -> None:
        """Into one file, or several when it becomes full."""
        rotation = self._layout.rotation
        while records:
            file = self._open.get(place) or self._start(place)
            room = rotation.size - file.count
            file.write(records[:room], self._reject)
            records = records[room:]
            if file.count in (0, rotation.size) or file.size >= rotation.bytes:
                self._close(place)

    def _start(self, place: Place) -> OpenFile:
        format_, schema = self._layout.format, place[2]
        compression = format_.compression(schema) or self._layout.compression
        file = OpenFile(format_.encoder(schema), compression, self._budget)
        self._open[place] = file
        return file

    def _close(self, place: Place) -> None:
        file, (topic, path, _) = self._open[place], place
        if file.count:
            file.seal()
            if self._budget.is_tight():
                self._move_to_disk([file])
            self._finished.append(file.finish(topic, path, self._layout.extension))
        else:
            file.discard()
        del self._open[place]

    def _close_all(self) -> None:
        for place in list(self._open):
            self._close(place)

    def _move_to_disk(self, files: Iterable[OpenFile]) -> None:
        if self._is_disk_full:
            return
        try:
            self._spill = self._spill or Spill()
            for file in files:
                file.spill(self._spill)
        except OSError:  # then the files are flushed early: that frees the memory, too
            self._is_disk_full = True
