"""COPY in blocks: the same arrives with and without psycopg's own loop, and errors name the row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from connectors.postgres import copying
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.copying import BLOCK_BYTES, copy_rows
from connectors.postgres.pieces import BadRowError
from connectors.postgres.session import Session
from tests.services.database import Database

pytestmark = pytest.mark.postgres

COLUMNS = ("id", "v")
Rows = list[tuple[Any, Any]]


@pytest.fixture(params=["blocks", "rows"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """rows: as with a psycopg that has no such function."""
    if request.param == "rows":
        monkeypatch.setattr(copying, "format_row_text", None)
    return str(request.param)


@pytest.fixture
def session(schema: Database) -> Iterator[Session]:
    schema.execute("CREATE TABLE alerts (id int, v text, n bigserial)")
    session = Session(PostgresSinkConfig(connection_url=schema.url), "test", 10_000)
    session.open()
    yield session
    session.close()


def copy(session: Session, rows: Rows) -> None:
    copy_rows(session, sql.Identifier("alerts"), COLUMNS, rows, lambda row: row)


def test_this_psycopg_has_what_blocks_are_made_with(way: str) -> None:
    assert (copying.format_row_text is None) == (way == "rows")


@pytest.mark.parametrize(
    "sizes",
    [(0,), (0, 1), (1, 200), (100, 20_000), (BLOCK_BYTES, 3 * BLOCK_BYTES), (0, 2_000_000)],
)
def test_rows_of_any_size_arrive_in_their_order(
    schema: Database, session: Session, sizes: tuple[int, ...]
) -> None:
    dice = random.Random(str(sizes))
    count = min(4000, 20_000_000 // max(*sizes, 1))
    rows = [(i, "é\t\\\n" * (dice.choice(sizes) // 5)) for i in range(count)]
    copy(session, rows)
    assert schema.execute("SELECT id, v FROM alerts ORDER BY n") == rows


def test_nothing_is_copied_of_no_rows(schema: Database, session: Session) -> None:
    copy(session, [])
    assert schema.one("SELECT count(*) FROM alerts") == 0


@pytest.mark.parametrize("place", [0, 15, 16, 17, 700, 2999])
@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ((1, "a\0b"), psycopg.DataError),
        ((1, "\ud800"), UnicodeEncodeError),
        ((1, object()), psycopg.ProgrammingError),
        (("x", "v"), psycopg.errors.InvalidTextRepresentation),
        ((1 << 40, "v"), psycopg.errors.NumericValueOutOfRange),
    ],
    ids=["NUL", "surrogate", "no text", "no number", "too large"],
)
def test_a_bad_row_is_named_by_its_index(
    schema: Database, session: Session, place: int, bad: tuple[Any, Any], error: type[Exception]
) -> None:
    rows: Rows = [(i, "v" * 100) for i in range(3000)]
    rows[place] = bad
    with pytest.raises(BadRowError) as caught:
        copy(session, rows)
    assert caught.value.index == place
    assert isinstance(caught.value.__cause__, error)
    assert schema.one("SELECT count(*) FROM alerts") == 0
