"""Partitioners: below which path a record's file lies.

Owns the values of `partitioner.class`. What a field's value looks like in a path is in `escaping.py`,
what a moment looks like in `path_format.py`. Must not know files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from math import gcd
from typing import Any
from uuid import UUID

from connectors.s3.escaping import LONGEST, escaped
from connectors.s3.fields import Field
from connectors.s3.path_format import PathFormat
from connectors.s3.timestamps import EPOCH
from sinkworker.api import DataError, SinkRecord, TopicPartition

MOST_REMEMBERED = 10_000
# Of the 1024 bytes of a key; the other half is for topic, connector and numbers.
LONGEST_VALUES, SHORTEST_SEGMENT = 400, 48
MINUTE_MS = 60_000
# Before, some zones were off by odd seconds: the last of them was Liberia's.
ZONES_KEEP_MINUTES_MS = 63_072_000_000


class Partitioner(ABC):
    """Says the paths of the records of one source partition: no `/` at either end."""

    @abstractmethod
    def paths(self, records: Sequence[SinkRecord], times: Sequence[int]) -> Sequence[str]:
        """times: what the timestamp extractor says of them.

        DataError when a record has no path.
        """


class DefaultPartitioner(Partitioner):
    """`partition=<number>`: Kafka's own partitions."""

    def __init__(self, source: TopicPartition) -> None:
        self._path = f"partition={source.partition}"

    def paths(self, records: Sequence[SinkRecord], times: Sequence[int]) -> Sequence[str]:
        return [self._path] * len(records)


class TimePartitioner(Partitioner):
    """The moment at which a record's share of time began, by the clock of a zone."""

    def __init__(self, path_format: PathFormat, duration_ms: int, zone: tzinfo) -> None:
        self._format, self._duration, self._zone = path_format, duration_ms, zone
        # Within a minute no zone changes its clock, so that the path stays the same.
        self._grain = gcd(duration_ms, MINUTE_MS)
        self._known: dict[int, str] = {}

    def paths(self, records: Sequence[SinkRecord], times: Sequence[int]) -> Sequence[str]:
        grain, known = self._grain, self._known
        try:
            return [known[time // grain] for time in times]
        except KeyError:  # a new minute is among them
            return [known.get(time // grain) or self._path(time) for time in times]

    def _path(self, time: int) -> str:
        try:
            moment = (EPOCH + timedelta(milliseconds=time)).astimezone(self._zone)
            path = self._format(self._start(moment))
        except (OverflowError, ValueError):
            raise DataError("its time is outside the years 1 to 9999") from None
        if time >= ZONES_KEEP_MINUTES_MS:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[time // self._grain] = path
        return path

    def _start(self, moment: datetime) -> datetime:
        """By the local clock: a day begins at its midnight."""
        local = moment.replace(tzinfo=EPOCH.tzinfo, fold=0) - EPOCH
        passed = local % timedelta(milliseconds=self._duration)
        start = moment.replace(tzinfo=None) - passed
        return start.replace(tzinfo=self._zone, fold=moment.fold)


class FieldPartitioner(Partitioner):
    """`<field>=<value>/…`. A field that is missing or null is Hive's default partition."""

    def __init__(self, names: Sequence[str]) -> None:
        longest = max(SHORTEST_SEGMENT, min(LONGEST, LONGEST_VALUES // len(names)))
        self._columns = [_Column(name, longest) for name in names]

    def paths(self, records: Sequence[SinkRecord], times: Sequence[int]) -> Sequence[str]:
        columns = [column.segments(records) for column in self._columns]
        return columns[0] if len(columns) == 1 else list(map("/".join, zip(*columns, strict=True)))


class _Column:
    """One field's segments. The texts that were seen lately are remembered."""

    def __init__(self, name: str, longest: int) -> None:
        self._field, self._start, self._longest = Field(name), f"{escaped(name)}=", longest
        self._known: dict[str, str] = {}

    def segments(self, records: Sequence[SinkRecord]) -> list[str]:
        values, known = self._field.of_all(records), self._known
        if set(map(type, values)) == {str}:
            return [known.get(value) or self._remembered(value) for value in values]
        return [self._segment(self._text(value)) for value in values]

    def _segment(self, text: str) -> str:
        return self._start + escaped(text, self._longest)

    def _remembered(self, text: str) -> str:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        segment = self._known[text] = self._segment(text)
        return segment

    def _text(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime | date):
            return value.isoformat()
        if isinstance(value, str | int | Decimal | UUID):
            return str(value)
        raise DataError(
            f"partition.field.name {self._field.name}: a {type(value).__name__} cannot be a path"
        )


class Nested(Partitioner):
    """One partitioner's path below another's."""

    def __init__(self, *partitioners: Partitioner) -> None:
        self._partitioners = partitioners

    def paths(self, records: Sequence[SinkRecord], times: Sequence[int]) -> Sequence[str]:
        levels = [each.paths(records, times) for each in self._partitioners]
        return list(map("/".join, zip(*levels, strict=True)))
