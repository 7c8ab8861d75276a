"""insert.mode=upsert: the table holds the last value of every key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from sinkworker.api import ConnectError
from sinkworker.runtime.assignment import State
from tests.integration.postgres.sinks import BY_ID, Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


Operation = tuple[Any, dict[str, Any] | None]  # a key, and its new fields or a tombstone


def send(sink: Sink, *operations: Operation) -> Sink:
    for key, value in operations:
        sink.send(value, key=key)
    return sink


def rows(database: Database, columns: str = "id, level, note") -> list[tuple[Any, ...]]:
    return database.execute(f"SELECT {columns} FROM alerts ORDER BY id")


def with_table(database: Database, id_type: str = "int") -> Database:
    database.execute(f"CREATE TABLE alerts (id {id_type} PRIMARY KEY, level int, note text)")
    return database


def test_the_last_of_many_updates_in_a_batch_counts(database: Database) -> None:
    sink = Sink(with_table(database), **BY_ID)
    send(sink, *((i % 3, {"level": i, "note": "n"}) for i in range(90))).settle()
    assert rows(database) == [(0, 87, "n"), (1, 88, "n"), (2, 89, "n")]
    assert sink.counts() == Counts(next=90, records=90, errant=0, filtered=0, gaps=0)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([(1, {"level": 1}), (1, None)], []),
        ([(1, None), (1, {"level": 2})], [(1, 2, None)]),
        ([(1, {"level": 1, "note": "x"}), (1, None), (1, {"level": 3})], [(1, 3, None)]),
        ([(1, None), (1, {"level": 1}), (1, None)], []),
        ([(1, None), (2, None), (9, None)], []),
        ([(2, {"level": 5}), (1, None), (3, {"level": 6})], [(2, 5, None), (3, 6, None)]),
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["one batch", "batches of one"])
def test_deletes_and_writes_of_a_key_keep_their_order(
    database: Database, operations: Sequence[Operation], expected: list[Any], *, at_once: bool
) -> None:
    database = with_table(database)
    database.execute("INSERT INTO alerts VALUES (1, 0, 'here before')")
    sink = Sink(database, **BY_ID)
    if at_once:
        send(sink, *operations).settle()
    else:
        for operation in operations:
            send(sink, operation).settle()
    assert rows(database) == expected


@pytest.mark.parametrize("at_once", [True, False], ids=["one batch", "batches of one"])
def test_a_field_that_a_record_lacks_keeps_its_value(database: Database, *, at_once: bool) -> None:
    sink = Sink(with_table(database), **BY_ID)
    for fields in ({"level": 1}, {"note": "x"}, {"level": 2}, {}, {"note": None, "level": 3}):
        send(sink, (1, fields), (2, {"level": 0} | fields))
        if not at_once:
            sink.settle()
    sink.settle()
    assert rows(database) == [(1, 3, None), (2, 3, None)]


def test_a_partial_record_leaves_the_defaults_of_a_new_row(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, level int DEFAULT 7, note text)")
    send(Sink(database, **BY_ID), (1, {"note": "a"}), (2, {"level": None}), (3, {})).settle()
    assert rows(database) == [(1, 7, "a"), (2, None, None), (3, 7, None)]


def test_a_record_with_nothing_but_its_key_makes_a_row_and_changes_none(
    database: Database,
) -> None:
    with_table(database).execute("INSERT INTO alerts VALUES (1, 5, 'here before')")
    send(Sink(database, **BY_ID), (1, {}), (2, {})).settle()
    assert rows(database) == [(1, 5, "here before"), (2, None, None)]


def test_the_key_wins_over_a_field_of_the_same_name(database: Database) -> None:
    send(Sink(with_table(database), **BY_ID), (1, {"id": 99, "level": 1})).settle()
    assert rows(database) == [(1, 1, None)]


def test_numbers_and_their_texts_are_one_key_where_postgres_says_so(database: Database) -> None:
    sink = Sink(with_table(database), **BY_ID)
    send(sink, (1, {"level": 1}), ("2", {"level": 2}), ("1", {"level": 3})).settle()
    send(sink, ("1", {"level": 4, "note": "x"}), (" 2", {"level": 5})).settle()
    assert rows(database) == [(1, 4, "x"), (2, 5, None)]


UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


@pytest.mark.parametrize(
    ("id_type", "operations", "level"),
    [
        ("int", [(1, {"level": 1}), ("1", {"level": 2}), (1, {"level": 3})], [3]),
        ("int", [(1, {"level": 1}), ("1", {"level": 2, "note": "x"}), (1, {"level": 3})], [3]),
        ("uuid", [(UUID, {"level": 1}), (UUID.upper(), None)], []),
        ("numeric", [(1.5, {"level": 1}), ("1.50", None)], []),
    ],
    ids=["1 and its text", "other fields", "a tombstone in capitals", "a tombstone of 1.50"],
)
def test_the_last_record_of_a_key_that_is_written_in_two_ways_counts(
    database: Database, id_type: str, operations: Sequence[Operation], level: list[int]
) -> None:
    send(Sink(with_table(database, id_type), **BY_ID), *operations).settle()
    assert [row[1] for row in rows(database)] == level


def test_keys_that_only_python_finds_equal_are_different_rows(database: Database) -> None:
    sink = Sink(with_table(database, "text"), **BY_ID)
    send(sink, (1, {"level": 1}), (True, {"level": 2}), (1.0, {"level": 3})).settle()
    assert rows(database, "id, level") == [("1", 1), ("1.0", 3), ("true", 2)]


def test_composite_keys_of_an_object(database: Database) -> None:
    """All fields of the key are the primary key; their order in the index does not matter."""
    database.execute("CREATE TABLE alerts (id int, line text, level int, PRIMARY KEY (line, id))")
    sink = Sink(database, insert_mode="upsert", pk_mode="record_key", delete_enabled=True)
    send(
        sink,
        ({"id": 1, "line": "a"}, {"level": 1}),
        ({"line": "b", "id": 1}, {"level": 2}),
        ({"line": "a", "id": 1}, {"level": 3}),
        ({"id": 2, "line": "a"}, {"level": 4}),
        ({"line": "b", "id": 1}, None),
    ).settle()
    assert rows(database, "id, line, level") == [(1, "a", 3), (2, "a", 4)]


def test_a_key_with_other_fields_than_the_first_is_a_bad_record(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int, line text, PRIMARY KEY (line, id))")
    database.execute("INSERT INTO alerts VALUES (1, 'a')")
    sink = Sink(database, insert_mode="upsert", pk_mode="record_key", delete_enabled=True)
    send(sink, ({"id": 2, "line": "b"}, {}), ({"id": 1}, None)).settle()
    assert sink.status().state is State.QUARANTINED


def test_the_key_may_be_chosen_from_an_object(database: Database) -> None:
    sink = Sink(with_table(database), **BY_ID)
    send(sink, ({"id": 1, "of no use": 2}, {"level": 1}), ({"id": 1}, {"level": 2})).settle()
    assert rows(database) == [(1, 2, None)]


def test_the_key_may_be_in_the_value(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int, line text, level int, UNIQUE (id, line))")
    sink = Sink(database, insert_mode="upsert", pk_mode="record_value", pk_fields="id,line")
    for level, line in enumerate("abab"):
        sink.send({"id": 1, "line": line, "level": level})
    sink.settle()
    assert sorted(rows(database, "id, line, level")) == [(1, "a", 2), (1, "b", 3)]


def test_the_place_in_kafka_may_be_the_key_and_then_nothing_is_written_twice(
    database: Database,
) -> None:
    """An operator who moves the offset back gets no row a second time."""
    database.execute("CREATE TABLE alerts (v int, t text, p int, o bigint, PRIMARY KEY (t, p, o))")
    sink = Sink(database, insert_mode="upsert", pk_mode="kafka", pk_fields="t,p,o")
    sink.send({"v": 1}, {"v": 1}).settle()
    database.execute("UPDATE sinkworker_offsets SET next_offset = 0, epoch = epoch + 1")
    sink.run()
    assert sink.counts().records == 4
    assert database.execute("SELECT * FROM alerts ORDER BY o") == [
        (1, "alerts", 0, 0),
        (1, "alerts", 0, 1),
    ]


def test_an_upsert_without_a_unique_key_fails_with_what_is_missing(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int, level int, note text, UNIQUE (id, note))")
    with pytest.raises(ConnectError) as failed:
        send(Sink(database, **BY_ID), (1, {"level": 1})).settle()
    assert str(failed.value) == (
        "insert.mode=upsert needs a primary key or unique index of table alerts on exactly (id); "
        "there is none"
    )


@pytest.mark.parametrize(
    "index",
    [
        "CREATE UNIQUE INDEX ON alerts (id) WHERE id > 0",
        "CREATE UNIQUE INDEX ON alerts (abs(id))",
        "ALTER TABLE alerts ADD UNIQUE (id) DEFERRABLE",
        "CREATE INDEX ON alerts (id)",
    ],
)
def test_an_index_that_postgres_cannot_infer_is_no_unique_key(
    database: Database, index: str
) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    database.execute(index)
    with pytest.raises(ConnectError, match="needs a primary key or unique index"):
        send(Sink(database, **BY_ID), (1, {})).settle()


# against a model


def random_log(random: Random, length: int) -> list[Operation]:
    """Few keys, so that a batch has many operations of each; partial records and tombstones."""

    def fields() -> Mapping[str, Any]:
        chosen = random.sample(["level", "note"], random.randint(0, 2))
        return {name: random.randint(0, 99) if name == "level" else "n" for name in chosen}

    return [
        (random.randint(0, 6), None if random.random() < 0.25 else dict(fields()))
        for _ in range(length)
    ]


def last_values(log: Sequence[Operation]) -> list[tuple[Any, ...]]:
    model: dict[Any, dict[str, Any]] = {}
    for key, value in log:
        if value is None:
            model.pop(key, None)
        else:
            model[key] = model.get(key, {}) | value
    return [(key, each.get("level"), each.get("note")) for key, each in sorted(model.items())]


@pytest.mark.parametrize("seed", range(12))
def test_the_table_equals_the_last_value_per_key_of_a_random_log(
    database: Database, seed: int
) -> None:
    """In batches of random sizes, with a killed worker and an altered table in between."""
    random = Random(seed)
    log = random_log(random, 150)
    sink, sent = Sink(with_table(database), **BY_ID), 0
    while sent < len(log):
        size = random.randint(1, 60)
        send(sink, *log[sent : sent + size]).run(2)
        sent += size
        if random.random() < 0.3:
            sink.harness.crash(sink.worker)
            sink.worker = sink.harness.start()
        elif random.random() < 0.3:
            database.execute(f"ALTER TABLE alerts ADD COLUMN c{sent} int DEFAULT 1")
    sink.settle()
    assert rows(database) == last_values(log)
    assert sink.counts().next == sink.counts().records == len(log)
