"""From raw records to sink records: stages and their order, filtering, errant records, the cut."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkworker.api import (
    ConfigModel,
    ConnectError,
    Converter,
    DataError,
    Header,
    Predicate,
    RetriableError,
    Schema,
    SinkRecord,
    Stage,
    Transform,
)
from sinkworker.runtime.assignment import Barrier
from sinkworker.runtime.pipeline import Pipeline, Processed, TransformStep, step
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import ToleranceMode
from sinkworker.testing.broker import LogRecord
from tests.unit.runtime.builders import P0, tolerance


class Words(Converter):
    """Text; `bad` can never be converted, and at `down` an outside service is not there."""

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        if data == b"bad":
            raise DataError("bad bytes")
        if data == b"down":
            raise RetriableError("the registry does not answer")
        if data == b"locked":
            raise ConnectError("the registry answered 403")
        return {"type": "string", "topic": topic}, None if data is None else data.decode()


class Apply(Transform):
    def __init__(self, change: Callable[[SinkRecord], SinkRecord | None]) -> None:
        super().__init__(ConfigModel())
        self._change = change

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        return self._change(record)


class ValueIs(Predicate):
    def __init__(self, value: str) -> None:
        super().__init__(ConfigModel())
        self._value = value

    def test(self, record: SinkRecord) -> bool:
        return bool(record.value == self._value)


def appended(text: str) -> Apply:
    return Apply(lambda record: replace(record, value=f"{record.value}{text}"))


def dropped(value: str) -> TransformStep:
    return lambda record: None if record.value == value else record


def refused(value: str) -> TransformStep:
    def apply(record: SinkRecord) -> SinkRecord:
        if record.value == value:
            raise KeyError("no such field")
        return record

    return apply


def raw(offset: int, value: bytes | None, key: bytes | None = b"k", epoch: int = 0) -> LogRecord:
    return LogRecord(offset, 1_000 + offset, key, value, [("h", b"1")], epoch)


def fetched(start: int, *values: bytes, next_offset: int | None = None) -> Fetched:
    """Records at consecutive offsets, each with its offset as its leader epoch."""
    records = [raw(start + n, value, epoch=start + n) for n, value in enumerate(values)]
    end = start + len(values)
    return Fetched(start, records, end if next_offset is None else next_offset, end - 1)


def process(
    batch: Fetched,
    *steps: TransformStep,
    mode: ToleranceMode = ToleranceMode.NONE,
    barrier: Barrier | None = None,
) -> Processed:
    key, value = Words(ConfigModel(), is_key=True), Words(ConfigModel(), is_key=False)
    return Pipeline(key, value, steps, tolerance(mode)).process(P0, batch, barrier)


def values(processed: Processed) -> list[Any]:
    return [record.value for record in processed.records]


def test_a_record_reaches_the_sink_with_all_that_it_was_read_with() -> None:
    processed = process(fetched(7, b"a"))
    schema = {"type": "string", "topic": "alerts"}
    assert processed.records == [
        SinkRecord("alerts", 0, 7, 1_007, "k", "a", [("h", b"1")], schema, schema)
    ]


def test_transforms_apply_in_their_order_after_the_converters() -> None:
    steps = [step(appended(text), None, negate=False) for text in "12"]
    assert values(process(fetched(0, b"a"), *steps)) == ["a12"]


@pytest.mark.parametrize(("negate", "expected"), [(False, ["a!", "b"]), (True, ["a", "b!"])])
def test_a_transform_applies_where_its_predicate_says_so(negate: bool, expected: list[str]) -> None:
    assert values(process(fetched(0, b"a", b"b"),
                          step(appended("!"), ValueIs("a"), negate=negate))) == expected  # fmt: skip


def test_a_filtered_record_is_counted_and_meets_no_later_transform() -> None:
    processed = process(fetched(0, b"a", b"b", b"c"), dropped("b"), refused("b"))
    assert values(processed) == ["a", "c"]
    assert (processed.delivery.records, processed.delivery.filtered) == (2, 1)
    assert (processed.delivery.next, processed.barrier) == (3, None)


def test_a_renamed_topic_leaves_offset_and_timestamp_as_they_were_read() -> None:
    rename = Apply(lambda record: replace(record, topic="other", partition=9))
    (record,) = process(fetched(5, b"a"), step(rename, None, negate=False)).records
    assert (record.topic, record.partition, record.offset, record.timestamp) == (
        "other", 9, 5, 1_005
    )  # fmt: skip


def test_null_keys_and_values_are_converted_and_have_no_size() -> None:
    processed = process(Fetched(0, [raw(0, None, key=None)], 1))
    assert values(processed) == [None]
    assert processed.delivery.bytes == 0


def test_the_size_is_that_of_keys_and_values() -> None:
    assert process(fetched(0, b"abc", b"de")).delivery.bytes == 3 + 1 + 2 + 1


def test_offsets_without_records_move_the_position() -> None:
    delivery = process(Fetched(3, [], 9, 4)).delivery
    assert (delivery.next, delivery.leader_epoch, delivery.records) == (9, 4, 0)


# errant records


@pytest.mark.parametrize(
    ("record", "stage", "error"),
    [
        (raw(1, b"v", key=b"bad"), Stage.KEY_CONVERTER, DataError),
        (raw(1, b"bad"), Stage.VALUE_CONVERTER, DataError),
        (raw(1, b"worse"), Stage.TRANSFORMATION, KeyError),
    ],
    ids=lambda value: value.value if isinstance(value, Stage) else None,
)
def test_an_errant_record_is_told_with_its_stage_and_original_bytes(
    record: LogRecord, stage: Stage, error: type[Exception]
) -> None:
    processed = process(Fetched(1, [record], 2), refused("worse"), mode=ToleranceMode.ALL)
    (errant,) = processed.delivery.errant
    assert (errant.source, errant.offset, errant.stage) == (P0, 1, stage)
    assert type(errant.error) is error
    assert (errant.key, errant.value, errant.headers, errant.timestamp) == (
        record.key, record.value, record.headers, 1_001,
    )  # fmt: skip


def test_an_errant_record_keeps_no_batch_in_memory() -> None:
    batch = fetched(0, b"bad", b"a", b"worse")
    processed = process(batch, refused("worse"), mode=ToleranceMode.ALL)
    for errant in processed.delivery.errant:
        assert errant.error.__context__ is None
        held = [frame.f_locals for frame, _ in traceback.walk_tb(errant.error.__traceback__)]
        assert not any(held)


class Picky(Apply):
    """A transform that fails at `worse`."""

    def __init__(self) -> None:
        super().__init__(refused("worse"))


@pytest.mark.parametrize("predicate", [None, ValueIs("worse")])
def test_an_errant_record_is_told_with_the_class_that_failed(predicate: Predicate | None) -> None:
    steps = [step(appended(""), None, negate=False), step(Picky(), predicate, negate=False)]
    processed = process(fetched(0, b"bad", b"worse"), *steps, mode=ToleranceMode.ALL)
    assert [errant.executing_class for errant in processed.delivery.errant] == [
        f"{__name__}.Words", f"{__name__}.Picky",
    ]  # fmt: skip


def test_tolerated_the_batch_goes_on_without_the_errant_records() -> None:
    processed = process(fetched(0, b"bad", b"a", b"bad", b"bad", b"b"), mode=ToleranceMode.ALL)
    assert values(processed) == ["a", "b"]
    assert [errant.offset for errant in processed.delivery.errant] == [0, 2, 3]
    assert (processed.delivery.next, processed.barrier) == (5, None)


def test_not_tolerated_the_batch_ends_before_the_errant_record() -> None:
    processed = process(fetched(4, b"a", b"b", b"bad", b"c", next_offset=20))
    assert values(processed) == ["a", "b"]
    assert processed.delivery.next == 6
    assert processed.barrier == Barrier(6, "alerts-0 offset 6 failed in VALUE_CONVERTER: bad bytes")


def test_gaps_before_the_errant_record_are_passed() -> None:
    batch = Fetched(0, [raw(2, b"a"), raw(7, b"bad"), raw(9, b"c")], 10)
    assert process(batch).delivery.next == 7


def test_the_leader_epoch_after_a_cut_is_that_of_the_last_record_before_it() -> None:
    assert process(fetched(4, b"a", b"b", b"bad")).delivery.leader_epoch == 5


def test_a_batch_whose_first_record_is_errant_delivers_nothing() -> None:
    delivery = process(fetched(4, b"bad", b"a")).delivery
    assert (delivery.next, delivery.leader_epoch, delivery.records) == (4, None, 0)


def test_an_outside_service_that_is_down_is_no_data_error() -> None:
    with pytest.raises(RetriableError, match="the registry does not answer"):
        process(fetched(0, b"a", b"down"), mode=ToleranceMode.ALL)


@pytest.mark.parametrize("stage", ["converter", "transform"])
def test_a_right_that_the_worker_lacks_is_no_records_fault_and_never_tolerated(stage: str) -> None:
    def refuse(record: SinkRecord) -> SinkRecord:
        raise ConnectError("the registry answered 403")

    value, steps = (b"locked", ()) if stage == "converter" else (b"a", (refuse,))
    with pytest.raises(ConnectError, match="the registry answered 403"):
        process(fetched(0, b"b", value), *steps, mode=ToleranceMode.ALL)


# barriers


@pytest.mark.parametrize(
    ("barrier", "expected", "next_offset"),
    [(4, [], 4), (5, ["a"], 5), (6, ["a", "b"], 6), (8, ["a", "b", "c"], 8), (9, ["a", "b", "c"], 9),
     (99, ["a", "b", "c"], 9)],
)  # fmt: skip
def test_nothing_at_or_past_a_barrier_is_delivered(
    barrier: int, expected: list[str], next_offset: int
) -> None:
    processed = process(fetched(4, b"a", b"b", b"c", next_offset=9), barrier=Barrier(barrier, "b"))
    assert values(processed) == expected
    assert processed.delivery.next == next_offset


def test_a_record_behind_the_barrier_is_not_even_converted() -> None:
    processed = process(fetched(0, b"a", b"bad"), barrier=Barrier(1, "known"))
    assert processed.barrier is None


KINDS = {"good": b"a", "filtered": b"drop", "bad value": b"bad", "bad transform": b"worse"}


@given(
    st.lists(st.tuples(st.sampled_from([*KINDS, "bad key"]), st.integers(0, 3))),
    st.integers(0, 3),
    st.sampled_from(ToleranceMode),
)
def test_whatever_comes_the_positions_add_up(
    script: list[tuple[str, int]], tail: int, mode: ToleranceMode
) -> None:
    """script: the kind of each record, and how many offsets without a record come before it."""
    records, offset = [], 10
    for kind, gap in script:
        key = b"bad" if kind == "bad key" else b"k"
        records.append(raw(offset + gap, KINDS.get(kind, b"a"), key=key))
        offset += gap + 1
    batch = Fetched(10, records, offset + tail)
    processed = process(batch, dropped("drop"), refused("worse"), mode=mode)
    delivery, kinds = processed.delivery, [kind for kind, _ in script]
    first_bad = next((n for n, kind in enumerate(kinds) if kind.startswith("bad")), None)
    if mode is ToleranceMode.NONE and first_bad is not None:
        assert processed.barrier is not None
        assert delivery.next == processed.barrier.offset == records[first_bad].offset
        kinds = kinds[:first_bad]
    else:
        assert delivery.next == batch.next
    assert delivery.records == len(processed.records) == kinds.count("good")
    assert delivery.filtered == kinds.count("filtered")
    assert len(delivery.errant) == len(kinds) - delivery.records - delivery.filtered
    good = [r.offset for r, kind in zip(records, kinds, strict=False) if kind == "good"]
    assert [record.offset for record in processed.records] == good
