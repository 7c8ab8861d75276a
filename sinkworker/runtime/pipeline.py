"""From raw records to sink records: convert, then transform.

Owns the order of the stages and the hot loop. Must not know tasks, consumers or flushes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from inspect import unwrap
from operator import attrgetter
from typing import NamedTuple

from sinkworker.api import (
    Converter,
    ErrantRecord,
    Predicate,
    SinkRecord,
    Stage,
    TopicPartition,
    Transform,
)
from sinkworker.api.records import Columns as RecordColumns
from sinkworker.api.records import Records
from sinkworker.runtime.assignment import Barrier, Delivery
from sinkworker.runtime.decoding import Decoded, decoded, is_of_the_record
from sinkworker.runtime.headers import header_conversion
from sinkworker.runtime.ports import Columns, Fetched, RawRecord, columns
from sinkworker.runtime.tolerance import Tolerance, class_name, sentence
from sinkworker.runtime.traces import let_go

TransformStep = Callable[[SinkRecord], SinkRecord | None]

_offset = attrgetter("offset")


class Processed(NamedTuple):
    """Records for the task, what to write in the book, and a barrier where one record stopped it."""

    records: Sequence[SinkRecord]
    delivery: Delivery
    barrier: Barrier | None


def step(transform: Transform, predicate: Predicate | None, *, negate: bool) -> TransformStep:
    """A transform that applies where its predicate says so."""
    if predicate is None:
        return transform.apply
    test = predicate.test

    def apply(record: SinkRecord) -> SinkRecord | None:
        return transform.apply(record) if test(record) is not negate else record

    return update_wrapper(apply, transform.apply)


def _before(fetched: Fetched, count: int, offset: int) -> Fetched:
    """The first `count` records, up to an offset. Its leader epoch is that of the last of them."""
    records = fetched.records[:count]
    return Fetched(fetched.start, records, offset, records[-1].leader_epoch if records else None)


def _as_decoded(
    source: TopicPartition, fetched: Fetched, of_client: Columns, of_raws: Decoded
) -> Processed:
    """Where nothing is transformed, and nothing can fail any more, records need not be objects."""
    count = len(of_raws.values)
    columns = RecordColumns(
        of_client.offsets, of_client.timestamps, of_raws.keys, of_raws.values, [()] * count,
        of_raws.key_schemas, of_raws.value_schemas,
    )  # fmt: skip
    delivery = Delivery(
        fetched.next, fetched.leader_epoch, count, 0, (), of_raws.size, fetched.records
    )
    return Processed(Records(*source, columns), delivery, None)


def _owner(apply: TransformStep | None) -> object:
    """The transform that a step applies."""
    function = unwrap(apply) if apply is not None else None
    return getattr(function, "__self__", function)


class Pipeline:
    """The converters and transforms of one task."""

    def __init__(
        self,
        key_converter: Converter,
        value_converter: Converter,
        steps: Sequence[TransformStep],
        tolerance: Tolerance,
        header_converter: Converter | None = None,
    ) -> None:
        self._key_converter, self._value_converter = key_converter, value_converter
        self._convert_headers = header_conversion(header_converter)
        self._header_converter = header_converter
        self._steps, self._tolerance = tuple(steps), tolerance
        self._failed_step: TransformStep | None = None

    def process(
        self, source: TopicPartition, fetched: Fetched, barrier: Barrier | None
    ) -> Processed:
        """Everything of `fetched` before the barrier, or before the first record that stops it."""
        if barrier is not None and barrier.offset < fetched.next:
            fetched = _before(fetched, bisect_left(fetched.records, barrier.offset, key=_offset),
                              barrier.offset)  # fmt: skip
        return self._process(source, fetched)

    def _process(self, source: TopicPartition, fetched: Fetched) -> Processed:
        raws, of_client = fetched.records, columns(fetched.records)
        of_raws = decoded(of_client, source.topic, self._key_converter, self._value_converter)
        if not (self._steps or of_raws.undecodable or any(of_client.headers)):
            return _as_decoded(source, fetched, of_client, of_raws)
        records: list[SinkRecord] = []
        errant: list[ErrantRecord] = []
        barrier = None
        done = 0
        while True:
            done, failure = self._convert(source, raws, of_client, of_raws, done, records)
            if failure is None:
                break
            if not self._tolerance.accepts(failure):
                barrier = Barrier(failure.offset, sentence(failure))
                fetched = _before(fetched, done, failure.offset)
                break
            errant.append(failure)
            done += 1
        filtered = done - len(records) - len(errant)
        delivery = Delivery(
            fetched.next, fetched.leader_epoch, len(records), filtered, tuple(errant), of_raws.size,
            fetched.records,
        )  # fmt: skip
        return Processed(records, delivery, barrier)

    def _convert(
        self,
        source: TopicPartition,
        raws: Sequence[RawRecord],
        of_client: Columns,
        of_raws: Decoded,
        done: int,
        records: list[SinkRecord],
    ) -> tuple[int, ErrantRecord | None]:
        """Convert from index `done` on; returns where it stopped, and why.

        The one loop that runs for every record: attribute look-ups and calls are kept out of it.
        """
        topic, partition = source
        steps, convert_headers, append = self._steps, self._convert_headers, records.append
        end, failure = of_raws.failure(done)
        given = (of_client.offsets, of_client.timestamps, of_client.headers, *of_raws[:4])
        parts = [column[done:end] for column in given]
        offset: int | None = None
        try:
            for offset, timestamp, headers, key_schema, key, value_schema, value in zip(
                *parts, strict=True
            ):
                record = SinkRecord(
                    topic, partition, offset, timestamp, key, value,
                    convert_headers(topic, headers) if headers else (), key_schema, value_schema,
                )  # fmt: skip
                if not steps:
                    append(record)
                elif (transformed := self._transform(record)) is not None:
                    append(transformed)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            assert offset is not None
            at = bisect_left(of_client.offsets, offset)
            return at, self._errant(source, raws[at], error)
        return end, None if failure is None else self._errant(source, raws[end], failure)

    def _transform(self, record: SinkRecord) -> SinkRecord | None:
        apply = None
        try:
            for apply in self._steps:
                transformed = apply(record)
                if transformed is None:
                    return None
                record = transformed
        except Exception:
            self._failed_step = apply
            raise
        return record

    def _errant(self, source: TopicPartition, raw: RawRecord, error: Exception) -> ErrantRecord:
        let_go(error)
        stage, executing = self._stage(source, raw)
        return ErrantRecord(
            source, raw.offset, stage, error, raw.timestamp, raw.key, raw.value, raw.headers,
            class_name(executing),
        )  # fmt: skip

    def _stage(self, source: TopicPartition, raw: RawRecord) -> tuple[Stage, object]:
        """Which stage failed, and whose. Tried again here, so that the hot loop need not keep track."""
        topic, headers = source.topic, raw.headers
        key, value = self._key_converter, self._value_converter
        stages = (
            (Stage.KEY_CONVERTER, key, partial(key.decode, topic, raw.key, headers)),
            (Stage.VALUE_CONVERTER, value, partial(value.decode, topic, raw.value, headers)),
            (
                Stage.HEADER_CONVERTER,
                self._header_converter,
                partial(self._convert_headers, topic, headers),
            ),
        )
        for stage, converter, convert in stages:
            try:
                convert()
            except Exception:
                return stage, converter
        return Stage.TRANSFORMATION, _owner(self._failed_step)
