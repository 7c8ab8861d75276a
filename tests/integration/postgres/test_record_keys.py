"""Upserts by keys that each record names itself, without pk.fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.integration.postgres.sinks import ADVICE, Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres

BY_OWN_KEY: Mapping[str, Any] = {"insert_mode": "upsert", "pk_mode": "record_key"}


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


@pytest.mark.parametrize("key", [{"v": 1}, {"id": 1, "v": 1}, {}], ids=["other", "more", "none"])
def test_one_record_with_a_key_of_other_fields_is_a_bad_record(
    database: Database, key: dict[str, Any]
) -> None:
    """Also alone in its batch."""
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Sink(database, tolerates=True, **BY_OWN_KEY).send({"v": 1}, key={"id": 1}).settle()
    sink.send({"v": 2}, key=key).settle()
    assert sink.counts() == Counts(next=2, records=1, errant=1, filtered=0, gaps=0)


def test_the_cause_names_the_fields_of_a_key_that_has_no_index(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int)")
    sink = Sink(database, **BY_OWN_KEY).send({"id": 1}, key={"v": 1}).settle()
    assert sink.status().cause == (
        "alerts-0 offset 0 failed in TASK_PUT: its key has the fields (v), and table alerts has no "
        f"primary key or unique index on exactly these{ADVICE}"
    )


def test_the_cause_names_the_key_that_the_other_records_of_a_table_are_written_by(
    database: Database,
) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int UNIQUE)")
    sink = Sink(database, **BY_OWN_KEY)
    sink.send({}, key={"id": 1}).send({"id": 2}, key={"v": 1}).settle()
    assert sink.status().cause == (
        "alerts-0 offset 1 failed in TASK_PUT: its key has the fields (v), and other records of this "
        f"table are written by (id){ADVICE}"
    )
