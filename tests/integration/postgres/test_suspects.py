"""Rows that a statement refuses without naming a line: guessed first, and never believed untried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from connectors.postgres.suspects import suspect
from sinkworker.api import TopicPartition
from tests.integration.postgres.batches import Batches, Message
from tests.services.database import Database

pytestmark = pytest.mark.postgres

SOURCE = TopicPartition("alerts", 0)
TABLE = (
    "CREATE TABLE alerts (id int PRIMARY KEY, level int CHECK (level <> 13), note text NOT NULL, "
    "serial int UNIQUE, short text CHECK (length(short) < 100))"
)
ROWS = [{"id": i, "level": i % 5, "note": f"n{i}", "serial": 100 + i} for i in range(40)]


@pytest.fixture
def database(schema: Database) -> Database:
    schema.execute(f"{TABLE}; INSERT INTO alerts VALUES (-1, 1, 'here', 1)")
    return schema


def insert(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """One by one, until one is refused."""
    query = "INSERT INTO alerts VALUES (%(id)s, %(level)s, %(note)s, %(serial)s, %(short)s)"
    for row in rows:
        database.execute(query, {"short": None, **row})


REFUSED: dict[str, tuple[dict[str, Any], int | None]] = {
    "CHECK": ({"level": 13}, 7),
    "NOT NULL": ({"note": None}, 7),
    "UNIQUE": ({"serial": 1}, 7),
    "a long value, cut off": ({"short": "x" * 100}, 7),
    "a value with commas": ({"level": 13, "note": "a, b, (c)"}, 7),
    "two rows that look alike": ({"serial": 101}, None),
}


@pytest.mark.parametrize("fields", [case[0] for case in REFUSED.values()], ids=list(REFUSED))
def test_one_row_that_looks_like_the_refused_one_is_suspected(
    database: Database, fields: dict[str, Any]
) -> None:
    rows = [dict(row) for row in ROWS]
    rows[7] |= fields
    (expected,) = [case[1] for case in REFUSED.values() if case[0] == fields]
    with pytest.raises(psycopg.IntegrityError) as refused:
        insert(database, rows)
    assert suspect(refused.value, rows) == expected


@pytest.mark.parametrize("mode", ["upsert", "ignore"])
@pytest.mark.parametrize("bad", [{7}, {0, 39}, set(range(0, 40, 3)), set(range(40))], ids=str)
@pytest.mark.parametrize("fields", [{"level": 13}, {"note": None}], ids=str)
def test_all_bad_rows_are_found_and_no_other(
    database: Database, fields: dict[str, Any], bad: set[int], mode: str
) -> None:
    sink = Batches(database, SOURCE, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    rows = [row | fields if i in bad else row for i, row in enumerate(ROWS)]
    rejected = sink.flush({SOURCE: [Message(None, row) for row in rows]})
    assert sorted(offset for _, offset in rejected) == sorted(bad)
    landed = database.execute("SELECT id FROM alerts WHERE id >= 0 ORDER BY id")
    assert [id_ for (id_,) in landed] == sorted(set(range(40)) - bad)


@pytest.mark.parametrize("looks_like", [0, 7, 39])
def test_a_row_that_is_suspected_wrongly_is_written(database: Database, looks_like: int) -> None:
    """A trigger changes what is refused, so that it looks like another row."""
    database.execute(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.id = 30 THEN "
        f"NEW := ROW({looks_like}, 13, 'n{looks_like}', {100 + looks_like}, NULL)::alerts; "
        "END IF; RETURN NEW; END$$;"
        "CREATE TRIGGER t BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION f()"
    )
    sink = Batches(database, SOURCE, insert_mode="upsert", pk_mode="record_value", pk_fields="id")
    rejected = sink.flush({SOURCE: [Message(None, row) for row in ROWS]})
    assert rejected == {
        (SOURCE, 30): "check violation (23514) of constraint alerts_level_check"
    }  # fmt: skip
    assert database.one("SELECT count(*) FROM alerts WHERE id BETWEEN 0 AND 39") == 39
