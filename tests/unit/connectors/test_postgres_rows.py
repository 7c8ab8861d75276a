"""Records → column values → rows: which columns a record fills, by `pk.mode` and by its shape."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.encoders import UnfitValueError
from connectors.postgres.reader import DeletedKey, LeftOutError, RecordReader
from connectors.postgres.rows import MOST_SHAPES, Plans, UnknownFieldsError
from connectors.postgres.tables import Column, Table
from sinkworker.api import DataError, SinkRecord, TopicPartition

SOURCE = TopicPartition("alerts", 3)


def reader(**settings: Any) -> RecordReader:
    return RecordReader(PostgresSinkConfig(connection_url="postgresql://db/factory", **settings))


def record(value: Any, key: Any = None, offset: int = 7) -> SinkRecord:
    return SinkRecord("renamed", 0, offset, None, key, value)


def table(*columns: str, defaults: tuple[str, ...] = (), kind: str = "plain") -> Table:
    return Table(
        "alerts",
        {name: Column(name, "any", kind, False, name in defaults) for name in columns},
    )


def test_shapes_that_were_seen_long_ago_are_forgotten() -> None:
    """There may be as many as subsets of the fields."""
    plans = Plans(table(*(f"f{i}" for i in range(MOST_SHAPES + 1))))
    first = plans.plan({"f0": 1})
    assert plans.plan({"f0": 2}) is first
    for i in range(1, MOST_SHAPES + 1):
        plans.plan({f"f{i}": 1})
    assert plans.plan({"f0": 3}) is not first


KEYED = {"pk_mode": "record_key", "insert_mode": "upsert", "delete_enabled": True}


@pytest.mark.parametrize(
    ("settings", "key", "expected"),
    [
        ({}, "ignored", {"id": 1, "level": "Major"}),
        ({"fields_include": "level"}, None, {"level": "Major"}),
        ({"fields_include": "nothing"}, None, {}),
        (
            {"pk_mode": "record_value", "pk_fields": "id", "fields_include": "level"},
            None,
            {"id": 1, "level": "Major"},
        ),
        (
            {"pk_mode": "kafka"},
            None,
            {"id": 1, "level": "Major", "__connect_topic": "alerts", "__connect_partition": 3,
             "__connect_offset": 7},
        ),
        (
            {"pk_mode": "kafka", "pk_fields": "t,p,o", "fields_include": "id"},
            None,
            {"id": 1, "t": "alerts", "p": 3, "o": 7},
        ),
        ({"pk_mode": "record_key", "pk_fields": "key"}, "k",
         {"id": 1, "level": "Major", "key": "k"}),
        ({"pk_mode": "record_key", "pk_fields": "id"}, 9, {"id": 9, "level": "Major"}),
        ({"pk_mode": "record_key"}, {"a": 1, "b": 2}, {"id": 1, "level": "Major", "a": 1, "b": 2}),
        ({"pk_mode": "record_key", "pk_fields": "b"}, {"a": 1, "b": 2},
         {"id": 1, "level": "Major", "b": 2}),
        ({"value_column": "doc"}, None, {"doc": {"id": 1, "level": "Major"}}),
        ({"value_column": "doc", "pk_mode": "record_key", "pk_fields": "key"}, "k",
         {"doc": {"id": 1, "level": "Major"}, "key": "k"}),
        ({"value_column": "doc", "pk_mode": "record_value", "pk_fields": "id"}, None,
         {"id": 1, "doc": {"id": 1, "level": "Major"}}),
        ({"value_column": "doc", "pk_mode": "kafka", "pk_fields": "t,p,o"}, None,
         {"doc": {"id": 1, "level": "Major"}, "t": "alerts", "p": 3, "o": 7}),
    ],
)  # fmt: skip
def test_a_record_fills_the_columns_of_its_value_and_of_its_key(
    settings: dict[str, Any], key: Any, expected: dict[str, Any]
) -> None:
    """Kafka's columns say where it was read, whatever a transform renamed."""
    chosen, one = reader(**settings), record({"id": 1, "level": "Major"}, key)
    assert chosen.values(SOURCE, one) == expected
    assert chosen.values_of_all(SOURCE, [one, one]) == [expected, expected]


def test_the_value_of_a_record_is_not_changed() -> None:
    value = {"id": 1}
    reader(pk_mode="kafka").values(SOURCE, record(value))
    assert value == {"id": 1}


NULL_VALUE = (
    "its value is null: set delete.enabled=true (with pk.mode=record_key and upsert) to delete the row "
    "of its key, or leave it out with behavior.on.null.values=ignore or a Filter with "
    "RecordIsTombstone"
)
NO_SCHEMA = "; set value.converter=JsonConverter and value.converter.schemas.enable=false"


@pytest.mark.parametrize(
    ("settings", "key", "value", "sentence"),
    [
        ({}, None, None, NULL_VALUE),
        ({}, None, "text", f"its value is no object but str, and a row needs fields{NO_SCHEMA}"),
        ({}, None, b"text",
         f"its value is no object but bytes, and a row needs fields{NO_SCHEMA}"),
        ({}, None, [1], "its value is no object but list, and a row needs fields"),
        ({}, None, 1, "its value is no object but int, and a row needs fields"),
        ({"pk_mode": "record_key"}, None, {},
         "its key is null, and pk.mode=record_key makes the primary key of it"),
        (KEYED, None, None, "its key is null, and pk.mode=record_key makes the primary key of it"),
        ({"pk_mode": "record_key"}, 1, {},
         "its key is a single value: pk.fields must name exactly one column"),
        ({"pk_mode": "record_key", "pk_fields": "a,b"}, 1, {},
         "its key is a single value: pk.fields must name exactly one column"),
        ({"pk_mode": "record_key", "pk_fields": "a"}, {"b": 1}, {},
         "the field a of its key is null or missing, and it is part of the key"),
        ({"pk_mode": "record_key"}, {"a": None}, {},
         "the field a of its key is null or missing, and it is part of the key"),
        ({"pk_mode": "record_key"}, {"a": {"b": 1}}, {},
         "the field a of its key is no single value, and it is part of the key"),
        ({"pk_mode": "record_key", "pk_fields": "a"}, [1], {},
         "the field a of its key is no single value, and it is part of the key"),
        ({"pk_mode": "record_value", "pk_fields": "id"}, None, {"level": 1},
         "the field id of its value is null or missing, and it is part of the key"),
        ({"pk_mode": "record_value", "pk_fields": "id"}, None, {"id": [1]},
         "the field id of its value is no single value, and it is part of the key"),
    ],
)  # fmt: skip
def test_a_record_that_makes_no_row_is_told_why(
    settings: dict[str, Any], key: Any, value: Any, sentence: str
) -> None:
    good = record({"id": 1}, {"a": 1})
    chosen = reader(**settings)
    with pytest.raises(DataError) as refused:
        chosen.values(SOURCE, record(value, key))
    assert str(refused.value) == sentence
    assert chosen.values_of_all(SOURCE, [good, record(value, key)]) is None


def test_a_null_value_may_be_left_out() -> None:
    with pytest.raises(LeftOutError):
        reader(behavior_on_null_values="ignore").values(SOURCE, record(None, 1))


def test_a_null_value_deletes_where_deletes_are_enabled_whatever_else_is_set() -> None:
    chosen = reader(**KEYED, pk_fields="id", behavior_on_null_values="ignore", value_column="doc")
    assert chosen.values(SOURCE, record(None, 1)) == DeletedKey(id=1)


@pytest.mark.parametrize(
    ("policy", "text"), [("fail", "a\0b"), ("strip", "ab"), ("replace", "a\ufffdb")]
)
def test_nul_is_left_taken_out_or_replaced_wherever_it_stands(policy: str, text: str) -> None:
    """Bytes may hold it. A field's name with NUL stays what it is, a bad one."""
    chosen = reader(text_nul=policy, **KEYED, pk_fields="id")
    value = {"t": "a\0b", "deep": [{"x": "a\0b"}], "b": b"a\0b", "n\0": 1}
    expected = {"t": text, "deep": [{"x": text}], "b": b"a\0b", "n\0": 1, "id": text}
    assert chosen.values(SOURCE, record(value, "a\0b")) == expected
    assert chosen.values_of_all(SOURCE, [record(value, "a\0b")]) == [expected]
    deleted = chosen.values(SOURCE, record(None, "a\0b"))
    assert (type(deleted), deleted) == (DeletedKey, {"id": text})


def test_nul_is_taken_out_of_values_without_a_key_too() -> None:
    assert reader(text_nul="strip").values_of_all(SOURCE, [record({"a": "\0"})]) == [{"a": ""}]


@pytest.mark.parametrize("value", ["text", b"bytes", 1, [1, {"a": 2}], True])
def test_a_whole_value_need_not_be_an_object(value: Any) -> None:
    assert reader(value_column="doc").values(SOURCE, record(value)) == {"doc": value}


def test_a_whole_value_that_is_no_object_has_no_key_in_it() -> None:
    chosen = reader(value_column="doc", pk_mode="record_value", pk_fields="id")
    with pytest.raises(DataError) as refused:
        chosen.values(SOURCE, record([1]))
    assert str(refused.value) == "its value is no object but list, and a row needs fields"


def test_a_tombstone_is_the_key_of_what_is_deleted() -> None:
    values = reader(**KEYED, pk_fields="id").values(SOURCE, record(None, {"id": 1, "other": 2}))
    assert type(values) is DeletedKey
    assert values == {"id": 1}


@pytest.mark.parametrize(
    ("settings", "key", "columns"),
    [
        ({}, None, ()),
        ({"pk_mode": "kafka"}, None,
         ("__connect_topic", "__connect_partition", "__connect_offset")),
        ({"pk_mode": "kafka", "pk_fields": "t,p,o"}, None, ("t", "p", "o")),
        ({"pk_mode": "record_key"}, {"b": 2, "a": 1}, ("b", "a")),
        ({"pk_mode": "record_key", "pk_fields": "id"}, 1, ("id",)),
        ({"pk_mode": "record_value", "pk_fields": "b,a"}, None, ("b", "a")),
    ],
)  # fmt: skip
def test_the_primary_keys_columns_follow_the_mode(
    settings: dict[str, Any], key: Any, columns: tuple[str, ...]
) -> None:
    assert reader(**settings).key_columns(record({}, key)) == columns


# rows


def rows(of: Table, *values: dict[str, Any]) -> list[tuple[tuple[str, ...], list[list[Any]]]]:
    plans = Plans(of)
    runs = plans.runs([plans.plan(each) for each in values], list(values))
    return [(columns, [list(pick(each)) for each in run]) for columns, pick, run in runs]


def test_records_of_one_shape_are_one_stretch() -> None:
    assert rows(table("a", "b"), {"b": 1, "a": 2}, {"b": 3, "a": 4}) == [
        (("b", "a"), [[1, 2], [3, 4]])
    ]


def test_fields_in_another_order_land_in_their_columns() -> None:
    assert rows(table("a", "b"), {"a": 1, "b": 2}, {"b": 3, "a": 4}) == [
        (("a", "b"), [[1, 2], [4, 3]])
    ]


def test_a_missing_field_is_null_where_its_column_has_no_default() -> None:
    assert rows(table("a", "b"), {"a": 1}, {"b": 2}, {}) == [
        (("a", "b"), [[1, None], [None, 2], [None, None]])
    ]


def test_a_missing_field_starts_a_new_stretch_where_its_column_has_a_default() -> None:
    """The order of the records stays, or the last one of a key would not be the last."""
    assert rows(
        table("a", "b", defaults=("b",)), {"a": 1}, {"a": 2, "b": 2}, {"b": 3, "a": 3}, {"a": 4}
    ) == [
        (("a",), [[1]]),
        (("a", "b"), [[2, 2], [3, 3]]),
        (("a",), [[4]]),
    ]


def test_an_explicit_null_is_not_a_missing_field() -> None:
    assert rows(table("a", "b", defaults=("b",)), {"a": 1, "b": None}, {"a": 2}) == [
        (("a", "b"), [[1, None]]),
        (("a",), [[2]]),
    ]


def test_no_records_are_no_rows() -> None:
    assert rows(table("a")) == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        ("text", '"text"'),
        (1, "1"),
        (True, "true"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (10**40, "1" + 40 * "0"),
        ("é\u2028", '"é\u2028"'),
        ({"bytes": b"\x00\xff"}, '{"bytes":"AP8="}'),
    ],
)
def test_every_value_of_a_json_column_is_written_as_json(value: Any, written: Any) -> None:
    of = table("doc", kind="json")
    assert rows(of, {"doc": value}) == [(("doc",), [[written]])]


NUMBER = (
    "a number is no date, time or interval in column at; TimestampConverter makes times of numbers"
)


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("moment", 20_240_229, NUMBER),
        ("moment", True, "a boolean is no date, time or interval in column at"),
        ("timestamp", 1.5, NUMBER),
        (
            "timestamp",
            "2024-02-29 12:00 CET",
            "a time with a zone that is not ISO 8601 in column at",
        ),
        ("array of moment", [["2024-02-29"], [7]], NUMBER),
        ("array of plain", {}, "an object is no array in column at"),
        ("bytes", 7, "a number is no binary data in column at"),
    ],
)
def test_a_value_that_postgres_would_take_for_something_else_is_refused(
    kind: str, value: Any, sentence: str
) -> None:
    with pytest.raises(UnfitValueError) as refused:
        rows(table("id", "at", kind=kind), {"id": None, "at": value})
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"),
        ("2024-02-29 12:00:00", "2024-02-29 12:00:00"),
        ("02/29/2024 12:00 PM", "02/29/2024 12:00 PM"),
        ("2024-02-29", "2024-02-29"),
        ("infinity", "infinity"),
        ("2024-02-29T12:00:00.123456+02:00", datetime(2024, 2, 29, 10, 0, 0, 123_456)),
        ("2024-02-29 12:00:00-0530", datetime(2024, 2, 29, 17, 30)),
        (datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=2))), datetime(2024, 2, 29, 10)),
        (datetime(2024, 2, 29, 12), datetime(2024, 2, 29, 12)),
    ],
)
def test_a_timestamp_without_time_zone_is_in_utc(written: Any, taken: Any) -> None:
    of = table("id", "at", kind="timestamp")
    assert rows(of, {"id": None, "at": written}) == [(("id", "at"), [[None, taken]])]


def test_a_field_without_a_column_is_told_with_what_can_be_done() -> None:
    with pytest.raises(UnknownFieldsError) as refused:
        Plans(table("a")).plan({"b": 1, "a": 1, "c": 1})
    assert str(refused.value) == (
        "table alerts is missing fields (b, c) and auto-evolution is disabled: add the columns, set "
        "auto.evolve=true, or choose fields with fields.include"
    )


@pytest.mark.parametrize("name", ["x" * 64, "ü" * 32])
def test_a_name_that_postgres_would_cut_off_is_refused(name: str) -> None:
    """Cut off, it would be another column."""
    with pytest.raises(DataError, match="longer than the 63 bytes of a column's") as refused:
        Plans(table("x" * 63, "ü" * 31)).plan({name: 1})
    assert not isinstance(refused.value, UnknownFieldsError)


def test_a_name_that_is_no_unicode_is_a_bad_record() -> None:
    with pytest.raises(DataError):
        Plans(table("a")).plan({"\ud800": 1})


def test_shapes_that_were_never_seen_are_left_to_the_slow_path() -> None:
    plans = Plans(table("a", "b"))
    seen = plans.plan({"a": 1})
    assert plans.of_all([{"a": 1}, {"a": 2}]) == [seen, seen]
    assert plans.of_all([{"a": 1}, {"b": 2}]) is None
