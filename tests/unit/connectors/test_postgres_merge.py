"""Many records of one key → its row: the same as if they had been applied one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.postgres.batch import Batch
from connectors.postgres.merge import Merged, merge
from connectors.postgres.reader import DeletedKey, Values

KEY = ("id", "part")
Rows = dict[tuple[Any, ...], Values]

keys = st.fixed_dictionaries({"id": st.integers(0, 2), "part": st.sampled_from("ab")})
fields = st.dictionaries(st.sampled_from(["x", "y", "z"]), st.integers(0, 9) | st.none())
writes = st.builds(lambda key, rest: {**rest, **key}, keys, fields)
deletes = st.builds(DeletedKey, keys)
logs = st.lists(writes | deletes, max_size=30)
tables = st.lists(writes, max_size=6)


def key_of(values: Values) -> tuple[Any, ...]:
    return tuple(values[column] for column in KEY)


def batch_of(log: Sequence[Values]) -> Batch:
    return Batch(values=list(log))


def one_by_one(rows: Rows, log: Sequence[Values]) -> Rows:
    """What Kafka's order of the records means."""
    rows = dict(rows)
    for values in log:
        key = key_of(values)
        if isinstance(values, DeletedKey):
            rows.pop(key, None)
        else:
            rows[key] = {**rows.get(key, {}), **values}
    return rows


def at_once(rows: Rows, merged: Sequence[Merged]) -> Rows:
    """What the writer does with the result: all deletes, then all writes."""
    rows = dict(rows)
    for each in merged:
        if each.is_deleted:
            rows.pop(key_of(each.key), None)
    for each in merged:
        if each.values is not None:
            key = key_of(each.key)
            rows[key] = {**rows.get(key, {}), **each.values}
    return rows


@given(tables, logs)
def test_applying_the_merged_records_equals_applying_them_one_by_one(
    existing: list[Values], log: list[Values]
) -> None:
    rows = one_by_one({}, existing)
    assert at_once(rows, merge(batch_of(log), list(map(key_of, log)))) == one_by_one(rows, log)


@given(logs)
def test_every_key_comes_once_in_the_order_of_its_first_record(log: list[Values]) -> None:
    assert [key_of(each.key) for each in merge(batch_of(log), list(map(key_of, log)))] == list(
        dict.fromkeys(map(key_of, log))
    )


@given(logs)
def test_the_members_are_the_records_that_the_row_is_made_of(log: list[Values]) -> None:
    """Among them the culprit is looked for when the row is rejected."""
    for each in merge(batch_of(log), list(map(key_of, log))):
        since_delete = [log[index] for index in each.members]
        assert [index for index, values in enumerate(log) if key_of(values) == key_of(each.key)][
            -len(each.members) :
        ] == each.members
        assert at_once({}, [each]) == one_by_one({}, since_delete)


@given(logs)
def test_merging_does_not_change_the_records(log: list[Values]) -> None:
    before = [dict(values) for values in log]
    merge(batch_of(log), list(map(key_of, log)))
    assert log == before


def test_a_key_that_is_deleted_and_written_again_is_both() -> None:
    log = [{"id": 1, "x": 1, "y": 1}, DeletedKey(id=1), {"id": 1, "y": 2}]
    (merged,) = merge(batch_of(log), [1, 1, 1])
    assert (merged.is_deleted, merged.values, merged.members) == (True, {"id": 1, "y": 2}, [1, 2])
