"""Temporary tables: as few as can be, and a sink that may not make them says so."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from connectors.postgres import stages
from sinkworker.api import ConnectError
from tests.integration.postgres.sinks import BY_ID, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres

TEMPORARY = "SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'"
NAMES = "abcdefg"


@pytest.fixture
def database(own_database: Database) -> Database:
    """Nobody else makes temporary tables here."""
    return own_database


def test_records_of_many_shapes_need_no_more_tables_than_those_of_one(database: Database) -> None:
    database.execute(f"CREATE TABLE alerts (id int PRIMARY KEY, {' int, '.join(NAMES)} int)")
    sink = Sink(database, **BY_ID)
    shapes = [shape for size in range(len(NAMES)) for shape in combinations(NAMES, size)]
    for shape in shapes:
        sink.send(dict.fromkeys(shape, 1), key=1).send(None, key=str(len(shape)))
    sink.settle()
    assert sink.counts().records == 2 * len(shapes) > 200
    assert database.one(TEMPORARY) == 2
    sink.stop()


def test_a_changed_table_leaves_no_tables_behind(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    sink = Sink(database, auto_evolve=True, **BY_ID)
    for name in NAMES:
        sink.send({name: 1}, key=1).settle()
    assert database.one(TEMPORARY) == 2
    sink.stop()


def test_inserts_need_none(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int)")
    sink = Sink(database, tolerates=True).send({"id": 1}, {"id": "bad"}, {"id": 2}).settle()
    assert database.one(TEMPORARY) == 0
    sink.stop()


@pytest.mark.parametrize("most_rows", [0, 3])
def test_stages_are_emptied_while_culprits_are_searched_for(
    database: Database, monkeypatch: pytest.MonkeyPatch, most_rows: int
) -> None:
    """Also what a savepoint has brought back."""
    monkeypatch.setattr(stages, "MOST_ROWS", most_rows)
    database.execute(
        "CREATE TABLE alerts (id int PRIMARY KEY, v int CHECK (v > 0), "
        "p int REFERENCES alerts DEFERRABLE INITIALLY DEFERRED)"
    )
    sink = Sink(database, tolerates=True, **BY_ID)
    for i in range(40):
        value: dict[str, Any] = {"v": i % 5, "p": i + 1 if i % 5 < 4 else None}
        sink.send(value, None, value, key=str(i))
    sink.settle()
    good = [(i,) for i in range(40) if i % 5]
    assert database.execute("SELECT id FROM alerts ORDER BY id") == good
    sink.stop()


def test_a_role_that_may_make_none_is_told(database: Database) -> None:
    name = database.one("SELECT current_database()")
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    database.execute("CREATE ROLE weak LOGIN PASSWORD 'x'; GRANT ALL ON alerts TO weak")
    database.execute("GRANT CREATE ON SCHEMA public TO weak")
    database.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM public")
    url = database.url.replace("postgres@", "weak:x@")
    sink = Sink(database, connection_url=url, **BY_ID).send({}, key=1)
    with pytest.raises(ConnectError) as failed:
        sink.settle()
    assert str(failed.value) == (
        "Postgres, making temporary tables: permission denied to create temporary tables in database "
        f'"{name}" (42501). Upserts, insert.mode=ignore and views need them: GRANT TEMPORARY on the '
        "database, and SELECT on alerts"
    )
    sink.stop()
    database.execute("DROP OWNED BY weak; DROP ROLE weak")
