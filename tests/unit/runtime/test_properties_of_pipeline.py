"""Whatever a batch holds (gaps, bad records, a barrier): all its offsets are accounted for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sinkworker.runtime.assignment import Barrier
from sinkworker.runtime.pipeline import Processed
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import ToleranceMode
from tests.unit.runtime.test_pipeline import dropped, process, raw, refused

KINDS = ("good", "filtered", "bad", "bad key", "refused")
VALUES = {"good": b"a", "filtered": b"drop", "bad": b"bad", "bad key": b"a", "refused": b"refuse"}
MODES = st.sampled_from(ToleranceMode)
ERRANT = {"bad", "bad key", "refused"}


class Batch(tuple[int, int, tuple[tuple[int, str], ...]]):
    """(start, next, ((offset, kind), …))."""

    __slots__ = ()

    @property
    def fetched(self) -> Fetched:
        return self.between(self[0], self[1])

    def between(self, start: int, end: int) -> Fetched:
        """That stretch of it. A record's leader epoch is its offset."""
        raws = [_raw(at, kind) for at, kind in self[2] if start <= at < end]
        return Fetched(start, raws, end, raws[-1].offset if raws else None)

    def offsets(self, *kinds: str, before: int) -> list[int]:
        return [at for at, kind in self[2] if kind in kinds and at < before]


def _raw(offset: int, kind: str) -> object:
    return raw(offset, VALUES[kind], b"bad" if kind == "bad key" else b"k", epoch=offset)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    start = draw(st.integers(0, 50))
    gaps = draw(st.lists(st.integers(0, 3), min_size=1, max_size=12))
    at, records = start, []
    for gap in gaps[1:]:
        records.append((at + gap, draw(st.sampled_from(KINDS))))
        at = records[-1][0] + 1
    return Batch((start, at + gaps[0], tuple(records)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Batch, Barrier | None]:
    """A barrier lies anywhere in the batch, often near its end, or there is none."""
    batch = draw(batches())
    at = draw(st.integers(batch[0], batch[1] + 1) | st.integers(batch[1] - 2, batch[1]) | st.none())
    return batch, None if at is None else Barrier(max(at, batch[0]), "here")


def passed(fetched: Fetched, mode: ToleranceMode, barrier: Barrier | None = None) -> Processed:
    return process(fetched, dropped("drop"), refused("refuse"), mode=mode, barrier=barrier)


@given(case=cases(), mode=MODES)
def test_every_record_before_next_is_counted_once_and_none_behind_it(
    case: tuple[Batch, Barrier | None], mode: ToleranceMode
) -> None:
    batch, barrier = case
    result = passed(batch.fetched, mode, barrier)
    end = result.delivery.next
    assert [record.offset for record in result.records] == batch.offsets("good", before=end)
    assert result.delivery.records == len(result.records)
    assert result.delivery.filtered == len(batch.offsets("filtered", before=end))
    assert [e.offset for e in result.delivery.errant] == batch.offsets(*ERRANT, before=end)


@given(case=cases(), mode=MODES)
def test_nothing_at_or_behind_a_barrier_is_delivered(
    case: tuple[Batch, Barrier | None], mode: ToleranceMode
) -> None:
    batch, barrier = case
    end = passed(batch.fetched, mode, barrier).delivery.next
    assert batch[0] <= end <= min(batch[1], batch[1] if barrier is None else barrier.offset)


@given(case=cases())
def test_with_all_errors_tolerated_the_position_reaches_the_end_or_the_barrier(
    case: tuple[Batch, Barrier | None],
) -> None:
    batch, barrier = case
    result = passed(batch.fetched, ToleranceMode.ALL, barrier)
    assert result.delivery.next == min(batch[1], batch[1] if barrier is None else barrier.offset)
    assert result.barrier is None


@given(case=cases())
def test_with_no_error_tolerated_the_position_stops_before_the_first_bad_record(
    case: tuple[Batch, Barrier | None],
) -> None:
    batch, barrier = case
    end = min(batch[1], batch[1] if barrier is None else barrier.offset)
    bad = batch.offsets(*ERRANT, before=end)
    result = passed(batch.fetched, ToleranceMode.NONE, barrier)
    assert result.delivery.next == (bad[0] if bad else end)
    assert (None if result.barrier is None else result.barrier.offset) == (bad[0] if bad else None)
    assert result.delivery.errant == ()


@given(case=cases(), mode=MODES)
def test_a_leader_epoch_is_that_of_the_last_record_before_the_position(
    case: tuple[Batch, Barrier | None], mode: ToleranceMode
) -> None:
    batch, barrier = case
    delivery = passed(batch.fetched, mode, barrier).delivery
    before = batch.offsets(*KINDS, before=delivery.next)
    assert delivery.leader_epoch == (before[-1] if before else None)


@given(batch=batches(), share=st.floats(0, 1))
def test_however_a_log_is_cut_into_batches_the_same_comes_out(batch: Batch, share: float) -> None:
    middle = batch[0] + int((batch[1] - batch[0]) * share)
    whole = passed(batch.fetched, ToleranceMode.ALL)
    parts = [
        passed(batch.between(start, end), ToleranceMode.ALL)
        for start, end in ((batch[0], middle), (middle, batch[1]))
    ]
    assert parts[0].records + parts[1].records == whole.records
    assert [e.offset for part in parts for e in part.delivery.errant] == [
        e.offset for e in whole.delivery.errant
    ]
    for count in ("records", "filtered", "bytes"):
        assert sum(getattr(p.delivery, count) for p in parts) == getattr(whole.delivery, count)
