"""What users of other sinks complain of, about the records themselves: a test for each complaint.

The numbers are those of issues in other projects: CJ confluentinc/kafka-connect-jdbc, DJ
debezium/debezium, AJ Aiven-Open/jdbc-connector-for-apache-kafka.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sinkworker.api import ConfigModel
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.assignment import State
from sinkworker.testing.harness import PlainJson
from tests.integration.postgres.sinks import BY_ID, Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres

LOGICAL = "org.apache.kafka.connect.data."
LATEST = "CREATE TABLE alerts (id int PRIMARY KEY, level text, note text)"


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


def rows(database: Database, columns: str = "*") -> list[tuple[Any, ...]]:
    return database.execute(f"SELECT {columns} FROM alerts ORDER BY 1")


def enveloped(**settings: Any) -> Conversion:
    value = JsonConverter(JsonConverterConfig(schemas_enable=True, **settings), is_key=False)
    return Conversion(PlainJson(ConfigModel(), is_key=True), value)


def envelope(payload: Any, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"schema": {"type": "struct", "fields": list(fields)}, "payload": payload}


# keys


def test_same_key_twice_in_one_batch(database: Database) -> None:
    """`ON CONFLICT DO UPDATE command cannot affect row a second time`: CJ 1081, DJ 7759."""
    database.execute(LATEST)
    sink = Sink(database, **BY_ID)
    sink.send({"level": "Minor"}, {"level": "Major"}, {"note": "n"}, key=1).settle()
    assert rows(database) == [(1, "Major", "n")]
    assert sink.counts() == Counts(3, 3, 0, 0, 0)


def test_delete_then_insert_of_one_key_in_one_batch(database: Database) -> None:
    """AJ writes all inserts first and then deletes: the row is lost."""
    database.execute(f"{LATEST}; INSERT INTO alerts VALUES (1, 'Minor', 'from before')")
    Sink(database, **BY_ID).send(None, {"level": "Major"}, key=1).settle()
    assert rows(database) == [(1, "Major", None)]


def test_insert_then_delete_of_one_key_in_one_batch(database: Database) -> None:
    database.execute(LATEST)
    Sink(database, **BY_ID).send({"level": "Major"}, None, key=1).settle()
    assert rows(database) == []


def test_null_keys(database: Database) -> None:
    """One of them kills the task: CJ 127, 744. Here it is a bad record, and the others land."""
    database.execute(LATEST)
    sink = Sink(database, tolerates=True, **BY_ID)
    sink.send({"level": "a"}, key=1).send({"level": "b"}, None).send({"level": "c"}, key=2).settle()
    assert rows(database, "id, level") == [(1, "a"), (2, "c")]
    assert sink.counts() == Counts(4, 2, errant=2, filtered=0, gaps=0)


def test_tombstones_without_deletes(database: Database) -> None:
    """The task dies of them: CJ 789, 1191."""
    database.execute(LATEST)
    settings = BY_ID | {"delete_enabled": False, "behavior_on_null_values": "ignore"}
    sink = Sink(database, **settings).send({"level": "a"}, None, key=1).settle()
    assert rows(database) == [(1, "a", None)]
    assert sink.counts() == Counts(2, 1, errant=0, filtered=1, gaps=0)


def test_do_nothing_on_conflict(database: Database) -> None:
    """CJ 412, 514."""
    database.execute(f"{LATEST}; INSERT INTO alerts VALUES (1, 'here', 'first')")
    Sink(database, insert_mode="ignore").send({"id": 1, "level": "x"}, {"id": 2}).settle()
    assert rows(database) == [(1, "here", "first"), (2, None, None)]


# columns


def test_out_of_order_columns(database: Database) -> None:
    """The fields' order is neither the table's nor the same in all records."""
    database.execute("CREATE TABLE alerts (id int, a text, b text)")
    Sink(database).send(
        {"b": "B1", "id": 1, "a": "A1"},
        {"a": "A2", "b": "B2", "id": 2},
        {"id": 3, "b": "B3", "a": "A3"},
    ).settle()
    assert rows(database) == [(1, "A1", "B1"), (2, "A2", "B2"), (3, "A3", "B3")]


@pytest.mark.parametrize("mode", ["insert", "upsert", "ignore"])
def test_first_row_decides_columns(database: Database, mode: str) -> None:
    """Another Python sink drops what the first row of a batch lacks, from all its rows."""
    database.execute(LATEST)
    sink = Sink(database, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    sink.send({"id": 1}, {"id": 2, "level": "x"}, {"note": "n", "id": 3}).settle()
    assert rows(database) == [(1, None, None), (2, "x", None), (3, None, "n")]


def test_partial_updates_overwrite_with_null(database: Database) -> None:
    """CJ 1067, 868. A field that is null is written; one that is not there keeps what is stored."""
    database.execute(f"{LATEST}; INSERT INTO alerts VALUES (1, 'x', 'kept'), (2, 'x', 'gone')")
    Sink(database, **BY_ID).send({"level": "y"}, key=1).send({"note": None}, key=2).settle()
    assert rows(database) == [(1, "y", "kept"), (2, "x", None)]


@pytest.mark.parametrize(
    ("replaces", "stored"), [({}, None), ({"replace_null_with_default": True}, 7)]
)
def test_null_replaced_by_default(database: Database, replaces: Any, stored: int | None) -> None:
    """CJ 1433: a null that was meant is lost. Here that has to be asked for."""
    database.execute("CREATE TABLE alerts (v int DEFAULT 5)")
    sink = Sink(database, plan={"conversion": lambda: enveloped(**replaces)})
    field = {"field": "v", "type": "int32", "optional": True, "default": 7}
    sink.send(envelope({"v": None}, field)).settle()
    assert rows(database) == [(stored,)]


def test_a_stale_cache_of_columns(database: Database) -> None:
    """CJ 1193: a column that an operator adds is not seen before a restart."""
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, tolerates=True).send({"id": 1}).settle()
    database.execute("ALTER TABLE alerts ADD note text")
    sink.send({"id": 2, "note": "n"}).settle()
    assert rows(database) == [(1, None), (2, "n")]


@pytest.mark.parametrize("topic", ["Alerts", "alerts.v1-beta", "select", "1_alerts"])
def test_case_and_dots_and_words_of_sql_in_names(database: Database, topic: str) -> None:
    """CJ 455, 572, 632. What is before a dot is a schema, where the format does not say otherwise."""
    table = topic.replace(".", "_")
    sink = Sink(database, topics=(topic,), topics_to_tables_mapping=f"{topic}:{table}",
                auto_create=True)  # fmt: skip
    sink.send({"Level": 1, "level": 2, "group": 3, 'a"b': 4, "x.y": 5}).settle()
    assert database.execute(f'SELECT "Level", level, "group", "a""b", "x.y" FROM "{table}"') == [
        (1, 2, 3, 4, 5)
    ]


def test_names_that_differ_only_after_63_bytes(database: Database) -> None:
    """Postgres cuts both to the same name without a word: one field would land in the other's column."""
    one, other = "x" * 63 + "1", "x" * 63 + "2"
    sink = Sink(database, auto_create=True, tolerates=True)
    sink.send({"id": 1}, {"id": 2, one: 1}, {"id": 3, other: 2}).settle()
    assert rows(database) == [(1,)]
    assert sink.counts() == Counts(3, 1, errant=2, filtered=0, gaps=0)


# values


def test_time_zones_and_microseconds(database: Database) -> None:
    """CJ 921, 1480, 1532: timestamps without zones, and milliseconds only."""
    database.execute("CREATE TABLE alerts (id int, z timestamptz, n timestamp)")
    text = "2024-02-29T23:30:00.123456-05:00"
    Sink(database).send({"id": 1, "z": text, "n": text}).settle()
    moment = datetime(2024, 3, 1, 4, 30, 0, 123_456, tzinfo=UTC)
    assert rows(database) == [(1, moment, moment.replace(tzinfo=None))]


def test_uuid_json_arrays_and_enums(database: Database) -> None:
    """`column is of type uuid but expression is of type character varying`: CJ 46, 871, 1084, 1660."""
    database.execute("CREATE TYPE level AS ENUM ('Minor'); CREATE TABLE alerts ("
                     "u uuid, j json, b jsonb, a int[], e level)")  # fmt: skip
    uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    Sink(database).send({"u": uuid, "j": {"a": [1]}, "b": [], "a": [1, 2], "e": "Minor"}).settle()
    assert database.execute("SELECT u::text, j, b, a, e::text FROM alerts") == [
        (uuid, {"a": [1]}, [], [1, 2], "Minor")
    ]


def test_decimals(database: Database) -> None:
    """Base64 in a column, or 60 that lands as 0.00060: CJ 450, 563, 716."""
    database.execute("CREATE TABLE alerts (id int, v numeric)")
    field = {
        "field": "v",
        "type": "bytes",
        "name": LOGICAL + "Decimal",
        "parameters": {"scale": "5"},
    }
    payload = {"id": 1, "v": base64.b64encode((6_000_000).to_bytes(4, "big")).decode()}
    sink = Sink(database, plan={"conversion": enveloped})
    sink.send(envelope(payload, {"field": "id", "type": "int32"}, field)).settle()
    assert [str(v) for _, v in rows(database)] == [str(Decimal("60.00000"))]


NUL = [("fail", [], 1), ("strip", ["ab"], 0), ("replace", ["a\ufffdb"], 0)]


@pytest.mark.parametrize(("policy", "stored", "errant"), NUL)
@pytest.mark.parametrize("type_", ["text", "jsonb"])
def test_nul_in_text(
    database: Database, type_: str, policy: str, stored: list[str], errant: int
) -> None:
    """`invalid byte sequence for encoding "UTF8": 0x00` for ever: CJ 1216, 1264."""
    database.execute(f"CREATE TABLE alerts (id int, v {type_})")
    sink = Sink(database, tolerates=True, text_nul=policy)
    sink.send({"id": 1, "v": "good"}, {"id": 2, "v": "a\0b"}, {"id": 3, "v": "good"}).settle()
    assert [v for id_, v in rows(database) if id_ == 2] == stored
    assert sink.counts() == Counts(3, 3 - errant, errant, 0, 0)


def test_schemaless_json(database: Database) -> None:
    """`requires records with a non-null Struct value and non-null Struct schema`: CJ 1347, 609."""
    sink = Sink(database, auto_create=True)
    sink.send({"id": 1, "deep": {"a": [1]}, "list": ["x"], "on": True, "none": None}).settle()
    assert database.execute('SELECT id, deep, list, "on", none FROM alerts') == [
        (1, {"a": [1]}, ["x"], True, None)
    ]


def test_more_values_in_a_batch_than_a_statement_has_parameters(database: Database) -> None:
    """65,535: AJ 117."""
    columns = ", ".join(f"c{i} int" for i in range(70))
    database.execute(f"CREATE TABLE alerts (id int PRIMARY KEY, {columns})")
    sink = Sink(database, insert_mode="upsert", pk_mode="record_value", pk_fields="id")
    sink.send(*({"id": i} | {f"c{n}": n for n in range(70)} for i in range(1000))).settle()
    assert database.one("SELECT count(*) FROM alerts WHERE c69 = 69") == 1000


# errors


def test_one_bad_record_kills_the_task(database: Database) -> None:
    """Tolerance ends where the sink begins: CJ 721, 814."""
    database.execute("CREATE TABLE alerts (id int)")
    sink = (
        Sink(database, tolerates=True).send({"id": 1}, {"id": "x"}, b"no JSON", {"id": 2}).settle()
    )
    assert rows(database) == [(1,), (2,)]
    assert sink.counts() == Counts(4, 2, errant=2, filtered=0, gaps=0)


def test_an_outage_is_taken_for_bad_records(database: Database) -> None:
    """CJ 1312: of a full disk everything goes to the dead letters, and the offsets move on."""
    database.execute(
        "CREATE TABLE alerts (id int);"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END$$;"
        "CREATE TRIGGER t BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION f()"
    )
    sink = Sink(database, tolerates=True).send({"id": 1}, {"id": 2}).run(5)
    assert sink.counts() == Counts(0, 0, 0, 0, 0)
    database.execute("DROP TRIGGER t ON alerts")
    sink.settle()
    assert rows(database) == [(1,), (2,)]


def test_bad_records_alone_freeze_the_offset(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, tolerates=True).send(b"no JSON", {"id": "x"}, None).settle()
    assert sink.counts() == Counts(3, 0, errant=3, filtered=0, gaps=0)
    assert sink.status().state is State.OPEN
