"""`verify` on tables: by the columns that say where a row was read, else by counting."""

from __future__ import annotations

import pytest

from sinkworker.administration.verification.report import Report
from sinkworker.administration.verification.verifying import verify
from sinkworker.api import Alteration, Coordinates, Offset, TopicPartition
from sinkworker.testing import InMemoryConsumer
from tests.integration.postgres.sinks import BY_ID, Sink, connector
from tests.services.database import Database

pytestmark = pytest.mark.postgres

P0 = TopicPartition("alerts", 0)
BY_KAFKA = {"pk_mode": "kafka"}
COLUMNS = Coordinates("t", "p", "o")


def checked(
    sink: Sink, coordinates: Coordinates | None = None, *places: str, **settings: str
) -> Report:
    audit = connector(sink.database, **settings).audit(coordinates, places)
    broker = sink.harness.broker
    return verify(
        sink.name, audit, lambda found: InMemoryConsumer(broker, "none", partitions=found)
    )


@pytest.fixture
def by_kafka(schema: Database) -> Sink:
    """Five rows with Kafka's three columns, without a constraint on them."""
    schema.execute(
        "CREATE TABLE alerts (id int, __connect_topic text, __connect_partition int, "
        "__connect_offset bigint)"
    )
    sink = Sink(schema, tolerates=True, **BY_KAFKA)
    sink.send({"id": 1}, {"id": 2}, b"{", {"id": 3}, {"id": 4}, {"id": 5}).settle()
    return sink


def test_rows_are_compared_by_the_columns_of_their_key(by_kafka: Sink) -> None:
    report = checked(by_kafka, **BY_KAFKA)
    assert report.verdict == "alerts-to-pg is exact, compared by offset."
    (partition,) = report.partitions
    assert (partition.stored, partition.rows, partition.log) == (6, 5, 6)


@pytest.mark.parametrize(
    ("doctoring", "problem"),
    [
        ("DELETE FROM alerts WHERE id = 3", "alerts-0: 1 row(s) missing: among 0 to 6"),
        (
            "INSERT INTO alerts SELECT * FROM alerts WHERE id = 3",
            "alerts-0: 1 row(s) too many: offset 3",
        ),
        (
            "INSERT INTO alerts VALUES (9, 'alerts', 0, 9)",
            "alerts-0: 1 row(s) of offsets from 6 on, which were never committed",
        ),
        (
            "UPDATE sinkworker_offsets SET next_offset = 4",
            "alerts-0: the ledger ends at 6 with epoch 1, and the stored offset is 4 with epoch 1: it "
            "was moved past the ledger",
        ),
        ("DROP TABLE alerts", "table alerts: table alerts is missing"),
    ],
)
def test_what_was_doctored_is_told(by_kafka: Sink, doctoring: str, problem: str) -> None:
    by_kafka.database.execute(doctoring)
    assert problem in checked(by_kafka, **BY_KAFKA).problems


def test_others_rows_in_the_same_table_are_none_of_this_connectors(by_kafka: Sink) -> None:
    by_kafka.database.execute(
        "INSERT INTO alerts VALUES (9, 'alerts', 7, 0), (9, 'audit', 0, 0), (9, NULL, NULL, NULL)"
    )
    assert checked(by_kafka, **BY_KAFKA).problems == []


def test_columns_that_transforms_fill_are_used_where_the_table_has_them(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id int, t text, p int, o bigint)")
    sink = Sink(schema)
    sink.send(*({"id": n, "t": "alerts", "p": 0, "o": n} for n in range(3))).settle()
    schema.execute("DELETE FROM alerts WHERE o = 1")
    assert checked(sink, COLUMNS).problems == ["alerts-0: 1 row(s) missing: offset 1"]
    assert checked(sink, COLUMNS._replace(topic=None)).problems == [
        "alerts-0: 1 row(s) missing: offset 1"
    ]
    elsewhere = checked(sink, Coordinates("t", "p", "no_column"))
    assert elsewhere.places[0].compared == "by count"
    assert elsewhere.problems == [
        "table alerts: 1 row(s) missing: it holds 2, and 3 records were committed to it"
    ]


def test_what_was_read_again_is_there_twice_and_accounted_for(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id int)")
    sink = Sink(schema).send(*({"id": n} for n in range(10))).settle()
    store = connector(schema).offset_store()
    store.alter({P0: Alteration(Offset(6))})
    store.close()
    sink.run(40).settle()
    report = checked(sink)
    assert report.problems == []
    (place,) = report.places
    assert (place.rows, place.expected) == (14, "10 to 14")
    assert report.partitions[0].moves == [
        "an operator set it back from 10 to 6: 4 offsets are read again"
    ]
    schema.execute("DELETE FROM alerts WHERE id < 5")
    assert checked(sink).problems == [
        "table alerts: 1 row(s) missing: it holds 9, and 14 records were committed to it"
    ]


def test_a_working_connector_is_not_disturbed_and_is_seen_at_one_moment(
    by_kafka: Sink, schema: Database
) -> None:
    """A flush that is under way holds its locks; what it has not committed is not there."""
    other = Database(schema.url)
    other.execute("BEGIN")
    other.execute("UPDATE sinkworker_offsets SET next_offset = 7")
    other.execute("INSERT INTO alerts VALUES (6, 'alerts', 0, 6)")
    assert checked(by_kafka, **BY_KAFKA).problems == []
    other.execute("ROLLBACK")
    other.close()


def test_rows_may_be_elsewhere_than_the_topic_says(by_kafka: Sink) -> None:
    by_kafka.database.execute("ALTER TABLE alerts RENAME TO alerts_2026")
    assert checked(by_kafka, None, "alerts_2026", **BY_KAFKA).problems == []


KEYED: dict[str, str] = {
    "insert_mode": "upsert", "pk_mode": "record_value", "pk_fields": "id",
}  # fmt: skip


def test_of_rows_with_keys_it_says_no_more_than_it_knows(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    sink = Sink(schema, **KEYED).send({"id": 1}, {"id": 1}, {"id": 2}).settle()
    assert checked(sink, **KEYED).verdict == (
        "alerts-to-pg: nothing is wrong as far as it can be seen, compared at most by count. A row "
        "with a key stands for many records, so one that is missing does not show."
    )
    schema.execute("INSERT INTO alerts SELECT generate_series(10, 20)")
    assert checked(sink, **KEYED).problems == [
        "table alerts: 10 row(s) too many: it holds 13, and 3 records were committed to it"
    ]


def checked_by_key(sink: Sink, **settings: str | bool) -> Report:
    broker, pipeline = sink.harness.broker, sink.worker._parts.pipeline
    audit = connector(sink.database, **settings).audit()
    return verify(
        sink.name, audit, lambda found: InMemoryConsumer(broker, "none", partitions=found), pipeline
    )


def test_rows_with_keys_are_as_many_as_the_log_has_keys(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY, text varchar(3))")
    sink = Sink(schema, partitions=2, **BY_ID)
    for number in (1, 2, 3, 4, 5):
        sink.send({"text": "a"}, {"text": "b"}, key=number, partition=number % 2)
    sink.send(None, key=2).send(None, {"text": "c"}, key=3, partition=1).settle()
    report = checked_by_key(sink, **BY_ID)
    assert report.verdict == "alerts-to-pg is exact, compared by number of keys."
    (place,) = report.places
    assert (place.rows, place.expected) == (4, "4")
    schema.execute("DELETE FROM alerts WHERE id = 3")
    assert checked_by_key(sink, **BY_ID).problems == [
        "table alerts: 1 row(s) missing: it holds 3, and the log has 4 keys that were not deleted"
    ]
    schema.execute("INSERT INTO alerts VALUES (3), (2)")
    assert checked_by_key(sink, **BY_ID).problems == [
        "table alerts: 1 row(s) too many: it holds 5, and the log has 4 keys that were not deleted"
    ]


def test_what_kafka_no_longer_holds_may_have_left_more_rows_but_not_fewer(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    sink = Sink(schema, **KEYED).send(*({"id": n} for n in range(10))).settle()
    sink.harness.broker.delete_records(P0, 4)
    report = checked_by_key(sink, **KEYED)
    assert report.verdict == (
        "alerts-to-pg: nothing is wrong as far as it can be seen, compared by number of keys. Kafka no "
        "longer holds all that was committed."
    )
    assert report.places[0].expected == "6 or more"
    schema.execute("DELETE FROM alerts WHERE id > 4")
    assert checked_by_key(sink, **KEYED).problems == [
        "table alerts: 1 row(s) missing: it holds 5, and the log has 6 keys that were not deleted"
    ]


def test_keys_that_only_postgres_can_compare_are_not_counted_on(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id numeric PRIMARY KEY)")
    sink = Sink(schema, **KEYED).send({"id": 1}, {"id": 1.0}, {"id": 2}).settle()
    (place,) = checked_by_key(sink, **KEYED).places
    assert (place.rows, place.expected, place.problems) == (2, "0 to 3", [])
