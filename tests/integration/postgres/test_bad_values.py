"""Every way in which a value can be bad: its record is, and the task goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sinkworker.api import RecordRejectedError, TopicPartition
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.converters.string import StringConverter, StringConverterConfig
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.assignment import State
from tests.integration.postgres.sinks import ADVICE, BY_ID, Sink, owner
from tests.services.database import Database

pytestmark = pytest.mark.postgres

ALERTS = TopicPartition("alerts", 0)


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


def rows(database: Database, query: str = "SELECT * FROM alerts ORDER BY id") -> list[Any]:
    return database.execute(query)


# what Postgres says


INPUTS = {
    "jsonpath": "$.a", "tsquery": "a & b", "regclass": "pg_class", "ltree": "a.b",
}  # fmt: skip


@pytest.mark.parametrize("mode", ["insert", "upsert"])
@pytest.mark.parametrize("type_", INPUTS)
def test_a_value_that_its_types_input_refuses_with_any_state_is_a_bad_record(
    database: Database, type_: str, mode: str
) -> None:
    """These raise 42601, 42602 or 42P01, which elsewhere mean a wrong statement."""
    if type_ == "ltree":
        database.execute("DROP EXTENSION IF EXISTS ltree CASCADE; CREATE EXTENSION ltree")
    database.execute(f"CREATE TABLE alerts (id int PRIMARY KEY, v {type_})")
    sink = Sink(database, tolerates=True, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    sink.send({"id": 1, "v": INPUTS[type_]}, {"id": 2, "v": "no & & (, 4711"}, {"id": 3}).settle()
    assert rows(database, "SELECT id FROM alerts ORDER BY id") == [(1,), (3,)]
    assert sink.counts().errant == 1


@pytest.mark.parametrize("mode", ["insert", "upsert"])
@pytest.mark.parametrize("state", ["P0002", "P0004", "38000", "20000", "U0001"])
def test_what_a_trigger_raises_about_a_row_is_a_bad_record(
    database: Database, state: str, mode: str
) -> None:
    database.execute(
        "CREATE TABLE alerts (id int PRIMARY KEY);"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN IF NEW.id = 2 THEN RAISE SQLSTATE '{state}'; END IF; RETURN NEW; END$$;"
        "CREATE TRIGGER t BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION f()"
    )
    sink = Sink(database, tolerates=True, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    sink.send({"id": 1}, {"id": 2}, {"id": 3}).settle()
    assert rows(database) == [(1,), (3,)]


def test_a_row_that_a_policy_forbids_is_a_bad_record(database: Database, tenant: str) -> None:
    database.execute(
        "CREATE TABLE alerts (id int PRIMARY KEY, v int); ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;"
        "ALTER TABLE alerts FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON alerts USING (true) WITH CHECK (v > 0);"
        f"GRANT ALL ON alerts TO {tenant}"
    )
    url = f"{database.url}%20-crole%3D{tenant}"
    sink = Sink(database, connection_url=url, **BY_ID)
    sink.send({"v": 1}, key=1).send({"v": -1}, key=2).settle()
    assert rows(database) == [(1, 1)]
    assert sink.status().cause == (
        "alerts-0 offset 1 failed in TASK_PUT: a row-level security policy forbids the row (42501)"
        f"{ADVICE}"
    )
    sink.stop()


def test_a_row_that_a_view_would_not_show_is_a_bad_record(database: Database) -> None:
    database.execute(
        "CREATE TABLE data (id int, v int);"
        "CREATE VIEW alerts AS SELECT * FROM data WHERE v > 0 WITH CHECK OPTION"
    )
    sink = Sink(database).send({"id": 1, "v": 1}, {"id": 2, "v": -1}).settle()
    assert rows(database) == [(1, 1)]
    assert sink.status().cause == (
        f"alerts-0 offset 1 failed in TASK_PUT: with check option violation (44000){ADVICE}"
    )


# values that a custom converter or transform may make


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("jsonb", deep(20_000)),
        ("text", deep(20_000)),
        ("int[]", deep(20_000)),
        ("jsonb", {(1, 2): 3}),
        ("text", {1, 2}),
        ("text", object()),
    ],
    ids=["20,000 levels", "the same as text", "as an array", "keys", "a set", "an object"],
)
def test_a_value_that_cannot_be_written_down_is_a_bad_record(
    database: Database, type_: str, value: Any
) -> None:
    database.execute(f"CREATE TABLE alerts (id int, v {type_})")
    one = owner(database)
    one.open(ALERTS)
    one.put_values(ALERTS, {0: {"id": 0}, 1: {"id": 1, "v": value}, 2: {"id": 2}})
    with pytest.raises(RecordRejectedError) as rejected:
        one.flush({ALERTS: 3})
    assert rejected.value.offset == 1


def test_a_document_as_deep_as_json_can_be_read_is_good(database: Database) -> None:
    """The JSON converter reads 200 levels."""
    database.execute("CREATE TABLE alerts (id int, v jsonb)")
    Sink(database).send({"id": 1, "v": deep(190)}).settle()
    assert rows(database) == [(1, deep(190))]


def test_a_number_beyond_a_double_is_no_infinity(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int, v double precision)")
    converter = JsonConverter(JsonConverterConfig(schemas_enable=False), is_key=False)
    conversion = Conversion(StringConverter(StringConverterConfig(), is_key=True), converter)
    sink = Sink(database, plan={"conversion": lambda: conversion})
    sink.send(b'{"id": 1, "v": 1e400}').settle()
    assert rows(database) == []
    assert sink.status().state is State.QUARANTINED


BAD_NAMES = ["\ud800", "a\0b", "", "ctid"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_field_with_a_name_that_no_column_has_is_a_bad_record(
    database: Database, name: str
) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, tolerates=True).send({"id": 1}, {"id": 2, name: 1}, {"id": 3}).settle()
    assert rows(database) == [(1,), (3,)]
    assert sink.counts().errant == 1


@pytest.mark.parametrize("fields", [*([name] for name in BAD_NAMES), range(1700)],
                         ids=[*map(repr, BAD_NAMES), "too many"])  # fmt: skip
def test_a_field_that_cannot_become_a_column_is_a_bad_record(
    database: Database, fields: Sequence[Any]
) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, tolerates=True, auto_evolve=True)
    sink.send({"id": 1}, {"id": 2} | {str(name): 1 for name in fields}, {"id": 3}).settle()
    assert rows(database, "SELECT id FROM alerts ORDER BY id") == [(1,), (3,)]
    assert sink.counts().errant == 1
    assert database.one("SELECT count(*) FROM pg_attribute "
                        "WHERE attrelid = 'alerts'::regclass AND attnum > 0") == 1  # fmt: skip
