"""Dead letters in a table: each record that could not be written, once, as it was read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sinkworker.api import ConnectError, TopicPartition
from tests.integration.postgres.sinks import Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres

P0 = TopicPartition("alerts", 0)

# At COMMIT, an error that is waited out, as long as there is a row in `hold`.
BUSY = """
CREATE TABLE hold (v int);
CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM hold) THEN RAISE 'busy' USING ERRCODE = '53300'; END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER busy AFTER INSERT ON dead DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION busy()
"""


@pytest.fixture
def database(schema: Database) -> Database:
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY, text varchar(9))")
    return schema


def letters_of(database: Database, columns: str = 'partition, "offset", stage, message') -> Any:
    return database.execute(f'SELECT {columns} FROM dead ORDER BY partition, "offset"')


def sink(database: Database, **settings: Any) -> Sink:
    return Sink(database, tolerates=True, errors_deadletterqueue_table="dead", **settings)


def test_a_record_of_any_stage_becomes_a_letter_with_its_bytes_and_its_cause(
    database: Database,
) -> None:
    of = sink(database)
    of.send({"id": 1}, b"{", {"id": "x"}, {"id": 4}, b"5", key="k").settle().stop()
    assert database.execute("SELECT id FROM alerts ORDER BY id") == [(1,), (4,)]
    assert letters_of(database) == [
        (0, 1, "VALUE_CONVERTER",
         "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (0, 2, "TASK_PUT", "invalid text representation (22P02) in column id"),
        (0, 4, "TASK_PUT", "its value is no object but int, and a row needs fields"),
    ]  # fmt: skip
    columns = "connector, task, topic, exception, class, key, value, headers"
    task = "connectors.postgres.task.PostgresSinkTask"
    assert letters_of(database, columns) == [
        ("alerts-to-pg", 0, "alerts", "JSONDecodeError", "sinkworker.testing.harness.PlainJson",
         b'"k"', b"{", []),
        ("alerts-to-pg", 0, "alerts", "DataError", task, b'"k"', b'{"id": "x"}', []),
        ("alerts-to-pg", 0, "alerts", "DataError", task, b'"k"', b"5", []),
    ]  # fmt: skip
    assert of.counts() == Counts(next=5, records=2, errant=3, filtered=0, gaps=0)


def test_headers_timestamps_and_missing_parts_are_as_they_were_read(database: Database) -> None:
    of = sink(database)
    headers = [("a", b"\x00\xff"), ("a", None), ("NUL \0", b"")]
    of.harness.broker.produce(P0, None, None, headers=headers, timestamp=1_700_000_000_123)
    of.harness.broker.produce(P0, None, None, timestamp=2**62)
    of.settle().stop()
    time = datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
    assert letters_of(database, "key, value, headers, timestamp") == [
        (None, None, [{"key": "a", "value": "AP8="}, {"key": "a", "value": None},
                      {"key": "NUL \\x00", "value": ""}], time),
        (None, None, [], None),
    ]  # fmt: skip


def test_letters_share_the_fate_of_their_flush(database: Database) -> None:
    """Nothing when it is rolled back, and each once when it is tried again."""
    of = sink(database).run(2)
    database.execute(BUSY)
    database.execute("INSERT INTO hold VALUES (1)")
    of.send({"id": 1}, b"{", {"id": "x"}).run(4)
    assert letters_of(database) == []
    assert database.execute("SELECT id FROM alerts") == []
    database.execute("DELETE FROM hold")
    of.settle().stop()
    assert [row[1] for row in letters_of(database)] == [1, 2]
    assert database.execute("SELECT id FROM alerts") == [(1,)]
    assert of.counts() == Counts(next=3, records=1, errant=2, filtered=0, gaps=0)


def test_a_record_that_is_read_again_replaces_its_letter(database: Database) -> None:
    of = sink(database)
    of.send(b"{", {"id": 1}).settle()
    database.execute("UPDATE sinkworker_offsets SET next_offset = 0, epoch = epoch + 1")
    database.execute("UPDATE dead SET message = 'old'; DELETE FROM alerts")
    of.run(20).settle().stop()
    ((_, offset, _, message),) = letters_of(database)
    assert offset == 0
    assert message.startswith("Expecting property name")


def test_a_table_that_is_no_table_of_letters_stops_the_task(database: Database) -> None:
    database.execute("CREATE TABLE dead (id int)")
    of = sink(database)
    with pytest.raises(ConnectError, match=r'column "connector" of relation "dead" does not exist'):
        of.send(b"{").run()


def test_without_a_table_records_are_left_out_and_nothing_of_them_is_kept(
    database: Database,
) -> None:
    of = Sink(database, tolerates=True)
    of.send(b"{", {"id": 1}).settle().stop()
    assert of.counts() == Counts(next=2, records=1, errant=1, filtered=0, gaps=0)
    assert database.one("SELECT to_regclass('dead')") is None


def test_many_letters_are_written_with_their_flush(database: Database) -> None:
    of = sink(database)
    of.send(*({"id": n} if n % 2 else b"{" for n in range(2_000))).settle().stop()
    assert database.one("SELECT count(*) FROM dead") == 1_000
    assert database.one("SELECT count(*) FROM alerts") == 1_000
