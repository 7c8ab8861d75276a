"""Tables that somebody alters, drops or creates again under a running task."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from sinkworker.api import ConnectError, ErrantRecord, TopicPartition
from sinkworker.runtime.assignment import State
from tests.integration.postgres.batches import Batches, Message
from tests.integration.postgres.sinks import BY_ID, Sink, meanwhile
from tests.services.database import Database
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres

ALERTS = TopicPartition("alerts", 0)


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


@pytest.fixture(params=["insert", "ignore", "upsert"])
def sink(request: pytest.FixtureRequest, database: Database) -> Sink:
    """A sink that has just written its first row."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Sink(database, pk_mode="record_key", pk_fields="id", insert_mode=request.param)
    return write(sink, 1, {"v": 1})


def write(sink: Sink, id_: int, value: Any) -> Sink:
    return sink.send(value, key=id_).settle()


def rows(database: Database) -> list[tuple[Any, ...]]:
    return database.execute("SELECT id, v FROM alerts ORDER BY id")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE alerts ADD COLUMN w int DEFAULT 5",
        "ALTER TABLE alerts ADD COLUMN w int; ALTER TABLE alerts DROP COLUMN w",
        "ALTER TABLE alerts ALTER v SET DEFAULT 9",
        "ALTER TABLE alerts ALTER v TYPE bigint",
        "ALTER TABLE alerts ALTER v TYPE text",
        "ALTER TABLE alerts RENAME TO old; CREATE TABLE alerts (v int, id int PRIMARY KEY)",
        "DROP TABLE alerts; CREATE TABLE alerts (id bigint PRIMARY KEY, x int, v numeric)",
        "TRUNCATE alerts",
        "CREATE UNIQUE INDEX ON alerts (v)",
        "DROP TABLE alerts; CREATE TABLE alerts (id int, v int, PRIMARY KEY (id)) "
        "PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF alerts DEFAULT",
    ],
)
def test_a_change_that_leaves_room_for_the_records_is_no_matter(
    sink: Sink, database: Database, change: str
) -> None:
    database.execute(change)
    write(sink, 2, {"v": 2})
    assert str(rows(database)[-1][1]) == "2"
    assert sink.status().state is State.OPEN


def test_a_dropped_table_is_waited_for(sink: Sink, database: Database) -> None:
    database.execute("DROP TABLE alerts")
    sink.send({"v": 2}, key=2).run(6)
    assert sink.counts().next == 1
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink.settle()
    assert rows(database) == [(2, 2)]


def test_a_dropped_table_is_created_again(database: Database) -> None:
    sink = write(Sink(database, auto_create=True, **BY_ID), 1, {"v": 1})
    database.execute("DROP TABLE alerts")
    write(sink, 2, {"v": 2})
    assert rows(database) == [(2, 2)]


def test_a_dropped_column_is_added_again(database: Database) -> None:
    sink = write(Sink(database, auto_create=True, auto_evolve=True, **BY_ID), 1, {"v": 1})
    database.execute("ALTER TABLE alerts DROP COLUMN v")
    write(sink, 2, {"v": 2})
    assert rows(database) == [(1, None), (2, 2)]


def test_a_dropped_column_quarantines_where_tables_do_not_grow(
    sink: Sink, database: Database
) -> None:
    database.execute("ALTER TABLE alerts DROP COLUMN v")
    write(sink, 2, {"v": 2})
    assert sink.status().cause is not None
    assert "table alerts is missing fields (v)" in sink.status().cause


def test_a_dropped_unique_index_fails_with_what_is_missing(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = write(Sink(database, **BY_ID), 1, {"v": 1})
    database.execute("ALTER TABLE alerts DROP CONSTRAINT alerts_pkey")
    with pytest.raises(ConnectError) as failed:
        write(sink, 2, {"v": 2})
    assert str(failed.value) == (
        "insert.mode=upsert needs a primary key or unique index of table alerts on exactly (id); "
        "there is none"
    )


def test_a_column_that_became_a_document_takes_a_text(database: Database) -> None:
    """`"text"` is JSON and `text` is not: the catalog has to be read again."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v text)")
    sink = write(Sink(database, **BY_ID), 1, {"v": "x"})
    database.execute("ALTER TABLE alerts ALTER v TYPE jsonb USING to_jsonb(v)")
    write(sink, 2, {"v": "y"})
    assert rows(database) == [(1, "x"), (2, "y")]


@pytest.mark.parametrize(
    ("before", "change", "value"),
    [
        ("int", "ALTER TABLE alerts ALTER v TYPE bigint", 2**40),
        ("varchar(3)", "ALTER TABLE alerts ALTER v TYPE text", "longer"),
        ("level", "ALTER TABLE alerts ALTER v TYPE text", "Worst"),
        ("real", "ALTER TABLE alerts ALTER v TYPE double precision", 0.1),
        ("numeric(5,1)", "ALTER TABLE alerts ALTER v TYPE numeric", Decimal("1.25")),
    ],
)
def test_a_value_that_fits_since_its_column_was_widened_arrives_as_it_is(
    database: Database, before: str, change: str, value: Any
) -> None:
    """Neither rejected nor rounded on its way through a stage table of the old type."""
    database.execute("CREATE TYPE level AS ENUM ('Major')")
    database.execute(f"CREATE TABLE alerts (id int PRIMARY KEY, v {before})")
    sink = write(Sink(database, **BY_ID), 1, {"v": None})
    database.execute(change)
    write(sink, 2, {"v": str(value)})
    assert rows(database) == [(1, None), (2, value)]


def test_a_column_that_was_widened_beside_one_that_is_added_takes_what_it_can(
    database: Database,
) -> None:
    """The catalog is read again for the new column; the stage table has to follow."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = write(Sink(database, auto_evolve=True, **BY_ID), 1, {"v": 1})
    database.execute("ALTER TABLE alerts ALTER v TYPE bigint")
    sink.send({"v": 2**40, "w": 1}, key=2).send({"v": 2**41}, key=3).settle()
    assert rows(database) == [(1, 1), (2, 2**40), (3, 2**41)]


def test_a_table_that_became_a_view_is_written_to(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int, v int)")
    sink = Sink(database).send({"id": 1, "v": 1}).settle()
    database.execute("ALTER TABLE alerts RENAME TO data; CREATE VIEW alerts AS SELECT * FROM data")
    sink.send({"id": 2, "v": 2}).settle()
    assert rows(database) == [(1, 1), (2, 2)]


def test_a_column_that_postgres_fills_from_now_on_is_a_bad_field(
    sink: Sink, database: Database
) -> None:
    generated = "ADD v int GENERATED ALWAYS AS (id * 2) STORED"
    database.execute(f"ALTER TABLE alerts DROP v, {generated}")
    write(sink, 2, {"v": 2})
    assert sink.status().cause is not None
    assert "only Postgres itself fills v of table alerts" in sink.status().cause


@pytest.mark.parametrize("mode", ["insert", "upsert"])
def test_a_table_that_changes_between_being_read_and_written_is_read_again(
    database: Database, mode: str
) -> None:
    """In the very first flush of a connection, when nothing is remembered of it."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int, w int)")
    sink = Batches(database, ALERTS, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    with psycopg.connect(database.url) as other:
        other.execute("SELECT FROM sinkworker_offsets FOR UPDATE")
        with meanwhile(lambda: sink.flush({ALERTS: [Message(None, {"id": 1, "v": 1})]})):
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            wait_until(lambda: database.one(waiting), 20, "the flush waits for the offset row")
            database.execute("ALTER TABLE alerts DROP v, DROP w; ALTER TABLE alerts ADD v text")
            other.commit()
    assert rows(database) == [(1, "1")]
    assert len(sink.failures) == 1


def test_a_table_that_changes_between_two_rejections_is_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written yet, so no lock is held. The second record fits the changed table."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Batches(database, ALERTS, insert_mode="upsert", pk_mode="record_value", pk_fields="id")
    sink.flush({ALERTS: [Message(None, {"id": 0, "v": 0})]})
    report, changes = sink.context.report, ["ALTER TABLE alerts ALTER v TYPE bigint"]

    def change_and_report(*rejected: Any) -> ErrantRecord:
        while changes:
            database.execute(changes.pop())
        return report(*rejected)

    monkeypatch.setattr(sink.context, "report", change_and_report)
    values = [{"id": 1, "v": "bad"}, {"id": 2, "v": 2**40}]
    told = sink.flush({ALERTS: [Message(None, value) for value in values]})
    assert told == {(ALERTS, 1): "invalid text representation (22P02) in column v"}
    assert rows(database) == [(0, 0), (2, 2**40)]


def test_a_key_whose_index_was_created_since_is_written(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Sink(database, tolerates=True, insert_mode="upsert", pk_mode="record_key")
    sink.send({"v": 1}, key={"id": 1}).settle()
    database.execute("CREATE UNIQUE INDEX ON alerts (v)")
    sink.send({"id": 5}, key={"v": 1}).settle()
    assert rows(database) == [(5, 1)]


@pytest.mark.parametrize("tolerates", [False, True], ids=["quarantined", "tolerated"])
def test_a_column_that_an_operator_added_is_found(database: Database, *, tolerates: bool) -> None:
    """As the message of the quarantine says: add the columns. The next look comes by an alter."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = write(Sink(database, tolerates=tolerates, **BY_ID), 1, {"v": 1})
    write(sink, 2, {"v": 2, "w": 2})
    database.execute("ALTER TABLE alerts ADD COLUMN w int")
    database.execute("UPDATE sinkworker_offsets SET next_offset = 1, epoch = epoch + 1")
    sink.run()
    assert database.execute("SELECT id, v, w FROM alerts") == [(1, 1, None), (2, 2, 2)]


def test_a_changed_table_beside_a_new_one_is_read_again(database: Database) -> None:
    database.execute("CREATE TABLE a (id int, v int); CREATE TABLE b (v int)")
    sink = Sink(database, topics=("a", "b")).send({"v": 1}, topic="a").settle()
    database.execute("ALTER TABLE a DROP COLUMN v")
    sink.send({"v": 2}, topic="a").send({"v": 2}, topic="b").settle()
    assert sink.status().state is State.QUARANTINED
    assert database.execute("SELECT * FROM b") == [(2,)]
