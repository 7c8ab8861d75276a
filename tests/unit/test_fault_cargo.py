"""What the judge of fault rounds holds a table against: hashes, folds, and states at offsets."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.cargo import FOLDS, Cargo, State, decoded, make
from tests.faults.history import NOTHING, PartitionLog
from tests.faults.postgres_checker import wanted

KEYS = st.sampled_from(["a", "b", "c"])
BODIES = st.none() | st.text("xyz", max_size=2)


@st.composite
def sent(draw: st.DrawFn) -> list[Cargo]:
    """Numbered in their order, as a partition holds them."""
    pairs = draw(st.lists(st.tuples(KEYS, BODIES), max_size=30))
    return [Cargo(0, n, key, body) for n, (key, body) in enumerate(pairs)]


def states(table: str, records: list[Cargo]) -> list[State]:
    """After none of them, one, two, …"""
    rows: dict[object, Cargo] = {}
    found = [NOTHING]
    for record in records:
        found.append(FOLDS[table](rows, found[-1], record))
    return found


@given(records=sent())
def test_the_fold_of_upserts_is_what_a_dict_holds(records: list[Cargo]) -> None:
    rows: dict[str, Cargo] = {}
    for record, state in zip(records, states("upserted", records)[1:], strict=True):
        if record.body is None:
            rows.pop(record.k, None)
        else:
            rows[record.k] = record
        assert (state.count, state.hash) == (len(rows), sum(row.hash() for row in rows.values()))


@given(records=sent())
def test_the_fold_of_inserts_is_what_a_list_holds(records: list[Cargo]) -> None:
    total = sum(record.hash() for record in records)
    last = records[-1].n if records else -1
    assert states("inserted", records)[-1] == State(len(records), last, total)


@given(records=sent(), gaps=st.lists(st.integers(1, 3), min_size=30, max_size=30))
def test_the_state_at_an_offset_is_that_of_the_records_before_it(
    records: list[Cargo], gaps: list[int]
) -> None:
    offsets = [n + sum(gaps[: n + 1]) for n in range(len(records))]
    log = PartitionLog(0, 100, offsets, records, states("inserted", records))
    for offset in range(100):
        before = [record for at, record in zip(offsets, records, strict=True) if at < offset]
        assert log.state_at(offset) == states("inserted", before)[-1]


@given(one=sent(), other=sent())
def test_two_tables_that_differ_have_different_states(one: list[Cargo], other: list[Cargo]) -> None:
    a, b = states("inserted", one)[-1], states("inserted", other)[-1]
    assert (a == b) is (one == other)


@pytest.mark.parametrize(
    ("record", "read"),
    [
        (Cargo(1, 7, "1-3", "ü|\n"), Cargo(1, 7, "1-3", "ü|\n")),
        (Cargo(1, 7, "1-3", None), Cargo(1, -1, "1-3", None)),
    ],
    ids=["a record", "a tombstone, which cannot tell its number"],
)
def test_a_record_is_read_as_it_was_sent(record: Cargo, read: Cargo) -> None:
    assert decoded(1, record.k.encode(), record.encoded()) == read


@pytest.mark.parametrize(
    ("grade", "weight", "number"),
    [(None, None, 1), ("A", None, 2), (None, 7, 3), ("A", 7, 4)],
)
def test_a_record_in_avro_names_the_schema_with_just_its_fields_and_is_read_as_it_was_sent(
    grade: str | None, weight: int | None, number: int
) -> None:
    record = Cargo(1, 7, "1-3", "ü|", grade, weight)
    value = record.in_avro()
    assert value is not None
    assert value[:5] == b"\0" + number.to_bytes(4, "big")
    assert decoded(1, b"1-3", value) == record


def test_in_a_table_of_upserts_a_field_that_a_later_record_lacks_is_left_as_it_is() -> None:
    log = PartitionLog(0, 5, [0, 1, 2, 3, 4], [
        Cargo(0, 0, "a", "x", "A"), Cargo(0, 1, "a", "y", None, 7),
        Cargo(0, 2, "b", "x", "A"), Cargo(0, 3, "b", None), Cargo(0, 4, "b", "y"),
    ])  # fmt: skip
    assert wanted(log, 5, "upserted") == [Cargo(0, 1, "a", "y", "A", 7), Cargo(0, 4, "b", "y")]


def test_the_same_dice_make_the_same_records() -> None:
    one, other = (make(Random(5), 0, range(50), keys=4, tombstones=0.3) for _ in range(2))
    assert one == other
    assert [record.n for record in one] == list(range(50))
    assert {record.k for record in one} == {"0-0", "0-1", "0-2", "0-3"}
    assert 0 < sum(record.body is None for record in one) < 50
