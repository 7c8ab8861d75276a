"""Whatever happens to the server or to the way there: nothing is lost, nothing lands twice.

Every sink here tolerates errors, and none of its records may count as errant: an outage is no bad
record. The table has no key, so that what is written twice is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random
from typing import Any

import psycopg
import pytest

from connectors.postgres import session
from sinkworker.api import RetriableError
from tests.faults.proxy import PostgresProxy
from tests.integration.postgres.sinks import BY_ID, Sink, meanwhile
from tests.services.database import Database
from tests.services.postgres import PostgresServer
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(own_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(session, "LOCK_TIMEOUT", "200ms")
    own_database.execute("CREATE TABLE alerts (id int)")
    return own_database


@pytest.fixture
def sink(database: Database) -> Iterator[Sink]:
    """A sink that has written the first ten of its records."""
    sink = send(Sink(database, tolerates=True), 0, 10).settle()
    yield sink
    sink.worker.crash()


def send(sink: Sink, first: int, last: int) -> Sink:
    return sink.send(*({"id": i} for i in range(first, last)))


def assert_exact(sink: Sink, database: Database, count: int) -> None:
    """Every record landed once and none was taken for a bad one."""
    rows = [id_ for (id_,) in database.execute("SELECT id FROM alerts ORDER BY id")]
    assert rows == list(range(count))
    assert sink.counts()[:3] == (count, count, 0)


def terminate(database: Database, *pids: int) -> None:
    for pid in pids:
        assert database.one("SELECT pg_terminate_backend(%s, 5000)", [pid])


# the connection


@pytest.fixture
def proxy(own_server: PostgresServer) -> Iterator[PostgresProxy]:
    proxy = PostgresProxy(own_server.port).start()
    yield proxy
    proxy.close()


MOMENTS: dict[str, Callable[[PostgresProxy], object]] = {
    "in the middle of a COPY": lambda proxy: proxy.cut_copy_at(8),
    "before the COMMIT": lambda proxy: proxy.drop_commit(),
    "after the COMMIT": lambda proxy: proxy.swallow_commit_answer(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_connection_that_is_lost(
    database: Database, proxy: PostgresProxy, own_server: PostgresServer, moment: str
) -> None:
    """After a COMMIT whose answer was lost, the next claim says that it has happened."""
    url = database.url.replace(f":{own_server.port}/", f":{proxy.port}/")
    sink = send(Sink(database, tolerates=True, connection_url=url), 0, 10).settle()
    for first in (10, 20, 30):
        send(sink, first, first + 10)
        MOMENTS[moment](proxy)
        sink.settle()
    assert len(proxy.fired) == 3
    assert_exact(sink, database, 40)
    sink.stop()


def test_a_server_process_that_ends_between_two_flushes(sink: Sink, database: Database) -> None:
    for first in (10, 20):
        terminate(database, sink.server_process())
        send(sink, first, first + 10).settle()
    assert_exact(sink, database, 30)


def test_a_server_process_that_ends_in_the_middle_of_a_flush(
    sink: Sink, database: Database
) -> None:
    """At the COMMIT itself, and among the rows."""
    database.execute("CREATE SEQUENCE rows_tried; CREATE SEQUENCE commits_tried")
    database.execute(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
        "IF nextval(TG_ARGV[0]::regclass) = TG_ARGV[1]::int "
        "THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END$$;"
        "CREATE TRIGGER a BEFORE INSERT ON alerts "
        "FOR EACH ROW EXECUTE FUNCTION die('rows_tried', 15);"
        "CREATE CONSTRAINT TRIGGER b AFTER INSERT ON alerts DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION die('commits_tried', 12)"
    )
    send(sink, 10, 20).settle()
    send(sink, 20, 30).settle()
    assert database.one("SELECT last_value FROM rows_tried") > 30
    assert_exact(sink, database, 30)


def test_a_server_process_that_ends_while_a_bad_row_is_searched_for(
    sink: Sink, database: Database
) -> None:
    database.execute(
        "CREATE SEQUENCE tries; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
        "IF NEW.id = 17 AND nextval('tries') = 2 "
        "THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
        "IF NEW.id = 17 THEN RAISE 'no'; END IF; RETURN NEW; END$$;"
        "CREATE TRIGGER t AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION f()"
    )
    send(sink, 10, 20).settle()
    assert database.one("SELECT last_value FROM tries") > 2
    assert sorted(database.execute("SELECT id FROM alerts")) == [(i,) for i in range(20) if i != 17]
    assert sink.counts() == (20, 19, 1, 0, 0)


def test_a_connection_that_is_lost_after_a_claim_that_kafka_did_not_follow(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed; then Kafka did not answer; then Postgres was gone as well; then both are back."""
    sink = send(Sink(database, tolerates=True), 0, 10)
    bounds, calls = sink.worker.consumer.bounds, iter(range(100))

    def once_unreachable(partitions: Any) -> Any:
        if next(calls) == 1:
            raise RetriableError("Kafka does not answer")
        return bounds(partitions)

    monkeypatch.setattr(sink.worker.consumer, "bounds", once_unreachable)
    sink.run(1)
    terminate(database, sink.server_process())
    sink.settle()
    assert_exact(sink, database, 10)


# the server


def is_read_only(database: Database) -> bool:
    with psycopg.connect(database.url) as connection:
        return connection.execute("SHOW transaction_read_only").fetchone() == ("on",)


def test_a_server_that_is_read_only_for_a_while(sink: Sink, database: Database) -> None:
    """As a primary that became a standby; new connections are then not accepted by libpq."""
    setting = "ALTER SYSTEM SET default_transaction_read_only = {}"
    database.execute(setting.format("on"))
    database.execute("SELECT pg_reload_conf()")
    try:
        wait_until(lambda: is_read_only(database), 10, "new connections are read-only")
        terminate(database, sink.server_process())
        send(sink, 10, 20).run(8)
        assert sink.counts().next == 10
    finally:
        database.execute("SET default_transaction_read_only = off")
        database.execute(setting.format("off"))
        database.execute("SELECT pg_reload_conf()")
    assert_exact(sink.settle(), database, 20)


def test_a_server_without_a_free_connection(
    sink: Sink, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    send(sink, 10, 20)
    with ExitStack() as connections:

        def take_all() -> None:
            while True:
                connections.enter_context(psycopg.connect(database.url))

        pid = sink.server_process()
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            take_all()
        terminate(database, pid)
        connections.enter_context(psycopg.connect(database.url))
        sink.run(4)
        assert "too many clients already" in caplog.text
    assert_exact(sink.settle(), database, 20)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_restarted(
    sink: Sink, database: Database, own_server: PostgresServer, mode: str
) -> None:
    send(sink, 10, 20)
    sink.harness.step(pass_ms=0)
    database.close()
    own_server.stop(mode)
    sink.run(3)
    own_server.start()
    send(sink, 20, 30)
    assert_exact(sink.settle(), database, 30)


def test_a_server_that_is_not_there_at_the_start(
    database: Database, own_server: PostgresServer
) -> None:
    database.close()
    own_server.stop()
    try:
        sink = send(Sink(database, tolerates=True), 0, 10).run(3)
        assert sink.worker.status().counters.retries > 0
    finally:
        own_server.start()
    assert_exact(sink.settle(), database, 10)
    sink.stop()


# locks and time limits


def test_a_table_that_somebody_locks(sink: Sink, database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        connection.execute("LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE")
        send(sink, 10, 20).run(3)
    assert sink.worker.status().counters.retries > 0
    assert_exact(sink.settle(), database, 20)


def let_each_row_take(database: Database, seconds: float) -> None:
    database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
        f"'BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION slow()"
    )


def test_a_statement_that_takes_too_long(database: Database) -> None:
    let_each_row_take(database, 30)
    sink = send(Sink(database, tolerates=True, plan={"flush_timeout_ms": 600}), 0, 10).run(4)
    assert sink.worker.status().counters.retries > 0
    database.execute("DROP TRIGGER t ON alerts")
    assert_exact(sink.settle(), database, 10)
    sink.stop()


def test_a_batch_that_never_fits_in_a_statement_s_time_gets_through_in_parts(
    database: Database,
) -> None:
    let_each_row_take(database, 0.02)
    sink = send(Sink(database, tolerates=True, plan={"flush_timeout_ms": 900}), 0, 60).settle()
    assert sink.worker.status().counters.retries > 0
    assert_exact(sink, database, 60)
    sink.stop()


def test_a_deadlock_whose_victim_is_the_flush(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody holds row 2 and then wants row 1, which the flush holds while it waits for row 2."""
    monkeypatch.setattr(session, "LOCK_TIMEOUT", "30s")
    database.execute("ALTER TABLE alerts ADD PRIMARY KEY (id), ADD v int")
    database.execute("INSERT INTO alerts VALUES (1), (2)")
    url = f"{database.url}?options=-cdeadlock_timeout%3D500ms"
    sink = Sink(database, tolerates=True, connection_url=url, **BY_ID).run(2)
    sink.send({"v": 1}, key=2).send({"v": 1}, key=1)
    with psycopg.connect(database.url) as other:
        other.execute("SET deadlock_timeout = '60s'; SET lock_timeout = '30s'")
        other.execute("UPDATE alerts SET v = 0 WHERE id = 2")
        with meanwhile(sink.settle):
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            wait_until(lambda: database.one(waiting), 10, "the flush waits for row 2")
            other.execute("UPDATE alerts SET v = 0 WHERE id = 1")
            other.commit()
    assert "deadlock detected (40P01)" in caplog.text
    assert database.execute("SELECT * FROM alerts ORDER BY id") == [(1, 1), (2, 1)]
    assert sink.counts()[:3] == (2, 2, 0)
    sink.stop()


def test_two_tasks_that_write_and_delete_the_same_keys_in_any_order(database: Database) -> None:
    database.execute("ALTER TABLE alerts ADD PRIMARY KEY (id), ADD a int, ADD b int")
    sinks = [Sink(database, name=name, tolerates=True, **BY_ID) for name in ("one", "two")]
    for seed, sink in enumerate(sinks):
        random = Random(seed)
        for _ in range(1500):
            value = random.choice([None, {"a": 1}, {"b": 2}, {"a": 3, "b": 4}])
            sink.send(value, key=random.randint(0, 40))
    with ExitStack() as running:
        for sink in sinks:
            running.enter_context(meanwhile(sink.settle))
    assert [sink.counts()[:3] for sink in sinks] == [(1500, 1500, 0)] * 2
    for sink in sinks:
        sink.stop()
