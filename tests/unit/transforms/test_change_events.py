"""ExtractNewRecordState on what Debezium's own cannot read: change events without a schema."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import DataError, SinkRecord
from sinkworker.transforms.extract_new_record_state import (
    ExtractNewRecordState,
    ExtractNewRecordStateConfig,
)

OLD, NEW = {"id": 1, "name": "old"}, {"id": 1, "name": "new"}
SOURCE = {"db": "shop", "ts_ms": 7}


def event(op: str, before: Any, after: Any) -> dict[str, Any]:
    return {"op": op, "before": before, "after": after, "source": SOURCE, "ts_ms": 9}


def applied(value: Any, key: Any = None, headers: Any = (), **config: Any) -> SinkRecord | None:
    transform = ExtractNewRecordState(ExtractNewRecordStateConfig(**config))
    return transform.apply(SinkRecord("shop.t", 3, 42, 0, key, value, headers))


def row(value: Any, **config: Any) -> Any:
    record = applied(value, **config)
    assert record is not None
    return record.value


def test_inserts_and_updates_become_the_new_row() -> None:
    assert row(event("c", None, NEW)) == NEW
    assert row(event("u", OLD, NEW)) == NEW


@pytest.mark.parametrize("mode", ["tombstone", "delete-to-tombstone"])
def test_a_delete_becomes_a_null(mode: Any) -> None:
    record = applied(event("d", OLD, None), delete_tombstone_handling_mode=mode)
    assert record is not None
    assert (record.value, record.offset) == (None, 42)


def test_a_delete_is_dropped_on_demand() -> None:
    assert applied(event("d", OLD, None), delete_tombstone_handling_mode="drop") is None


def test_rewritten_rows_say_whether_they_are_deleted() -> None:
    rewrite = {"delete_tombstone_handling_mode": "rewrite"}
    assert row(event("d", OLD, None), **rewrite) == OLD | {"__deleted": "true"}
    assert row(event("u", OLD, NEW), **rewrite) == NEW | {"__deleted": "false"}


def test_fields_of_the_event_are_added_where_it_has_them() -> None:
    fields = ("op", "source.ts_ms:changed", "db", "lsn", "ts_ms")
    assert row(event("u", OLD, NEW), add_fields=fields) == NEW | {
        "__op": "u", "__changed": 7, "__db": "shop", "__ts_ms": 9,
    }  # fmt: skip


def test_headers_are_added_also_to_tombstones() -> None:
    record = applied(event("u", OLD, NEW), headers=[("h", 1)], add_headers=("op", "db"))
    assert record is not None
    assert record.headers == [("h", 1), ("__op", "u"), ("__db", "shop")]
    mode: Any = "rewrite-with-tombstone"
    tombstone = applied(None, add_headers=("op", "db"), delete_tombstone_handling_mode=mode)
    assert tombstone is not None
    assert tombstone.headers == [("__op", "d")]


def test_debeziums_own_tombstones_are_dropped_as_the_delete_before_was_one() -> None:
    assert applied(None) is None


def test_a_truncate_is_dropped() -> None:
    assert applied(event("t", None, None)) is None


@pytest.mark.parametrize("value", ["text", {"op": "x"}, {"before": 1}, [1], 0])
def test_what_is_no_change_event_passes(value: Any) -> None:
    assert row(value) == value


def test_rows_are_routed_by_one_of_their_fields() -> None:
    record = applied(event("u", OLD, NEW), route_by_field="name")
    assert record is not None
    assert (record.topic, record.partition, record.offset) == ("new", 3, 42)
    with pytest.raises(DataError) as caught:
        applied(event("u", OLD, NEW), route_by_field="id")
    assert str(caught.value) == (
        "ExtractNewRecordState: the field id is no text, and cannot be a topic"
    )


def test_a_header_lists_fields_to_drop_also_of_the_key() -> None:
    record = applied(
        event("u", OLD, NEW), key={"id": 1, "name": "k"}, headers=[("drop", ["name"])],
        drop_fields_header_name="drop", drop_fields_from_key=True,
    )  # fmt: skip
    assert record is not None
    assert (record.key, record.value) == ({"id": 1}, {"id": 1})


def test_a_row_that_is_no_object_is_refused_without_showing_it() -> None:
    with pytest.raises(DataError) as caught:
        applied(event("c", None, "secret"))
    assert str(caught.value) == (
        "ExtractNewRecordState needs an object without a schema, not a string"
    )
