"""Records as they pass: after the converters, and after each transform.

Owns what a record is after each stage, and why it went no further. Runs converters and transforms of
its own: no task notices. Must not know how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sinkworker.api import Offset, SinkRecord, TopicPartition
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.decoding import is_of_the_record
from sinkworker.runtime.headers import header_conversion
from sinkworker.runtime.ports import Consumer, RawRecord
from sinkworker.runtime.tolerance import reason

POLL_MS = 500


@dataclass(frozen=True)
class Stage:
    """What a record is after a stage, as it is shown; None: it was left out. problem: it failed."""

    name: str
    shown: object | None
    problem: str | None = None


@dataclass(frozen=True)
class Tapped:
    source: TopicPartition
    raw: RawRecord
    stages: Sequence[Stage]


class Tap:
    """names: of the conversion's steps, in their order."""

    def __init__(
        self, conversion: Conversion, names: Sequence[str], show: Callable[[SinkRecord], object]
    ) -> None:
        self._conversion, self._show = conversion, show
        self._steps = list(zip(names, conversion.steps, strict=True))
        self._headers = header_conversion(conversion.header_converter)

    def tapped(self, source: TopicPartition, raw: RawRecord) -> Tapped:
        return Tapped(source, raw, list(self._stages(source, raw)))

    def _stages(self, source: TopicPartition, raw: RawRecord) -> Iterator[Stage]:
        name = "read"
        try:
            record: SinkRecord | None = self._read(source, raw)
            yield self._stage(name, record)
            for name, apply in self._steps:
                if record is None:
                    return
                record = apply(record)
                yield self._stage(name, record)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            yield Stage(name, None, reason(error))

    def _stage(self, name: str, record: SinkRecord | None) -> Stage:
        return Stage(name, self._show(record) if record is not None else None)

    def _read(self, source: TopicPartition, raw: RawRecord) -> SinkRecord:
        made, headers = self._conversion, raw.headers
        key_schema, key = made.key_converter.decode(source.topic, raw.key, headers)
        value_schema, value = made.value_converter.decode(source.topic, raw.value, headers)
        return SinkRecord(
            *source, raw.offset, raw.timestamp, key, value,
            self._headers(source.topic, headers), key_schema, value_schema,
        )  # fmt: skip


def passing(
    consumer: Consumer, starts: Mapping[TopicPartition, int]
) -> Iterator[tuple[TopicPartition, RawRecord]]:
    """Records from these offsets on, for ever."""
    consumer.poll(0)  # its partitions are now there, and paused
    for source, start in starts.items():
        consumer.seek(source, Offset(start))
    consumer.resume(starts)
    while True:
        for source, fetched in consumer.poll(POLL_MS).fetched.items():
            for raw in fetched.records:
                yield source, raw
