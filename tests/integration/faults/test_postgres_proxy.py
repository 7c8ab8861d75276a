"""What a transaction's end looks like to psycopg, and what the table then holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.faults.proxy import Fired, PostgresProxy, Then
from tests.services.database import Database
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres

LOST: tuple[Then, ...] = ("cut", "reset")
ROW = b"0123456789\n"


@pytest.fixture
def database(database: Database) -> Database:
    database.execute("CREATE TABLE t (v text)")
    return database


@contextmanager
def connected(proxy: PostgresProxy, database: Database) -> Iterator[psycopg.Connection[Any]]:
    """By the proxy, and without a word when the connection was lost."""
    with psycopg.connect(database.url) as direct:
        own = direct.info.port
    url = database.url.replace(f":{own}/", f":{proxy.port}/")
    connection = psycopg.connect(url, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def insert(connection: psycopg.Connection[Any], value: str = "x") -> None:
    with connection.transaction():
        connection.execute("INSERT INTO t VALUES (%s)", [value])


def insert_in_pipeline(connection: psycopg.Connection[Any]) -> None:
    with connection.pipeline():
        insert(connection)


def copy(connection: psycopg.Connection[Any], rows: int) -> None:
    with connection.transaction(), connection.cursor().copy("COPY t FROM STDIN") as rows_of_t:
        for _ in range(rows):
            rows_of_t.write(ROW)


def count(database: Database) -> int:
    return int(database.one("SELECT count(*) FROM t"))


def wait_for_no_transaction(database: Database) -> None:
    """Until the server noticed that the client of the proxy is gone."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    wait_until(lambda: database.one(others) == 1, 10, "no other connection")


@pytest.mark.parametrize("then", LOST)
@pytest.mark.parametrize("write", [insert, insert_in_pipeline])
def test_a_dropped_commit_has_not_happened(
    proxy: PostgresProxy, database: Database, write: Any, then: Then
) -> None:
    with connected(proxy, database) as connection:
        dropped = proxy.drop_commit(then=then)
        with pytest.raises(psycopg.OperationalError):
            write(connection)
        assert dropped.wait(0).what == "COMMIT after 0 bytes of COPY"
    wait_for_no_transaction(database)
    assert count(database) == 0


@pytest.mark.parametrize("then", LOST)
@pytest.mark.parametrize("write", [insert, insert_in_pipeline])
def test_a_commit_whose_answer_is_swallowed_has_happened(
    proxy: PostgresProxy, database: Database, write: Any, then: Then
) -> None:
    with connected(proxy, database) as connection:
        swallowed = proxy.swallow_commit_answer(then=then)
        with pytest.raises(psycopg.OperationalError):
            write(connection)
        assert swallowed.wait(0).what == "COMMIT"
    assert count(database) == 1


def test_the_nth_commit_is_meant_and_only_once(proxy: PostgresProxy, database: Database) -> None:
    with connected(proxy, database) as connection:
        proxy.drop_commit(nth=3)
        insert(connection)
        insert(connection)
        with pytest.raises(psycopg.OperationalError):
            insert(connection)
    with connected(proxy, database) as connection:
        insert(connection)
    assert count(database) == 3
    assert [(fired.name, fired.connection) for fired in proxy.fired] == [("drop_commit", 1)]


def test_only_commits_with_rows_of_copy_may_be_meant(
    proxy: PostgresProxy, database: Database
) -> None:
    with connected(proxy, database) as connection:
        dropped = proxy.drop_commit(after_copy=True)
        insert(connection)
        with pytest.raises(psycopg.OperationalError):
            copy(connection, 10)
        assert dropped.wait(0).what == "COMMIT after 160 bytes of COPY"
    assert count(database) == 1


def test_an_answer_that_says_rollback_is_told_as_that(
    proxy: PostgresProxy, database: Database
) -> None:
    with connected(proxy, database) as connection:
        swallowed = proxy.swallow_commit_answer()
        connection.execute("BEGIN")
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM nothing")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert swallowed.wait(0).what == "ROLLBACK"


@pytest.mark.parametrize("write", [insert, insert_in_pipeline])
def test_a_held_commit_happens_when_it_is_released(
    proxy: PostgresProxy, database: Database, write: Any
) -> None:
    with connected(proxy, database) as connection, ThreadPoolExecutor(1) as pool:
        held = proxy.hold_commit()
        writing = pool.submit(write, connection)
        held.wait()
        assert count(database) == 0
        assert not writing.done()
        held.release()
        writing.result(10)
    assert count(database) == 1


def test_a_held_commit_outlives_its_client(proxy: PostgresProxy, database: Database) -> None:
    """The zombie: gone, replaced, and its COMMIT still on the way."""
    with connected(proxy, database) as connection, ThreadPoolExecutor(1) as pool:
        held = proxy.hold_commit()
        writing = pool.submit(insert, connection)
        held.wait()
        connection.pgconn.finish()
        with pytest.raises(psycopg.Error):
            writing.result(10)
    assert count(database) == 0
    held.release()
    wait_until(lambda: count(database) == 1, 10, "the COMMIT arrives")
    wait_for_no_transaction(database)


def test_a_held_commit_can_be_lost_instead(proxy: PostgresProxy, database: Database) -> None:
    with connected(proxy, database) as connection, ThreadPoolExecutor(1) as pool:
        held = proxy.hold_commit()
        writing = pool.submit(insert, connection)
        held.wait()
        held.release("reset")
        with pytest.raises(psycopg.OperationalError):
            writing.result(10)
    wait_for_no_transaction(database)
    assert count(database) == 0


def test_a_held_answer_leaves_the_client_waiting_for_what_has_happened(
    proxy: PostgresProxy, database: Database
) -> None:
    with connected(proxy, database) as connection, ThreadPoolExecutor(1) as pool:
        held = proxy.hold_commit(where="answer")
        writing = pool.submit(insert, connection)
        held.wait()
        assert count(database) == 1
        assert not writing.done()
        held.release()
        writing.result(10)


def test_a_hook_is_called_while_the_commit_is_held(
    proxy: PostgresProxy, database: Database
) -> None:
    seen: list[tuple[str, str]] = []

    def look(fired: Fired) -> None:
        seen.append((fired.name, threading.current_thread().name))

    proxy.on_fire(look)
    with connected(proxy, database) as connection:
        proxy.drop_commit()
        with pytest.raises(psycopg.OperationalError):
            insert(connection)
    assert [name for name, thread in seen if thread != "MainThread"] == ["drop_commit"]


@pytest.mark.parametrize("byte", [1, 5000, 1_000_000])
@pytest.mark.parametrize("then", LOST)
def test_a_copy_that_is_cut_is_rolled_back(
    proxy: PostgresProxy, database: Database, byte: int, then: Then
) -> None:
    with connected(proxy, database) as connection:
        cut = proxy.cut_copy_at(byte, then)
        with pytest.raises(psycopg.OperationalError):
            copy(connection, 200_000)
        assert cut.wait(0).what == f"byte {byte} of CopyData"
    wait_for_no_transaction(database)
    assert count(database) == 0


def test_a_copy_is_cut_at_the_very_byte_and_once(proxy: PostgresProxy, database: Database) -> None:
    """Ten rows are 160 bytes."""
    beyond = proxy.cut_copy_at(10 * 16 + 1)
    with connected(proxy, database) as connection:
        copy(connection, 10)
        assert not beyond.has_fired
        with pytest.raises(psycopg.OperationalError):
            copy(connection, 1)
    assert beyond.wait(0).bytes == 1
    last = proxy.cut_copy_at(10 * 16)
    with connected(proxy, database) as connection, pytest.raises(psycopg.OperationalError):
        copy(connection, 10)
    assert last.has_fired
    with connected(proxy, database) as connection:
        copy(connection, 10)
    assert count(database) == 20
    assert len(proxy.fired) == 2


def test_a_black_hole_at_the_commit_closes_nothing(
    proxy: PostgresProxy, database: Database
) -> None:
    """The server keeps the transaction, as with a client whose machine lost its power."""
    with connected(proxy, database) as connection, ThreadPoolExecutor(1) as pool:
        dropped = proxy.drop_commit(then="blackhole")
        writing = pool.submit(insert, connection)
        dropped.wait()
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        wait_until(lambda: database.one(idle) == 1, 10, "the transaction stays open")
        assert not writing.done()
        proxy.reset()
        with pytest.raises(psycopg.OperationalError):
            writing.result(10)
    wait_for_no_transaction(database)
    assert count(database) == 0
