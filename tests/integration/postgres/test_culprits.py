"""Which record of a batch is rejected: the one that is bad, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from tests.integration.postgres.sinks import BY_ID, Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres


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


def test_a_row_whose_deferred_trigger_finds_what_it_needs_in_a_later_one_is_good(
    database: Database,
) -> None:
    """No foreign key: nothing but the time at which it fails says that others may help."""
    database.execute(
        "CREATE TABLE alerts (id int PRIMARY KEY, p int, v int);"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
        "IF NEW.p NOT IN (SELECT id FROM alerts) THEN RAISE 'no'; END IF; RETURN NEW; END$$;"
        "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON alerts DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION f()"
    )
    sink = Sink(database, tolerates=True)
    sink.send({"id": 1, "p": 3}, {"id": 2, "v": "bad"}, {"id": 3}).settle()
    assert rows(database) == [(1, 3, None), (3, None, None)]


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


def test_a_record_is_not_bad_because_of_what_a_bad_one_of_another_table_did(
    database: Database,
) -> None:
    """Of the conflict alone either may be guilty; the first one lacks its parent, too."""
    database.execute(
        "CREATE TABLE b (id int PRIMARY KEY);"
        "CREATE TABLE a (id int, p int REFERENCES b DEFERRABLE INITIALLY DEFERRED);"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO b VALUES (NEW.id); RETURN NEW; END$$;"
        "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()"
    )
    sink = Sink(database, topics=("a", "b"), tolerates=True)
    sink.send({"id": 1, "p": 99}, topic="a").send({"id": 1}, topic="b").settle()
    assert rows(database, "SELECT * FROM b") == [(1,)]
    assert [sink.counts(topic=topic).errant for topic in "ab"] == [1, 0]


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
