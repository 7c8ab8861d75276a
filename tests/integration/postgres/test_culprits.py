"""Which record of a batch is rejected: the one that is bad, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sinkworker.api import RecordRejectedError, TopicPartition
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.converters.string import StringConverter, StringConverterConfig
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from tests.integration.postgres.sinks import ADVICE, BY_ID, Counts, Sink, owner
from tests.services.database import Database

pytestmark = pytest.mark.postgres

ALERTS = TopicPartition("alerts", 0)


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


def rows(database: Database, query: str = "SELECT * FROM alerts ORDER BY id") -> list[Any]:
    return database.execute(query)


# several records of one key


def test_the_good_value_before_a_bad_last_one_is_written(database: Database) -> None:
    """Without the bad record, the last value of its key is the one before it."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int CHECK (v > 0))")
    sink = Sink(database, tolerates=True, **BY_ID)
    for key, v in [(1, 1), (2, 1), (1, 2), (1, -1), (2, 3), (2, -1), (2, -2)]:
        sink.send({"v": v}, key=key)
    sink.settle()
    assert rows(database) == [(1, 2), (2, 3)]
    assert sink.counts() == Counts(next=7, records=4, errant=3, filtered=0, gaps=0)


def test_not_tolerated_the_position_stands_before_the_bad_one_of_its_key(
    database: Database,
) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int, w int)")
    sink = Sink(database, **BY_ID)
    sink.send({"v": 1}, {"v": 2, "w": 1}, {"w": "bad"}, {"v": 3}, key=1).settle()
    assert sink.counts().next == 2
    assert rows(database) == [(1, 2, 1)]


def test_a_bad_value_that_a_later_record_replaces_is_never_written(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int CHECK (v > 0))")
    sink = Sink(database, **BY_ID)
    sink.send({"v": -1}, {"v": 1}, key=1).send({"v": -1}, None, key=2).settle()
    assert rows(database) == [(1, 1)]
    assert sink.counts().next == 4


def test_a_tombstone_that_cannot_be_applied_is_found(database: Database) -> None:
    database.execute(
        "CREATE TABLE alerts (id int PRIMARY KEY); INSERT INTO alerts VALUES (1), (2);"
        "CREATE TABLE child (id int REFERENCES alerts); INSERT INTO child VALUES (1)"
    )
    sink = Sink(database, tolerates=True, **BY_ID)
    sink.send({}, key=5).send(None, key=2).send(None, key=1).send(None, key="x").send({}, key=6)
    sink.settle()
    assert rows(database) == [(1,), (5,), (6,)]
    assert sink.counts() == Counts(next=5, records=3, errant=2, filtered=0, gaps=0)


def test_a_key_that_cannot_be_one_is_found(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Sink(database, tolerates=True, **BY_ID)
    for key in (1, None, "x", [1], 2, {"other": 1}, 2**40):
        sink.send({"v": 1}, key=key)
    sink.settle()
    assert rows(database) == [(1, 1), (2, 1)]
    assert sink.counts() == Counts(next=7, records=2, errant=5, filtered=0, gaps=0)


# records that depend on each other


SELF = "CREATE TABLE alerts (id int PRIMARY KEY, p int REFERENCES alerts"


@pytest.mark.parametrize("mode", ["insert", "upsert"])
def test_a_deferred_key_may_come_before_the_row_that_it_names(
    database: Database, mode: str
) -> None:
    database.execute(f"{SELF} DEFERRABLE INITIALLY DEFERRED)")
    sink = Sink(database, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    sink.send({"id": 1, "p": 3}, {"id": 2, "p": 1}, {"id": 3, "p": None}).settle()
    assert rows(database) == [(1, 3), (2, 1), (3, None)]


@pytest.mark.parametrize("mode", ["insert", "upsert"])
def test_a_bad_row_takes_no_row_along_whose_deferred_key_comes_later(
    database: Database, mode: str
) -> None:
    database.execute(f"{SELF} DEFERRABLE INITIALLY DEFERRED)")
    sink = Sink(database, tolerates=True, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    sink.send({"id": 1, "p": 2}, {"id": 2, "p": None}, {"id": 3, "p": 99}).settle()
    assert rows(database) == [(1, 2), (2, None)]


def test_a_row_that_needs_an_earlier_one_of_its_batch_is_good(database: Database) -> None:
    """And bad when that one was rejected."""
    database.execute(f"{SELF}, v int)")
    sink = Sink(database, tolerates=True)
    sink.send({"id": 1}, {"id": 2, "p": 1}, {"id": 3, "v": "bad"}, {"id": 4, "p": 3}).settle()
    assert rows(database) == [(1, None, None), (2, 1, None)]
    assert sink.counts().errant == 2


def test_a_unique_value_may_move_to_another_row_within_a_batch(database: Database) -> None:
    """One by one, and in batches that end between the two, it can."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, name text UNIQUE)")
    database.execute("INSERT INTO alerts VALUES (5, 'ann')")
    sink = Sink(database, **BY_ID)
    sink.send({"name": "bob"}, key=5).send({"name": "ann"}, key=1).settle()
    assert rows(database) == [(1, "ann"), (5, "bob")]


def test_a_unique_value_may_move_from_a_deleted_row(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, name text UNIQUE)")
    database.execute("INSERT INTO alerts VALUES (5, 'ann')")
    Sink(database, **BY_ID).send(None, key=5).send({"name": "ann"}, key=1).settle()
    assert rows(database) == [(1, "ann")]


def test_a_tombstone_of_a_row_that_another_table_needs_is_found(database: Database) -> None:
    """A deferred foreign key of another table shows at COMMIT."""
    database.execute(
        "CREATE TABLE alerts (id int PRIMARY KEY); INSERT INTO alerts VALUES (1), (2);"
        "CREATE TABLE child (id int REFERENCES alerts DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO child VALUES (1)"
    )
    sink = Sink(database, tolerates=True, **BY_ID)
    sink.send(None, key=2).send(None, key=1).send({}, key=3).settle()
    assert rows(database) == [(1,), (3,)]


def test_a_constraint_of_one_table_leaves_the_other_tables_of_a_flush_alone(
    database: Database,
) -> None:
    database.execute("CREATE TABLE a (id int CHECK (id > 0)); CREATE TABLE b (id int)")
    sink = Sink(database, topics=("a", "b")).send({"id": 1}, {"id": -1}, {"id": 2}, topic="a")
    sink.send({"id": 1}, {"id": -1}, {"id": 2}, topic="b").settle()
    assert rows(database, "SELECT * FROM a") == [(1,)]
    assert rows(database, "SELECT * FROM b") == [(1,), (-1,), (2,)]
    assert sink.status().state is State.QUARANTINED


def test_a_unique_value_of_a_bad_record_is_free_for_a_later_one(database: Database) -> None:
    """COPY names the second: both have the value. The first one's foreign key it looks at later."""
    database.execute("CREATE TABLE parent (id int PRIMARY KEY)")
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, p int REFERENCES parent)")
    sink = Sink(database, tolerates=True).send({"id": 1, "p": 9}, {"id": 1, "p": None}).settle()
    assert rows(database) == [(1, None)]
    assert sink.counts() == Counts(next=2, records=1, errant=1, filtered=0, gaps=0)


@pytest.mark.parametrize("bad", [{"v": "x"}, {"p": 99_999}], ids=["another", "one of them"])
def test_a_long_chain_of_rows_whose_keys_come_later_is_written(
    database: Database, bad: dict[str, Any]
) -> None:
    """Beside a bad record. The last of a half is the first to find its parent."""
    database.execute(f"{SELF} DEFERRABLE INITIALLY DEFERRED, v int)")
    sink = Sink(database, tolerates=True, plan={"flush_policy": FlushPolicy(500, 1 << 20, 500)})
    sink.send(
        *({"id": i, "p": i + 1} for i in range(150)), {"id": 150}, {"id": 151, **bad}
    ).settle()
    assert len(rows(database)) == 151
    assert sink.counts().errant == 1


def test_a_table_is_written_after_those_whose_rows_it_needs(database: Database) -> None:
    """Whatever the order of their topics; only what is truly missing is bad."""
    database.execute("CREATE TABLE c (id int PRIMARY KEY)")
    database.execute("CREATE TABLE b (id int PRIMARY KEY, p int REFERENCES c)")
    database.execute("CREATE TABLE a (id int PRIMARY KEY, p int REFERENCES b)")
    sink = Sink(database, topics=("a", "b", "c"), tolerates=True)
    for i in range(20):
        sink.send({"id": i, "p": i}, topic="a").send({"id": i, "p": i}, topic="b")
        sink.send({"id": i}, topic="c")
    sink.send({"id": 99, "p": 99}, topic="b").settle()
    for table in "abc":
        assert database.one(f"SELECT count(*) FROM {table}") == 20
    assert [sink.counts(topic=topic).errant for topic in "abc"] == [0, 1, 0]


# kinds of errors


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


def test_a_row_that_a_policy_forbids_is_a_bad_record(database: Database) -> None:
    database.execute(
        "CREATE TABLE alerts (id int PRIMARY KEY, v int); ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;"
        "ALTER TABLE alerts FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON alerts USING (true) WITH CHECK (v > 0);"
        "CREATE ROLE tenant_of_one_test"
    )
    schema = database.one("SELECT current_schema()")
    database.execute(f"GRANT ALL ON SCHEMA {schema} TO tenant_of_one_test")
    database.execute("GRANT ALL ON alerts TO tenant_of_one_test")
    url = database.url + "%20-crole%3Dtenant_of_one_test"
    sink = Sink(database, connection_url=url, **BY_ID)
    sink.send({"v": 1}, key=1).send({"v": -1}, key=2).settle()
    assert rows(database) == [(1, 1)]
    assert sink.status().cause == (
        "alerts-0 offset 1 failed in TASK_PUT: a row-level security policy forbids the row (42501)"
        f"{ADVICE}"
    )
    sink.stop()
    database.execute("DROP OWNED BY tenant_of_one_test; DROP ROLE tenant_of_one_test")


# keys that records name themselves


BY_OWN_KEY: Mapping[str, Any] = {"insert_mode": "upsert", "pk_mode": "record_key"}


@pytest.mark.parametrize("key", [{"v": 1}, {"id": 1, "v": 1}, {}], ids=["other", "more", "none"])
def test_one_record_with_a_key_of_other_fields_is_a_bad_record(
    database: Database, key: dict[str, Any]
) -> None:
    """Also alone in its batch."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Sink(database, tolerates=True, **BY_OWN_KEY).send({"v": 1}, key={"id": 1}).settle()
    sink.send({"v": 2}, key=key).settle()
    assert sink.counts() == Counts(next=2, records=1, errant=1, filtered=0, gaps=0)


def test_a_key_of_other_fields_is_told(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Sink(database, **BY_OWN_KEY).send({"id": 1}, key={"v": 1}).settle()
    assert sink.status().cause == (
        "alerts-0 offset 0 failed in TASK_PUT: its key has the fields (v), and table alerts has no "
        f"primary key or unique index on exactly these{ADVICE}"
    )


def test_a_second_unique_key_in_one_batch_is_told(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int UNIQUE)")
    sink = Sink(database, **BY_OWN_KEY)
    sink.send({}, key={"id": 1}).send({"id": 2}, key={"v": 1}).settle()
    assert sink.status().cause == (
        "alerts-0 offset 1 failed in TASK_PUT: its key has the fields (v), and other records of this "
        f"table are written by (id){ADVICE}"
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
