"""value.column: the whole value in one column."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sinkworker.api import ConfigModel, TopicPartition
from sinkworker.converters.byte_array import ByteArrayConverter
from sinkworker.converters.string import StringConverter, StringConverterConfig
from sinkworker.runtime.assembly import Conversion
from tests.integration.postgres.batches import Batches, Message
from tests.integration.postgres.sinks import ADVICE, BY_ID, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres

DOCUMENTS: list[Any] = [
    {"payload": {"a": [1, None, {"é": 1.5}]}, "b": "text"}, {}, [], [1, {"a": 2}], "text", 7, True,
]  # fmt: skip


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


@pytest.mark.parametrize("type_", ["json", "jsonb"])
@pytest.mark.parametrize("mode", ["insert", "ignore"])
def test_any_value_lands_as_a_document(database: Database, type_: str, mode: str) -> None:
    database.execute(f"CREATE TABLE alerts (o int GENERATED ALWAYS AS IDENTITY, payload {type_})")
    sink = Sink(database, value_column="payload", insert_mode=mode).send(*DOCUMENTS).settle()
    rows = database.execute("SELECT payload::text FROM alerts ORDER BY o")
    assert [json.loads(text) for (text,) in rows] == DOCUMENTS
    assert sink.counts().records == len(DOCUMENTS)


def test_a_document_lands_as_its_text(database: Database) -> None:
    database.execute("CREATE TABLE alerts (payload text)")
    Sink(database, value_column="payload").send({"b": [1, "é"], "a": None}, "text").settle()
    assert database.execute("SELECT payload FROM alerts") == [
        ('{"b":[1,"é"],"a":null}',),
        ("text",),
    ]


def test_bytes_land_as_they_are(database: Database) -> None:
    database.execute("CREATE TABLE alerts (payload bytea)")
    conversion = Conversion(
        StringConverter(StringConverterConfig(), is_key=True),
        ByteArrayConverter(ConfigModel(), is_key=False),
    )
    sink = Sink(database, value_column="payload", plan={"conversion": lambda: conversion})
    sink.send(b"\x00\xff\\x41", b"").settle()
    assert database.execute("SELECT payload FROM alerts") == [(b"\x00\xff\\x41",), (b"",)]


def test_the_document_of_a_key_is_replaced_and_deleted(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, payload jsonb)")
    sink = Sink(database, value_column="payload", **BY_ID)
    sink.send({"a": 1}, {"b": 2}, key=1).send({"a": 3}, None, key=2).settle()
    sink.send({"c": 4}, key=1).send({"id": 99}, key=3).settle()
    assert database.execute("SELECT * FROM alerts ORDER BY id") == [
        (1, {"c": 4}), (3, {"id": 99})
    ]  # fmt: skip


def test_the_key_of_a_document_may_be_one_of_its_fields(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, payload jsonb)")
    sink = Sink(
        database, value_column="payload", insert_mode="upsert", pk_mode="record_value",
        pk_fields="id",
    )  # fmt: skip
    sink.send({"id": 1, "v": 1}, {"id": 1, "v": 2}, {"v": 3}).settle()
    assert database.execute("SELECT * FROM alerts") == [(1, {"id": 1, "v": 2})]
    assert sink.status().cause == (
        "alerts-0 offset 2 failed in TASK_PUT: the field id of its value is null or missing, and it "
        f"is part of the key{ADVICE}"
    )


def test_a_missing_table_is_created_with_a_column_for_documents(database: Database) -> None:
    """Also where the documents have a field of the column's name."""
    sink = Sink(database, value_column="payload", auto_create=True, pk_mode="kafka",
                pk_fields="t,p,o", insert_mode="upsert")  # fmt: skip
    sink.send({"payload": 1, "x": 2}, {}).settle()
    assert database.execute("SELECT * FROM alerts ORDER BY o") == [
        ({"payload": 1, "x": 2}, "alerts", 0, 0), ({}, "alerts", 0, 1)
    ]  # fmt: skip


def test_a_missing_column_for_documents_is_added(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int DEFAULT 5)")
    Sink(database, value_column="payload", auto_evolve=True).send({"a": 1}).settle()
    assert database.execute("SELECT * FROM alerts") == [(5, {"a": 1})]


def test_a_bad_document_is_a_bad_record(database: Database) -> None:
    database.execute("CREATE TABLE alerts (payload jsonb)")
    sink = Batches(database, TopicPartition("alerts", 0), value_column="payload")
    bad = {"a\0": 1}
    rejected = sink.flush({TopicPartition("alerts", 0): [
        Message(None, {"a": 1}), Message(None, bad), Message(None, {"a": 2})]})  # fmt: skip
    assert list(rejected.values()) == ["untranslatable character (22P05) in column payload"]
    assert database.execute("SELECT payload FROM alerts") == [({"a": 1},), ({"a": 2},)]
