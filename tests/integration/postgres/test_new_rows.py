"""insert.mode=upsert while all keys are new: COPY straight into the table, a stage only when needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from connectors.postgres.copying import copy_rows
from connectors.postgres.novelty import FIRST_PAUSE
from sinkworker.api import TopicPartition
from tests.integration.postgres.batches import Batches, Message
from tests.services.database import Database

pytestmark = pytest.mark.postgres

SOURCE = TopicPartition("alerts", 0)
COUNT = 120
TABLE = """
CREATE TABLE alerts (
  id int PRIMARY KEY, v int NOT NULL CHECK (v >= 0), "Serial, no" int UNIQUE, note text DEFAULT 'new')
"""


@pytest.fixture
def database(schema: Database) -> Database:
    schema.execute(TABLE)
    return schema


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where COPY wrote to, each time: the table, or a stage."""
    seen: list[str] = []

    def seeing(session: Any, target: Any, columns: Any, items: Any, row_of: Any) -> None:
        seen.append("table" if "alerts" in target.as_string() else "stage")
        copy_rows(session, target, columns, items, row_of)

    for module in ("upserts", "new_rows"):
        monkeypatch.setattr(f"connectors.postgres.{module}.copy_rows", seeing)
    return seen


def sink(database: Database, key: str = "id", **settings: Any) -> Batches:
    return Batches(
        database, SOURCE, insert_mode="upsert", pk_mode="record_value", pk_fields=key, **settings
    )


def rows(start: int = 0, count: int = COUNT, **fields: Any) -> list[dict[str, Any]]:
    return [{"id": start + i, "v": 1, **fields} for i in range(count)]


def rejected(batches: Batches, values: Sequence[dict[str, Any]]) -> list[int]:
    start = batches.next(SOURCE)
    told = batches.flush({SOURCE: [Message(None, value) for value in values]})
    return [offset - start for _, offset in told]


def landed(database: Database) -> dict[int, int]:
    return dict(database.execute("SELECT id, v FROM alerts"))


def test_new_keys_need_no_stage(database: Database, targets: list[str]) -> None:
    batches = sink(database)
    for start in (0, COUNT):
        assert rejected(batches, rows(start)) == []
    assert targets == ["table", "table"]
    assert landed(database) == dict.fromkeys(range(2 * COUNT), 1)


def test_of_a_key_that_is_there_twice_the_last_record_counts(
    database: Database, targets: list[str]
) -> None:
    assert rejected(sink(database), [*rows(), *rows(v=2)]) == []
    assert targets == ["table"]
    assert landed(database) == dict.fromkeys(range(COUNT), 2)


@pytest.mark.parametrize("known", [0, 60, COUNT - 1])
def test_a_known_key_is_updated_and_the_next_batches_are_staged_at_once(
    database: Database, targets: list[str], known: int
) -> None:
    database.execute(f"INSERT INTO alerts VALUES ({known}, 0, NULL, 'here before')")
    batches = sink(database)
    assert rejected(batches, rows()) == []
    assert database.one(f"SELECT note FROM alerts WHERE id = {known}") == "here before"
    for number in range(1, FIRST_PAUSE + 2):
        assert rejected(batches, rows(number * COUNT)) == []
    assert targets == ["table", *["stage"] * (FIRST_PAUSE + 1), "table"]
    assert len(landed(database)) == (FIRST_PAUSE + 2) * COUNT


@pytest.mark.parametrize("bad", [0, 1, 60, COUNT - 1])
@pytest.mark.parametrize("fields", [{"v": -1}, {"v": "x"}, {"v": None}, {"Serial, no": 7}])
def test_only_the_bad_record_is_rejected(
    database: Database, targets: list[str], bad: int, fields: dict[str, Any]
) -> None:
    database.execute("INSERT INTO alerts VALUES (-1, 1, 7)")
    values = [value | {"Serial, no": 100 + value["id"]} for value in rows()]
    values[bad] |= fields
    assert rejected(sink(database), values) == [bad]
    assert landed(database) == dict.fromkeys({-1, *range(COUNT)} - {bad}, 1)
    assert targets[0] == "table"


@pytest.mark.parametrize("bad", [0, 60])
def test_a_bad_record_beside_a_known_key_is_the_only_one_that_is_rejected(
    database: Database, bad: int
) -> None:
    database.execute("INSERT INTO alerts VALUES (-1, 1, 7), (30, 0, 8), (31, 0, 9)")
    values = rows()
    values[bad]["v"] = -1
    assert rejected(sink(database), values) == [bad]
    assert landed(database) == dict.fromkeys({-1, *range(COUNT)} - {bad}, 1)


@pytest.mark.parametrize("kind", ["UNIQUE (a)", "EXCLUDE USING btree (a WITH =)"])
def test_of_two_that_clash_the_later_one_is_rejected_whatever_their_keys(
    database: Database, targets: list[str], kind: str
) -> None:
    database.execute(f"ALTER TABLE alerts ADD a int, ADD {kind}")
    values = [{"id": COUNT - i, "v": 1, "a": i} for i in range(COUNT)]
    values[0]["a"] = values[50]["a"] = 500
    assert rejected(sink(database), values) == [50]
    assert landed(database) == dict.fromkeys(set(range(1, COUNT + 1)) - {COUNT - 50}, 1)
    assert targets[0] == "table"


def test_a_row_that_is_bad_only_where_its_key_is_new_is_not_tried(
    database: Database, targets: list[str]
) -> None:
    database.execute("INSERT INTO alerts SELECT n, 5 FROM generate_series(0, 118) AS n")
    values = [
        {"id": i, "note": "changed"} for i in range(COUNT)
    ]  # the last lacks what a new row needs
    assert rejected(sink(database), values) == [COUNT - 1]
    assert database.one("SELECT count(*) FROM alerts WHERE note = 'changed'") == COUNT - 1
    assert "table" not in targets


def test_a_table_with_row_level_security_takes_no_copy(
    database: Database, targets: list[str], tenant: str
) -> None:
    database.execute("ALTER TABLE alerts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    database.execute(f"CREATE POLICY p ON alerts USING (true); GRANT ALL ON alerts TO {tenant}")
    batches = sink(database, connection_url=f"{database.url}%20-crole%3D{tenant}")
    assert rejected(batches, rows()) == []
    assert targets == ["table", "stage"]
    assert landed(database) == dict.fromkeys(range(COUNT), 1)


def test_a_key_in_capitals_is_told_from_other_columns(
    database: Database, targets: list[str]
) -> None:
    """Postgres shows such names in quotes."""
    database.execute('ALTER TABLE alerts RENAME id TO "Id"; INSERT INTO alerts VALUES (5, 0)')
    batches = sink(database, "Id")
    values = [{"Id": value["id"], "v": 1} for value in rows()]
    assert rejected(batches, values) == []
    assert targets == ["table", "stage"]
    assert database.one("SELECT sum(v) FROM alerts") == COUNT


def by_key(database: Database) -> Batches:
    return Batches(
        database, SOURCE, insert_mode="upsert", pk_mode="record_key", pk_fields="id",
        delete_enabled=True,
    )  # fmt: skip


def test_deletes_among_new_keys_leave_the_rest_without_a_stage(
    database: Database, targets: list[str]
) -> None:
    database.execute("INSERT INTO alerts VALUES (3, 9, NULL, 'here before'), (500, 9, NULL, '')")
    messages = [Message(3, None), *(Message(i, {"v": 1}) for i in range(COUNT)), Message(5, None)]
    assert by_key(database).flush({SOURCE: messages}) == {}
    assert targets == ["stage", "table"]
    assert landed(database) == dict.fromkeys({*range(COUNT)} - {5}, 1) | {500: 9}
    assert database.one("SELECT note FROM alerts WHERE id = 3") == "new"


@pytest.mark.parametrize("place", [0, 1, COUNT])
def test_a_delete_whose_key_fits_no_column_is_rejected_alone(
    database: Database, place: int
) -> None:
    messages = [Message(i, None if i < 3 else {"v": 1}) for i in range(COUNT)]
    messages.insert(place, Message(1 << 40, None))
    assert [offset for _, offset in by_key(database).flush({SOURCE: messages})] == [place]
    assert landed(database) == dict.fromkeys(range(3, COUNT), 1)
