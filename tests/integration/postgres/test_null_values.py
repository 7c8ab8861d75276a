"""Null values: what becomes of them, by the settings. docs/postgres.md has this as a table."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.runtime.assignment import State
from tests.integration.postgres.sinks import ADVICE, BY_ID, Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


UPSERT = {"insert_mode": "upsert", "pk_mode": "record_key", "pk_fields": "id"}
NULL_VALUE = (
    "its value is null: set delete.enabled=true (with pk.mode=record_key and upsert) to delete the row "
    "of its key, or leave it out with behavior.on.null.values=ignore or a Filter with "
    "RecordIsTombstone"
)
NULL_KEY = "its key is null, and pk.mode=record_key makes the primary key of it"
IGNORE = {"behavior_on_null_values": "ignore"}
MATRIX: list[tuple[str, dict[str, Any], Any, str]] = [
    ("insert", {}, 1, NULL_VALUE),
    ("insert, ignoring nulls", IGNORE, 1, "left out"),
    ("upsert", UPSERT, 1, NULL_VALUE),
    ("upsert, ignoring nulls", UPSERT | IGNORE, 1, "left out"),
    ("deletes", BY_ID, 1, "deleted"),
    ("deletes, ignoring nulls", BY_ID | IGNORE, 1, "deleted"),
    ("deletes of a row that is not there", BY_ID, 2, "nothing to delete"),
    ("deletes without a key", BY_ID, None, NULL_KEY),
    ("upsert without a key", UPSERT, None, NULL_VALUE),
    ("by the value's key", UPSERT | {"pk_mode": "record_value"}, 1, NULL_VALUE),
    ("a document", {"value_column": "level"}, 1, NULL_VALUE),
    ("a document, ignoring nulls", {"value_column": "level"} | IGNORE, 1, "left out"),
]


@pytest.mark.parametrize(("settings", "key", "outcome"), [case[1:] for case in MATRIX],
                         ids=[case[0] for case in MATRIX])  # fmt: skip
def test_what_becomes_of_a_null_value(
    database: Database, settings: dict[str, Any], key: Any, outcome: str
) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, level text)")
    database.execute("INSERT INTO alerts VALUES (1, 'here before')")
    sink = Sink(database, **settings).send(None, key=key).settle()
    remaining = database.one("SELECT count(*) FROM alerts")
    if outcome in ("deleted", "nothing to delete"):
        assert (remaining, sink.counts()) == (int(key != 1), Counts(1, 1, 0, 0, 0))
    elif outcome == "left out":
        assert (remaining, sink.counts()) == (1, Counts(1, 0, errant=0, filtered=1, gaps=0))
    else:
        assert (remaining, sink.status().state) == (1, State.QUARANTINED)
        assert sink.status().cause == f"alerts-0 offset 0 failed in TASK_PUT: {outcome}{ADVICE}"


def test_nulls_that_are_left_out_are_counted_beside_good_and_bad_records(
    database: Database,
) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, tolerates=True, partitions=2, **IGNORE)
    sink.send({"id": 1}, None, {"id": "x"}, None, {"id": 2}).send(None, partition=1).settle()
    assert sink.counts(0) == Counts(next=5, records=2, errant=1, filtered=2, gaps=0)
    assert sink.counts(1) == Counts(next=1, records=0, errant=0, filtered=1, gaps=0)


def test_nulls_may_be_left_out_while_the_table_is_still_to_be_created(database: Database) -> None:
    sink = Sink(database, auto_create=True, **IGNORE).send(None, None).settle()
    assert sink.counts() == Counts(next=2, records=0, errant=0, filtered=2, gaps=0)
    assert database.one("SELECT to_regclass('alerts')") is None
