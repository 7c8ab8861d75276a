"""`sinkworker dlq`: letters listed, shown, replayed and dropped.

A letter is gone exactly when its record is in its table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from sinkworker.cli import main
from tests.integration.postgres.sinks import Counts, Sink, meanwhile
from tests.services.database import Database
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres

Run = Callable[..., Result]


@pytest.fixture
def database(schema: Database) -> Database:
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY, text varchar(5))")
    return schema


@pytest.fixture
def of(database: Database) -> Sink:
    """A sink that has written one record, and three letters."""
    of = Sink(database, tolerates=True, errors_deadletterqueue_table="dead")
    of.send({"id": 1}, b"{", {"id": 2, "text": "too long"}, {"id": 1}, key="k").settle()
    of.stop()
    return of


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Run:
    file = tmp_path / "alerts.properties"
    keys = {
        "name": "alerts-to-pg", "connector.class": "PostgresSink", "topics": "alerts",
        "connection.url": database.url, "value.converter": "JsonConverter",
        "value.converter.schemas.enable": "false", "errors.tolerance": "all",
        "errors.deadletterqueue.table": "dead",
    }  # fmt: skip

    def run(command: str, *words: str, **changes: Any) -> Result:
        given = keys | {key.replace("__", "."): value for key, value in changes.items()}
        file.write_text(
            "".join(f"{key}={value}\n" for key, value in given.items() if value is not None)
        )
        return CliRunner().invoke(main, ["dlq", command, str(file), *words])

    return run


def offsets(database: Database) -> list[int]:
    return [row[0] for row in database.execute('SELECT "offset" FROM dead ORDER BY 1')]


def rows(database: Database) -> list[Any]:
    return database.execute("SELECT id, text FROM alerts ORDER BY id")


WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock'"
)
TOO_LONG = "string data right truncation (22001) in column text"
TWICE = "unique violation (23505) of constraint alerts_pkey"


def test_list_tells_where_and_why_and_never_what(of: Sink, run: Run, database: Database) -> None:
    at = [row[0] for row in database.execute('SELECT failed_at::text FROM dead ORDER BY "offset"')]
    result = run("list")
    assert (result.exit_code, result.output.splitlines()) == (0, [
        f"alerts-0 offset 1 failed in VALUE_CONVERTER at {at[0]}: JSONDecodeError: Expecting "
        "property name enclosed in double quotes: line 1 column 2 (char 1)",
        f"alerts-0 offset 2 failed in TASK_PUT at {at[1]}: DataError: {TOO_LONG}",
        f"alerts-0 offset 3 failed in TASK_PUT at {at[2]}: DataError: {TWICE}",
    ])  # fmt: skip
    assert len(run("list", "--stage", "task_put", "--limit", "1").output.splitlines()) == 1
    assert run("list", "--topic", "other").output == ""
    assert run("list", "--partition", "1").output == ""
    (line,) = run("list", "--json", "--offset", "2").output.splitlines()
    assert json.loads(line) == {
        "topic": "alerts", "partition": 0, "offset": 2, "stage": "TASK_PUT",
        "exception": "DataError", "message": TOO_LONG, "failed_at": at[1],
        "timestamp": 1_700_000_000_003, "key": "Imsi",
        "value": "eyJpZCI6IDIsICJ0ZXh0IjogInRvbyBsb25nIn0=", "headers": [],
    }  # fmt: skip


def test_show_tells_all_of_it(of: Sink, run: Run) -> None:
    first, *rest = run("show", "--offset", "2").output.splitlines()
    assert first.endswith(TOO_LONG)
    assert rest == ['  key:   "k"', '  value: {"id": 2, "text": "too long"}']


def test_what_can_be_written_now_is_written_and_is_no_letter_any_more(
    of: Sink, run: Run, database: Database
) -> None:
    database.execute("ALTER TABLE alerts ALTER text TYPE text")
    result = run("replay")
    assert (result.exit_code, result.output.splitlines()) == (1, [
        "alerts-0 offset 1 failed in VALUE_CONVERTER: invalid JSON: EOF while parsing an object at "
        "line 1 column 1",
        f"alerts-0 offset 3 failed in TASK_PUT: {TWICE}",
        "1 written, 2 failed again",
    ])  # fmt: skip
    assert (rows(database), offsets(database)) == ([(1, None), (2, "too long")], [1, 3])
    assert of.counts() == Counts(next=4, records=2, errant=2, filtered=0, gaps=0)
    stored = database.execute('SELECT key, value, message FROM dead WHERE "offset" = 1')
    assert stored == [
        (b'"k"', b"{", "invalid JSON: EOF while parsing an object at line 1 column 1")
    ]


def test_a_replay_goes_through_the_converters_of_today(
    of: Sink, run: Run, database: Database
) -> None:
    database.execute(
        "ALTER TABLE alerts DROP CONSTRAINT alerts_pkey, ALTER text TYPE text, ALTER id DROP NOT NULL"
    )
    as_text = {"transforms.h.type": "HoistField$Value", "transforms.h.field": "text"}
    keys = {"value.converter": "StringConverter", "transforms": "h"} | as_text
    result = run("replay", **keys, value__converter__schemas__enable=None)
    assert (result.exit_code, result.output) == (0, "3 written, 0 failed again\n")
    assert rows(database)[1:] == [
        (None, "{"), (None, '{"id": 2, "text": "too long"}'), (None, '{"id": 1}'),
    ]  # fmt: skip
    assert offsets(database) == []
    assert of.counts() == Counts(next=4, records=4, errant=0, filtered=0, gaps=0)


def test_what_a_transform_leaves_out_is_no_letter_any_more(
    of: Sink, run: Run, database: Database
) -> None:
    result = run("replay", "--stage", "TASK_PUT",
                 transforms="f", **{"transforms.f.type": "Filter"})  # fmt: skip
    assert result.output == "0 written, 2 left out by a transform, 0 failed again\n"
    assert (rows(database), offsets(database)) == ([(1, None)], [1])


def test_a_replay_whose_transaction_fails_leaves_letters_and_table_as_they_were(
    of: Sink, run: Run, database: Database
) -> None:
    database.execute("ALTER TABLE alerts ALTER text TYPE text")
    database.execute(
        "CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE 'busy' USING ERRCODE = '53300'; END $$; CREATE CONSTRAINT TRIGGER busy AFTER DELETE "
        "ON dead DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION busy()"
    )
    result = run("replay")
    assert (result.exit_code, result.output) == (75, "Postgres, flushing: busy (53300)\n")
    assert (rows(database), offsets(database)) == ([(1, None)], [1, 2, 3])
    assert of.counts().errant == 3


def test_a_replay_waits_for_the_flush_of_a_worker_before_it_locks_anything(
    of: Sink, run: Run, database: Database
) -> None:
    database.execute("ALTER TABLE alerts ALTER text TYPE text")
    outputs: list[str] = []
    other = Database(database.url)
    with psycopg.connect(database.url) as flush:
        flush.execute("UPDATE sinkworker_offsets SET records = records")
        with meanwhile(lambda: outputs.append(run("replay").output)):
            wait_until(lambda: other.one(WAITS) == 1, 20, "the replay to wait")
            flush.execute('DELETE FROM dead WHERE "offset" = 3')
            flush.commit()
    other.close()
    assert outputs == [
        "Postgres: some of these dead letters are gone: somebody else replays or drops them\n"
    ]
    assert (rows(database), offsets(database)) == ([(1, None)], [1, 2])


def test_drop_removes_what_was_chosen_when_told_to(of: Sink, run: Run, database: Database) -> None:
    refused = run("drop", "--offset", "2")
    assert (refused.exit_code, offsets(database)) == (1, [1, 2, 3])
    assert run("drop", "--offset", "2", "--yes").output == "1 removed\n"
    assert offsets(database) == [1, 3]
    assert run("drop", "--yes").output == "2 removed\n"
    assert run("drop", "--yes").output == "0 removed\n"


def test_more_letters_than_a_page_are_all_replayed(run: Run, database: Database) -> None:
    of = Sink(database, tolerates=True, errors_deadletterqueue_table="dead")
    of.send(*({"id": n, "text": "too long"} for n in range(1_201))).settle().stop()
    database.execute("ALTER TABLE alerts ALTER text TYPE text")
    assert run("replay").output == "1201 written, 0 failed again\n"
    assert database.one("SELECT count(*) FROM alerts") == 1_201
    assert of.counts() == Counts(next=1_201, records=1_201, errant=0, filtered=0, gaps=0)


def test_a_connector_without_letters_of_its_own_is_told(run: Run) -> None:
    result = run("list", errors__deadletterqueue__table="")
    assert result.exit_code == 2
    assert result.output.endswith(
        "alerts-to-pg stores no dead letters itself. A topic of them is read as any topic.\n"
    )
