"""Tables that are created, that grow, that are missing, or that change under a running task."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from sinkworker.api import ConfigModel, ConnectError
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.assignment import State
from sinkworker.testing.harness import PlainJson
from tests.integration.postgres.sinks import ADVICE, BY_ID, Counts, Sink, meanwhile
from tests.services.database import Database
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


def columns(database: Database, table: str = "alerts") -> dict[str, str]:
    return dict(
        database.execute(
            "SELECT attname, format_type(atttypid, atttypmod) || CASE WHEN attnotnull "
            "THEN ' NOT NULL' ELSE '' END FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
            [table],
        )
    )


def primary_key(database: Database) -> str | None:
    found = database.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = 'alerts'::regclass AND contype = 'p'"
    )
    return found[0][0] if found else None


# auto.create


def test_a_missing_table_is_created_with_the_fields_of_all_records(database: Database) -> None:
    """Not only of the first: its fields, their order and their types come from the whole batch."""
    sink = Sink(database, auto_create=True)
    sink.send({"b": 1}, {"a": "x", "b": 1.5}, {"c": None, "d": {"x": [1]}, "e": True}).settle()
    assert columns(database) == {
        "b": "double precision", "a": "text", "c": "text", "d": "jsonb", "e": "boolean"
    }  # fmt: skip
    assert primary_key(database) is None
    assert sorted(database.execute("SELECT b, a, d, e FROM alerts"), key=str) == [
        (1.0, None, None, None), (1.5, "x", None, None), (None, None, {"x": [1]}, True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "key", "expected"),
    [
        ({"pk_mode": "record_key"}, {"id": 1, "line": "a"}, "PRIMARY KEY (id, line)"),
        ({"pk_mode": "record_key", "pk_fields": "id"}, "k", "PRIMARY KEY (id)"),
        ({"pk_mode": "record_value", "pk_fields": "v"}, None, "PRIMARY KEY (v)"),
        ({"pk_mode": "kafka", "pk_fields": "t,p,o"}, None, "PRIMARY KEY (t, p, o)"),
    ],
)
def test_a_created_table_has_the_primary_key_that_upserts_need(
    database: Database, settings: Mapping[str, Any], key: Any, expected: str
) -> None:
    sink = Sink(database, auto_create=True, insert_mode="upsert", **settings)
    sink.send({"v": 1}, {"v": 2}, key=key).settle()
    assert primary_key(database) == expected
    assert sink.counts().records == 2


def test_a_table_is_created_in_its_schema_with_odd_names(database: Database) -> None:
    database.execute('CREATE SCHEMA "odd one"')
    sink = Sink(database, table_name_format='odd one.x"y.z', auto_create=True)
    sink.send({'a"b': 1, "漢 字": 2, "x" * 63: 3}).settle()
    assert list(columns(database, '"odd one"."x""y.z"')) == ['a"b', "漢 字", "x" * 63]


LOGICAL = "org.apache.kafka.connect.data."
FIELDS: list[tuple[dict[str, Any], Any, str]] = [
    ({"type": "int32", "optional": False}, 7, "integer"),
    ({"type": "int16", "optional": True}, None, "smallint"),
    ({"type": "float"}, 0.5, "real"),
    ({"type": "string"}, "x", "text"),
    ({"type": "bytes"}, base64.b64encode(b"\x00\xff").decode(), "bytea"),
    ({"type": "array", "items": {"type": "string"}}, ["a", "b"], "text[]"),
    ({"type": "struct", "fields": [{"field": "x", "type": "int32"}]}, {"x": 1}, "jsonb"),
    ({"type": "bytes", "name": LOGICAL + "Decimal", "parameters": {"scale": "2"}},
     base64.b64encode(b"\x30\x39").decode(), "numeric"),
    ({"type": "int32", "name": LOGICAL + "Date"}, 19_782, "date"),
    ({"type": "int64", "name": LOGICAL + "Timestamp"}, 1_709_208_000_000,
     "timestamp with time zone"),
]  # fmt: skip


def enveloped() -> Conversion:
    value = JsonConverter(JsonConverterConfig(schemas_enable=True), is_key=False)
    return Conversion(PlainJson(ConfigModel(), is_key=True), value)


def test_a_created_table_has_the_types_of_the_records_schema(database: Database) -> None:
    """Also where every record holds NULL."""
    fields = [{"field": f"f{i}", **schema} for i, (schema, _, _) in enumerate(FIELDS)]
    payload = {f"f{i}": value for i, (_, value, _) in enumerate(FIELDS)}
    sink = Sink(database, auto_create=True, plan={"conversion": enveloped})
    sink.send({"schema": {"type": "struct", "fields": fields}, "payload": payload}).settle()
    assert list(columns(database).values()) == [type_ for _, _, type_ in FIELDS]
    (row,) = database.execute("SELECT row(alerts.*)::text FROM alerts")
    assert row == (
        '(7,,0.5,x,"\\\\x00ff","{a,b}","{""x"": 1}",123.45,2024-02-29,"2024-02-29 12:00:00+00")',
    )


def test_a_table_is_not_created_for_tombstones_alone(database: Database) -> None:
    sink = Sink(database, auto_create=True, **BY_ID).send(None, key=1).settle()
    sink.send({"level": 1}, key=2).settle()
    assert database.execute("SELECT id, level FROM alerts") == [(2, 1)]


def test_a_batch_of_nothing_but_bad_records_creates_nothing(database: Database) -> None:
    sink = Sink(database, auto_create=True, tolerates=True).send("text", None, [1]).settle()
    assert sink.counts() == Counts(next=3, records=0, errant=3, filtered=0, gaps=0)
    assert database.one("SELECT to_regclass('alerts')") is None


# auto.evolve


def test_a_table_grows_by_the_fields_that_come(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, auto_evolve=True).send({"id": 1}).settle()
    sink.send({"id": 2, "a": 1}, {"id": 3, "b": "x"}, {"a": 2.5, "id": 4}).settle()
    sink.send({"id": 5, "c": []}).settle()
    assert columns(database) == {
        "id": "integer", "a": "double precision", "b": "text", "c": "jsonb"
    }  # fmt: skip
    assert database.execute("SELECT * FROM alerts ORDER BY id") == [
        (1, None, None, None), (2, 1.0, None, None), (3, None, "x", None),
        (4, 2.5, None, None), (5, None, None, []),
    ]  # fmt: skip


def test_a_table_grows_in_the_middle_of_upserts(database: Database) -> None:
    sink = Sink(database, auto_create=True, auto_evolve=True, **BY_ID)
    sink.send({"a": 1}, key=1).settle()
    sink.send({"b": 2}, {"c": 3}, key=1).send(None, {"c": 4}, key=2).settle()
    assert database.execute("SELECT id, a, b, c FROM alerts ORDER BY id") == [
        (1, 1, 2, 3), (2, None, None, 4)
    ]  # fmt: skip


def test_a_bad_record_beside_a_new_field_is_rejected_alone(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, auto_evolve=True).send({"id": 1, "a": 1}, {"id": "x", "b": 1}).settle()
    assert database.execute("SELECT id, a FROM alerts") == [(1, 1)]
    assert (sink.status().state, sink.counts().next) == (State.QUARANTINED, 1)


def test_a_bad_record_before_a_new_field_is_counted_once(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, auto_evolve=True, tolerates=True)
    sink.send("no object", {"id": 1, "new": 1}).settle()
    assert sink.counts() == Counts(next=2, records=1, errant=1, filtered=0, gaps=0)


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE TABLE data (id int); CREATE VIEW alerts AS SELECT * FROM data",
        "CREATE TABLE data (id int) PARTITION BY RANGE (id);"
        "CREATE TABLE alerts PARTITION OF data DEFAULT",
    ],
    ids=["view", "partition"],
)
def test_a_new_field_for_what_cannot_grow_is_a_bad_record(
    database: Database, definition: str, caplog: pytest.LogCaptureFixture
) -> None:
    database.execute(definition)
    sink = Sink(database, auto_evolve=True).send({"id": 1}, {"id": 2, "new": 1}).settle()
    told = [each for each in caplog.messages if each.endswith(". The table stays as it is")]
    assert len(told) == 1
    assert database.execute("SELECT * FROM alerts") == [(1,)]
    assert sink.status().cause == (
        "alerts-0 offset 1 failed in TASK_PUT: table alerts is missing fields (new) and could not "
        f"grow: add the columns, or choose fields with fields.include{ADVICE}"
    )


def test_a_tombstone_adds_no_column(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    sink = Sink(
        database, auto_evolve=True, insert_mode="upsert", pk_mode="record_key", delete_enabled=True
    )
    sink.send({}, key={"id": 1}).send(None, key={"new": 1}).settle()
    assert list(columns(database)) == ["id"]
    assert sink.status().state is State.QUARANTINED


# several tasks


LOCKED = "SELECT pg_advisory_xact_lock(hashtext('sinkworker'), hashtext('ddl'))"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def race(database: Database, *sinks: Sink) -> None:
    """Every sink has seen what its table lacks before the first of them changes it."""
    with psycopg.connect(database.url) as connection, ExitStack() as running:
        connection.execute(LOCKED)
        for sink in sinks:
            running.enter_context(meanwhile(sink.run))
        wait_until(lambda: database.one(WAITING) == len(sinks), 20, "all wait for the DDL lock")
        connection.rollback()


def opened(database: Database, names: str, **settings: Any) -> list[Sink]:
    return [Sink(database, name=name, **settings).run(2) for name in names]


def test_tasks_that_race_to_create_a_table_all_write_to_it(database: Database) -> None:
    sinks = opened(database, "abc", auto_create=True)
    for i, sink in enumerate(sinks):
        sink.send({"id": i, "level": "Major"})
    race(database, *sinks)
    assert sorted(database.execute("SELECT * FROM alerts")) == [
        (i, "Major") for i in range(len(sinks))
    ]


def test_tasks_that_race_to_add_columns_all_find_theirs(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sinks = opened(database, "abc", auto_evolve=True)
    for i, sink in enumerate(sinks):
        sink.send({"id": i, "same": 1, f"own_{sink.name}": i})
    race(database, *sinks)
    assert database.execute("SELECT id, same, own_a, own_b, own_c FROM alerts ORDER BY id") == [
        (0, 1, 0, None, None), (1, 1, None, 1, None), (2, 1, None, None, 2)
    ]  # fmt: skip


def test_tasks_that_race_to_create_a_table_with_different_fields_all_find_theirs(
    database: Database,
) -> None:
    sinks = opened(database, "ab", auto_create=True, auto_evolve=True)
    for i, sink in enumerate(sinks):
        sink.send({"id": i, f"own_{sink.name}": i})
    race(database, *sinks)
    assert [sink.status().state for sink in sinks] == [State.OPEN, State.OPEN]
    assert database.execute("SELECT id, own_a, own_b FROM alerts ORDER BY id") == [
        (0, 0, None), (1, None, 1)
    ]  # fmt: skip


def test_a_table_that_somebody_else_creates_at_the_same_moment_is_written_to(
    database: Database,
) -> None:
    (sink,) = opened(database, "a", auto_create=True)
    sink.send({"id": 1})
    with psycopg.connect(database.url) as connection:
        connection.execute("CREATE TABLE alerts (id int)")
        with meanwhile(sink.settle):
            wait_until(
                lambda: database.one("SELECT count(*) FROM pg_locks WHERE NOT granted"), 20,
                "CREATE TABLE waits for the other one",
            )  # fmt: skip
            connection.commit()
    assert database.execute("SELECT * FROM alerts") == [(1,)]


# missing


def test_a_missing_table_is_waited_for(database: Database) -> None:
    sink = Sink(database).send({"id": 1}, {"id": 2}).run(5)
    assert sink.counts().next == 0
    database.execute("CREATE TABLE alerts (id int)")
    sink.settle()
    assert database.execute("SELECT * FROM alerts") == [(1,), (2,)]


def test_a_missing_table_is_told(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    Sink(database).send({"id": 1}).run(4)
    first = next(each for each in caplog.records if each.levelname == "WARNING")
    # Not the last line: the wait is random, and may be over within these turns.
    assert first.getMessage().startswith(
        "Table alerts is missing and auto-creation is disabled: create it, or set auto.create=true; "
        "trying again in "
    )


def test_a_schema_that_is_missing_is_told(database: Database) -> None:
    sink = Sink(database, table_name_format="nowhere.alerts", auto_create=True).send({"id": 1})
    with pytest.raises(ConnectError) as failed:
        sink.settle()
    assert str(failed.value) == (
        'Postgres, changing table nowhere.alerts: schema "nowhere" does not exist (3F000)'
    )
