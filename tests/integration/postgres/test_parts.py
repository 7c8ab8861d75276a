"""Batches that are written in parts: a bad record costs one of them, and outcomes stay the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from connectors.postgres.copying import copy_rows
from sinkworker.api import TopicPartition
from tests.integration.postgres.batches import Batches, Message
from tests.services.database import Database

pytestmark = pytest.mark.postgres

SOURCE = TopicPartition("alerts", 0)
PARTS, PART = 4, 5
COUNT = PARTS * PART
# A sequence counts what was tried: no rollback takes it back.
TABLE = """
CREATE TABLE alerts (id int PRIMARY KEY, v int CHECK (v >= 0), p int, tried bigserial);
INSERT INTO alerts VALUES (-1, 0, NULL, 0);
SELECT nextval('alerts_tried_seq')
"""
PARENT = "ALTER TABLE alerts ADD FOREIGN KEY (p) REFERENCES alerts"
FAULTS: dict[str, dict[str, Any]] = {
    "a type": {"v": "x"}, "NUL": {"v": "\0"}, "CHECK": {"v": -1}, "a taken key": {"id": -1},
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.postgres.caution.LEAST_PART", PART)


@pytest.fixture
def database(schema: Database) -> Database:
    schema.execute(TABLE)
    return schema


def sink(database: Database, mode: str = "insert") -> Batches:
    return Batches(database, SOURCE, insert_mode=mode, pk_mode="record_value", pk_fields="id")


def rows() -> list[dict[str, Any]]:
    return [{"id": i, "v": 1, "p": None} for i in range(COUNT)]


def rejected(batches: Batches, values: Sequence[dict[str, Any]]) -> list[int]:
    start = batches.next(SOURCE)
    told = batches.flush({SOURCE: [Message(None, value) for value in values]})
    return [offset - start for _, offset in told]


def landed(database: Database) -> list[int]:
    return [id_ for (id_,) in database.execute("SELECT id FROM alerts WHERE id >= 0 ORDER BY id")]


def tried(database: Database) -> int:
    tried: int = database.one("SELECT last_value FROM alerts_tried_seq")
    return tried


@pytest.mark.parametrize("fields", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("bad", [0, 4, 5, 12, 14, 15, 19])
def test_a_bad_row_in_any_part_is_the_only_one_that_is_rejected(
    database: Database, bad: int, fields: dict[str, Any]
) -> None:
    values = rows()
    values[bad] |= fields
    assert rejected(sink(database), values) == [bad]
    assert landed(database) == [i for i in range(COUNT) if i != bad]
    assert tried(database) <= COUNT + PART + 1


@pytest.mark.parametrize("fields", FAULTS.values(), ids=list(FAULTS))
def test_bad_rows_in_all_parts_are_rejected_in_their_order(
    database: Database, fields: dict[str, Any]
) -> None:
    bad, values = [1, 4, 5, 11, 13, 19], rows()
    for index in bad:
        values[index] |= fields
    assert rejected(sink(database), values) == bad
    assert landed(database) == [i for i in range(COUNT) if i not in bad]


@pytest.mark.parametrize("deferred", ["", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"])
@pytest.mark.parametrize("bad", [None, 2, 7, 19])
def test_rows_find_their_parents_in_later_parts(
    database: Database, deferred: str, bad: int | None
) -> None:
    database.execute(PARENT + deferred)
    values = rows()
    for index in (0, 6):
        values[index]["p"] = 18
    if bad is not None:
        values[bad]["v"] = -1
    assert rejected(sink(database), values) == ([] if bad is None else [bad])
    assert landed(database) == [i for i in range(COUNT) if i != bad]


def test_a_row_whose_parent_in_a_later_part_is_bad_is_rejected_too(database: Database) -> None:
    database.execute(f"{PARENT} DEFERRABLE INITIALLY DEFERRED")
    values = rows()
    values[1]["p"], values[18]["v"] = 18, -1
    assert rejected(sink(database), values) == [1, 18]
    assert landed(database) == [i for i in range(COUNT) if i not in (1, 18)]


def test_where_rows_need_later_ones_batches_are_not_tried_in_parts_again(
    database: Database,
) -> None:
    database.execute(PARENT)
    batches, values = sink(database), rows()
    values[1]["p"] = 18
    assert rejected(batches, values) == []
    before = tried(database)
    later = [value | {"id": value["id"] + COUNT} for value in rows()]
    later[1]["p"] = 18 + COUNT
    assert rejected(batches, later) == []
    assert tried(database) == before + COUNT


def test_parts_are_smaller_for_a_while_after_a_bad_row(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.postgres.caution.LEAST_PART", 2 * COUNT)
    monkeypatch.setattr("connectors.postgres.caution.LEAST_CAUTIOUS_PART", PART)
    monkeypatch.setattr("connectors.postgres.caution.CAUTIOUS_FLUSHES", 1)
    batches = sink(database)
    costs = []
    for flush, is_bad in enumerate([True, True, False, True]):
        values = [value | {"id": value["id"] + flush * COUNT} for value in rows()]
        values[-1]["v"] = -1 if is_bad else 1
        before = tried(database)
        assert len(rejected(batches, values)) == is_bad
        costs.append(tried(database) - before)
    whole, in_parts = 2 * COUNT, COUNT + PART
    assert costs == [whole, in_parts, COUNT, whole]


# upserts: the stage is sent once


@pytest.mark.parametrize("fields", [{"v": -1}, {"serial": 1}], ids=["CHECK", "UNIQUE"])
@pytest.mark.parametrize("bad", [0, 7, 19])
def test_what_is_staged_is_not_sent_again_because_of_one_bad_row(
    database: Database, monkeypatch: pytest.MonkeyPatch, bad: int, fields: dict[str, Any]
) -> None:
    database.execute("ALTER TABLE alerts ADD serial int UNIQUE; UPDATE alerts SET serial = 1")
    sent: list[int] = []

    def counting(session: Any, target: Any, columns: Any, items: Any, row_of: Any) -> None:
        sent.append(len(items))
        copy_rows(session, target, columns, items, row_of)

    monkeypatch.setattr("connectors.postgres.upserts.copy_rows", counting)
    values = [value | {"serial": 100 + value["id"]} for value in rows()]
    values[bad] |= fields
    assert rejected(sink(database, "upsert"), values) == [bad]
    assert landed(database) == [i for i in range(COUNT) if i != bad]
    assert sent == [COUNT, 1]


@pytest.mark.parametrize("bad", [9, 10])
def test_a_key_that_is_updated_before_and_after_a_bad_row_has_its_last_values(
    database: Database, bad: int
) -> None:
    values = rows()
    values[2], values[17] = values[0] | {"v": 5}, values[0] | {"v": 7}
    values[bad]["v"] = -1
    assert rejected(sink(database, "upsert"), values) == [bad]
    assert landed(database) == [i for i in range(COUNT) if i not in (2, 17, bad)]
    assert database.one("SELECT v FROM alerts WHERE id = 0") == 7


def test_a_suspect_that_is_good_before_the_others_is_not_left_out(database: Database) -> None:
    """Its value is free until a later record takes it in another spelling."""
    database.execute("ALTER TABLE alerts ADD serial int UNIQUE")
    values = [value | {"serial": 100 + value["id"]} for value in rows()]
    values[3]["serial"], values[1]["serial"] = " 500", 500
    assert rejected(sink(database, "upsert"), values) == [3]
    values = [{"id": 50 - i, "v": 1, "serial": s} for i, s in enumerate([600, " 600", 601])]
    assert rejected(sink(database, "upsert"), values) == [1]
