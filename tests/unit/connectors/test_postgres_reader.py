"""Reading many records at once gives what reading one by one gives, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.reader import DeletedKey, RecordReader
from sinkworker.api import DataError, SinkRecord, TopicPartition

SOURCE = TopicPartition("alerts", 0)
PARTS = st.one_of(
    st.none(), st.integers(0, 2), st.sampled_from(["a", "b"]), st.just([1]), st.just({})
)
FIELDS = st.sampled_from(["id", "site", "v"])
OBJECTS = st.dictionaries(FIELDS, PARTS, max_size=3)
KEYS = st.one_of(PARTS, OBJECTS)
VALUES = st.one_of(st.none(), OBJECTS, OBJECTS, st.just(5))
GOOD_KEYS = st.one_of(
    st.integers(0, 2), st.fixed_dictionaries({"id": st.integers(0, 2), "site": st.just("a")})
)
GOOD_VALUES = st.one_of(st.none(), OBJECTS)
SETTINGS: list[dict[str, Any]] = [
    {"pk_fields": ("id",)}, {"pk_fields": ("id",), "delete_enabled": True},
    {"pk_fields": ("site", "id")}, {"pk_fields": ("id", "site"), "delete_enabled": True},
    {"delete_enabled": True}, {"pk_fields": ("id",), "fields_include": ("v",)},
    {"pk_mode": "record_value", "pk_fields": ("id",)}, {"pk_mode": "none"}, {"pk_mode": "kafka"},
]  # fmt: skip


def reader(settings: dict[str, Any]) -> RecordReader:
    given = {"pk_mode": "record_key", "insert_mode": "upsert", **settings}
    if given["pk_mode"] == "none":
        given["insert_mode"] = "insert"
    return RecordReader(PostgresSinkConfig(connection_url="postgresql://", **given))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@given(
    st.one_of(
        st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=4),
        st.lists(st.tuples(GOOD_KEYS, GOOD_VALUES), min_size=1, max_size=4),
    )
)
def test_at_once_is_as_one_by_one(settings: dict[str, Any], pairs: list[tuple[Any, Any]]) -> None:
    one = reader(settings)
    records = [
        SinkRecord("alerts", 0, offset, 0, key, value) for offset, (key, value) in enumerate(pairs)
    ]
    at_once = one.values_of_all(SOURCE, records)
    try:
        alone = [one.values(SOURCE, record) for record in records]
    except DataError:
        assert at_once is None
    else:
        assert at_once is not None
        assert [(type(each), list(each.items())) for each in at_once] == [
            (type(each), list(each.items())) for each in alone
        ]


def test_tombstones_among_writes_are_read_at_once() -> None:
    pairs: list[tuple[Any, Any]] = [(1, {"id": 9, "v": 1}), (2, None), (1, {"v": 3})]
    records = [SinkRecord("alerts", 0, 0, 0, key, value) for key, value in pairs]
    read = reader({"pk_fields": ("id",), "delete_enabled": True}).values_of_all(SOURCE, records)
    assert read == [{"id": 1, "v": 1}, {"id": 2}, {"v": 3, "id": 1}]
    assert type(read[1]) is DeletedKey
