"""insert.mode=insert and ignore: every record becomes a row, once."""

from __future__ import annotations

import pytest

from sinkworker.api import TopicPartition
from tests.integration.postgres.sinks import Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


def alerts(database: Database) -> list[tuple[int, str]]:
    return database.execute("SELECT id, level FROM alerts ORDER BY written")


@pytest.fixture
def table(database: Database) -> Database:
    """Whatever is written twice is there twice."""
    database.execute(
        "CREATE TABLE alerts (id int, level text, written bigint GENERATED ALWAYS AS IDENTITY)"
    )
    return database


def test_every_record_becomes_a_row_in_order(table: Database) -> None:
    sink = Sink(table).send(*({"id": i, "level": "Major"} for i in range(120))).settle()
    assert alerts(table) == [(i, "Major") for i in range(120)]
    assert sink.counts() == Counts(next=120, records=120, errant=0, filtered=0, gaps=0)


def test_equal_records_are_as_many_rows(table: Database) -> None:
    Sink(table).send({"id": 1, "level": "Major"}, {"id": 1, "level": "Major"}).settle()
    assert alerts(table) == [(1, "Major"), (1, "Major")]


def test_records_of_many_partitions_land_once_each(table: Database) -> None:
    sink = Sink(table, partitions=3)
    for i in range(60):
        sink.send({"id": i, "level": "Minor"}, partition=i % 3)
    sink.settle()
    assert sorted(alerts(table)) == [(i, "Minor") for i in range(60)]
    assert [sink.counts(partition).next for partition in range(3)] == [20, 20, 20]


def test_a_second_worker_goes_on_where_the_first_was_killed(table: Database) -> None:
    """Killed with records put and not flushed."""
    sink = Sink(table).send(*({"id": i, "level": "a"} for i in range(10))).settle()
    sink.send(*({"id": i, "level": "b"} for i in range(10, 20)))
    sink.harness.step(pass_ms=0)
    sink.harness.crash(sink.worker)
    sink.worker = sink.harness.start()
    sink.settle()
    assert [id_ for id_, _ in alerts(table)] == list(range(20))


def test_gaps_move_the_offset_and_are_counted(table: Database) -> None:
    sink = Sink(table)
    source = TopicPartition("alerts", 0)
    sink.harness.broker.leave_gap(source, 3)
    sink.send({"id": 1, "level": "a"})
    sink.harness.broker.leave_gap(source, 2)
    sink.settle()
    assert sink.counts() == Counts(next=6, records=1, errant=0, filtered=0, gaps=5)


def test_topics_go_to_tables_of_their_names(database: Database) -> None:
    database.execute("CREATE TABLE a (v int); CREATE TABLE b (v int)")
    sink = Sink(database, topics=("a", "b")).send({"v": 1}, topic="a").send({"v": 2}, topic="b")
    sink.settle()
    assert database.execute("SELECT * FROM a") == [(1,)]
    assert database.execute("SELECT * FROM b") == [(2,)]


def test_several_topics_may_share_a_table(database: Database) -> None:
    database.execute("CREATE TABLE everything (v int)")
    sink = Sink(
        database, topics=("a", "b", "c"), table_name_format="everything",
        topics_to_tables_mapping="c:everything",
    )  # fmt: skip
    for value, topic in enumerate("abc"):
        sink.send({"v": value}, topic=topic)
    sink.settle()
    assert sorted(database.execute("SELECT v FROM everything")) == [(0,), (1,), (2,)]


def test_a_mapping_wins_over_the_tables_format(database: Database) -> None:
    database.execute("CREATE TABLE raw_a (v int); CREATE TABLE special (v int)")
    sink = Sink(
        database, topics=("a", "b"), table_name_format="raw_${topic}",
        topics_to_tables_mapping="b:special",
    )  # fmt: skip
    sink.send({"v": 1}, topic="a").send({"v": 2}, topic="b").settle()
    assert database.execute("SELECT * FROM raw_a") == [(1,)]
    assert database.execute("SELECT * FROM special") == [(2,)]


def test_only_the_included_fields_are_written(table: Database) -> None:
    Sink(table, fields_include="id").send({"id": 1, "level": "Major", "x": [1]}).settle()
    assert alerts(table) == [(1, None)]


def test_the_place_in_kafka_can_be_the_key(database: Database) -> None:
    database.execute(
        "CREATE TABLE alerts (v int, __connect_topic text, __connect_partition int, "
        "__connect_offset bigint)"
    )
    sink = Sink(database, partitions=2, pk_mode="kafka")
    sink.send({"v": 1}, {"v": 2}, partition=1).settle()
    assert database.execute("SELECT * FROM alerts ORDER BY v") == [
        (1, "alerts", 1, 0),
        (2, "alerts", 1, 1),
    ]


def test_ignore_keeps_the_row_that_is_there_first(database: Database) -> None:
    """Before the batch, or before in the batch."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, level text)")
    database.execute("INSERT INTO alerts VALUES (1, 'here before')")
    sink = Sink(database, insert_mode="ignore")
    sink.send({"id": 1, "level": "x"}, {"id": 2, "level": "first"}, {"id": 2, "level": "second"})
    sink.send({"id": 3}, {"level": "other order", "id": 4}).settle()
    assert database.execute("SELECT * FROM alerts ORDER BY id") == [
        (1, "here before"),
        (2, "first"),
        (3, None),
        (4, "other order"),
    ]
    assert sink.counts().records == 5


def test_ignore_works_without_any_key(table: Database) -> None:
    Sink(table, insert_mode="ignore").send(
        {"id": 1, "level": "a"}, {"id": 1, "level": "a"}
    ).settle()
    assert alerts(table) == [(1, "a"), (1, "a")]


def test_an_object_without_fields_is_a_row_of_defaults(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int DEFAULT 5)")
    Sink(database).send({}).settle()
    assert database.execute("SELECT * FROM alerts") == [(5,)]


def test_an_updatable_view_is_written_to(database: Database) -> None:
    """table.types is not honoured because tables, partitioned tables and views are written to."""
    database.execute("CREATE TABLE base (v int); CREATE VIEW alerts AS SELECT * FROM base")
    Sink(database).send({"v": 1}).settle()
    assert database.execute("SELECT * FROM base") == [(1,)]


def test_a_partitioned_table_is_written_to(database: Database) -> None:
    database.execute(
        "CREATE TABLE alerts (v int) PARTITION BY RANGE (v); "
        "CREATE TABLE low PARTITION OF alerts FOR VALUES FROM (0) TO (10); "
        "CREATE TABLE high PARTITION OF alerts FOR VALUES FROM (10) TO (20)"
    )
    Sink(database).send({"v": 3}, {"v": 13}).settle()
    assert database.execute("SELECT * FROM low") == [(3,)]
    assert database.execute("SELECT * FROM high") == [(13,)]


def test_a_view_with_a_trigger_is_written_to(database: Database) -> None:
    database.execute(
        "CREATE TABLE base (v int); CREATE VIEW alerts AS SELECT * FROM base;"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO base VALUES (NEW.v * 2); RETURN NEW; END';"
        "CREATE TRIGGER t INSTEAD OF INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION f()"
    )
    Sink(database).send({"v": 1}, {"v": 2}).settle()
    assert database.execute("SELECT * FROM base") == [(2,), (4,)]


@pytest.mark.parametrize("kind", ["view", "table"])
def test_a_rule_is_asked(database: Database, kind: str) -> None:
    """COPY would pass a table's by."""
    what = "VIEW alerts AS SELECT * FROM base" if kind == "view" else "TABLE alerts (v int)"
    database.execute(
        f"CREATE TABLE base (v int); CREATE {what};"
        "CREATE RULE r AS ON INSERT TO alerts DO INSTEAD INSERT INTO base VALUES (NEW.v * 2)"
    )
    sink = Sink(database, tolerates=True).send({"v": 1}, {"v": "x"}, {"v": 2}).settle()
    assert database.execute("SELECT * FROM base") == [(2,), (4,)]
    assert sink.counts().errant == 1
