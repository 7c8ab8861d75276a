"""The session: how it is opened, what it refuses, and the sentences of what does not work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from connectors.postgres import session as session_module
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.session import Session
from sinkworker.api import ConnectError, RetriableError
from tests.faults.proxy import PostgresProxy
from tests.integration.postgres.sinks import Sink, connector
from tests.services.database import Database
from tests.services.postgres import PostgresServer
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres

SECRET = "s3cret&w%rd'"


def a_session(url: str, **settings: Any) -> Session:
    config = PostgresSinkConfig(connection_url=url, **settings)
    return Session(config, "alerts-to-pg 0", statement_timeout_ms=1234)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    session = a_session(database.url)
    session.open()
    yield session
    session.close()


def show(session: Session, name: str) -> str:
    (value,) = session.connection.execute(f"SHOW {name}").fetchone() or ("?",)
    return str(value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("application_name", "sinkworker alerts-to-pg 0"),
        ("statement_timeout", "1234ms"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("client_connection_check_interval", "5s"),
        ("timezone", "UTC"),
        ("client_encoding", "UTF8"),
    ],
)
def test_a_session_is_bounded_and_named(session: Session, setting: str, value: str) -> None:
    assert show(session, setting) == value


def test_libpq_notices_a_peer_that_vanished(session: Session) -> None:
    parameters = session.connection.info.get_parameters()
    names = ("connect_timeout", "keepalives_idle", "tcp_user_timeout", "target_session_attrs")
    assert [parameters.get(name) for name in names] == ["5", "10", "15000", "read-write"]


def test_an_address_may_choose_another_patience(database: Database) -> None:
    session = a_session(f"{database.url}?connect_timeout=9")
    session.open()
    assert session.connection.info.get_parameters()["connect_timeout"] == "9"
    session.close()


def test_a_name_longer_than_postgres_takes_is_cut_off(database: Database) -> None:
    session = Session(PostgresSinkConfig(connection_url=database.url), "漢" * 60, 1000)
    session.open()
    assert show(session, "application_name").startswith("sinkworker ")
    session.close()


def test_a_session_is_opened_once_and_again_when_it_was_lost(
    session: Session, database: Database
) -> None:
    first, generation = session.connection.info.backend_pid, session.generation
    session.open()
    assert (session.connection.info.backend_pid, session.generation) == (first, generation)
    database.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    with pytest.raises(RetriableError), session.using("looking"):
        session.connection.execute("SELECT 1")
    assert not session.is_open
    with pytest.raises(RetriableError) as gone:
        _ = session.connection
    assert str(gone.value) == "Postgres: the connection is gone"
    session.open()
    assert session.connection.info.backend_pid != first
    assert session.generation == generation + 1


def test_a_failed_statement_does_not_cost_the_session(session: Session) -> None:
    with pytest.raises(ConnectError) as failed, session.using("looking"):
        session.connection.execute("SELECT * FROM nowhere")
    assert str(failed.value) == 'Postgres, looking: relation "nowhere" does not exist (42P01)'
    assert session.is_open


def test_a_session_that_is_stuck_in_a_failed_transaction_is_closed(session: Session) -> None:
    """As after a ROLLBACK that was cancelled: nothing else would ever work on it."""
    session.connection.execute("BEGIN")
    with pytest.raises(ConnectError), session.using("testing"):
        session.connection.execute("SELECT nothing")
    assert session.is_open
    with pytest.raises(RetriableError), session.using("testing"):
        session.connection.execute("SELECT 1")
    assert not session.is_open


def test_a_connection_whose_statements_run_in_another_server_process_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a transaction pooler looks like: the process that was announced is not the one that runs."""
    real = session_module.statement

    def as_through_a_pooler(file: str, name: str) -> sql.SQL:
        return sql.SQL(real(file, name).as_string().replace("_pid()", "_pid() + 1"))

    monkeypatch.setattr(session_module, "statement", as_through_a_pooler)
    session = a_session(database.url)
    with pytest.raises(ConnectError) as refused:
        session.open()
    pid = int(str(refused.value).split("server process ")[1].split(",")[0])
    assert type(refused.value) is ConnectError
    assert str(refused.value) == (
        f"connection.url leads to a connection pooler: the connection announced server process {pid}, "
        f"and statements run in {pid + 1}. Claims name a server process, so connect to Postgres itself."
    )
    assert not session.is_open


# silence


def test_a_server_that_falls_silent_is_given_up(database: Database) -> None:
    """The proxy takes what is sent, so that TCP finds nothing to complain about."""
    port = psycopg.conninfo.conninfo_to_dict(database.url)["port"]
    proxy = PostgresProxy(int(str(port))).start()
    config = PostgresSinkConfig(connection_url=database.url.replace(f":{port}/", f":{proxy.port}/"))
    session = Session(config, "test", statement_timeout_ms=200)
    session.open()
    proxy.blackhole("to_client")
    connection = session.connection
    with (
        pytest.raises(RetriableError) as silence,
        session.using("flushing"),
        connection.transaction(),
    ):
        connection.execute("SELECT 1")
    assert str(silence.value) == "Postgres, flushing: no answer for 0.3 s"
    assert not session.is_open
    proxy.heal()
    session.open()
    session.close()
    proxy.close()


# logins


@pytest.fixture
def ann(own_database: Database) -> Iterator[Database]:
    """A database that the role ann may enter with her password."""
    quoted = SECRET.replace("'", "''")
    own_database.execute(f"CREATE ROLE ann LOGIN PASSWORD '{quoted}'; CREATE ROLE nobody NOLOGIN")
    own_database.execute(f"ALTER ROLE nobody PASSWORD '{quoted}'")
    yield own_database
    own_database.execute("DROP OWNED BY ann CASCADE; DROP ROLE ann, nobody")


def login(database: Database, own_server: PostgresServer, **settings: Any) -> Session:
    """As ann, unless said otherwise, with the address in the form of the JDBC driver."""
    name = database.one("SELECT current_database()")
    chosen = {
        "connection_url": f"jdbc:postgresql://127.0.0.1:{own_server.port}/{name}",
        "connection_user": "ann",
        "connection_password": SECRET,
    }
    return Session(PostgresSinkConfig(**chosen | settings), "test", 1000)


def test_a_role_and_its_password_may_be_keys_of_their_own(
    ann: Database, own_server: PostgresServer
) -> None:
    session = login(ann, own_server)
    session.open()
    assert session.connection.info.user == "ann"
    session.close()


CHECK_ROLE = "Check connection.user and connection.password."
FAILED = (
    'Postgres, connecting: connection failed: connection to server at "127.0.0.1", port {} failed: '
)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"connection_password": "wr0ng"},
         f'FATAL: password authentication failed for user "ann". {CHECK_ROLE}'),
        ({"connection_password": None}, f"fe_sendauth: no password supplied. {CHECK_ROLE}"),
        ({"connection_user": "eve"},
         f'FATAL: password authentication failed for user "eve". {CHECK_ROLE}'),
        ({"connection_user": "nobody"},
         f'FATAL: role "nobody" is not permitted to log in. {CHECK_ROLE}'),
        ({"connection_user": "postgres", "connection_url": "postgresql://127.0.0.1:{port}/nowhere"},
         'FATAL: database "nowhere" does not exist. Create the database, or check connection.url.'),
        ({"connection_url": "postgresql://127.0.0.1:{port}/nowhere?sslmode=require"},
         "server does not support SSL, but SSL was required. The server and the parameters of "
         "connection.url contradict each other: change one."),
        ({"connection_url": "postgresql://127.0.0.1:{port}/postgres?options=-cplant%3D1"},
         'FATAL: unrecognized configuration parameter "plant". Correct that parameter of '
         "connection.url."),
        ({"connection_user": "rejected"},
         'FATAL: pg_hba.conf rejects connection for host "127.0.0.1", user "rejected", database '
         '"{database}", no encryption. Let the role in by the server\'s pg_hba.conf, or change '
         "sslmode, the role or the host."),
    ],
)  # fmt: skip
def test_a_login_that_waiting_does_not_mend_is_refused_with_a_sentence(
    ann: Database, own_server: PostgresServer, settings: dict[str, Any], sentence: str
) -> None:
    if "connection_url" in settings:
        url = settings["connection_url"].format(port=own_server.port)
        settings = {**settings, "connection_url": url}
    session = login(ann, own_server, **settings)
    with pytest.raises(ConnectError) as refused:
        session.open()
    assert str(refused.value) == FAILED.format(own_server.port) + sentence.format(
        database=ann.one("SELECT current_database()")
    )
    assert type(refused.value) is ConnectError
    assert not session.is_open


def test_a_database_that_a_role_may_not_enter_is_refused(
    ann: Database, own_server: PostgresServer
) -> None:
    name = ann.one("SELECT current_database()")
    ann.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    with pytest.raises(ConnectError) as refused:
        login(ann, own_server).open()
    assert str(refused.value) == FAILED.format(own_server.port) + (
        f'FATAL: permission denied for database "{name}". DETAIL: User does not have CONNECT '
        "privilege. GRANT CONNECT ON that DATABASE TO the role."
    )
    assert type(refused.value) is ConnectError


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("sslmode=sometimes", 'invalid sslmode value: "sometimes"'),
        ("channel_binding=maybe", 'invalid channel_binding value: "maybe"'),
        ("keepalives=maybe", 'invalid integer value "maybe" for connection option "keepalives"'),
        ("connect_timeout=soon", "bad value for connect_timeout: 'soon'"),
    ],
)
def test_an_option_that_libpq_does_not_know_is_refused(
    database: Database, option: str, sentence: str
) -> None:
    with pytest.raises(ConnectError) as refused:
        a_session(f"{database.url}?{option}").open()
    assert type(refused.value) is ConnectError
    assert str(refused.value).endswith(f"{sentence}. Correct that parameter of connection.url.")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"connection_password": f"{SECRET}!"},
        {"connection_user": "eve"},
        {"connection_url": "jdbc:postgresql://127.0.0.1:1/nowhere"},
        {"connection_url": "jdbc:postgresql://nowhere.invalid/nowhere"},
    ],
)
def test_a_password_is_in_no_message_and_no_repr(
    ann: Database, own_server: PostgresServer, settings: dict[str, Any]
) -> None:
    session = login(ann, own_server, **settings)
    told = [repr(session._config), repr(session)]
    try:
        session.open()
        told += [repr(session.connection), str(session.connection.info)]
        session.close()
    except ConnectError as error:
        told += [str(error), repr(error), str(error.__cause__)]
    assert not [words for words in told if SECRET in words]


def test_a_server_that_does_not_answer_is_waited_for() -> None:
    with pytest.raises(RetriableError) as gone:
        a_session("postgresql://127.0.0.1:1/factory").open()
    assert str(gone.value) == FAILED.format(1) + (
        "Connection refused Is the server running on that host and accepting TCP/IP connections?"
    )


def test_a_standby_is_waited_for(database: Database) -> None:
    name = database.one("SELECT current_database()")
    database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(RetriableError, match="session is read-only"):
        a_session(database.url).open()


def test_the_check_before_the_start_leaves_no_connection(database: Database) -> None:
    connector(database).check()
    left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%check'"
    wait_until(lambda: database.one(left) == 0, 10, "its server process is gone")


def test_the_check_before_the_start_refuses_what_cannot_work(database: Database) -> None:
    with pytest.raises(ConnectError, match='database "nowhere" does not exist'):
        connector(database.url.rsplit("/", 1)[0] + "/nowhere").check()


# what a session decides about values


def test_times_are_taken_in_utc_whatever_the_database_is_set_to(database: Database) -> None:
    name = database.one("SELECT current_database()")
    database.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    database.execute("CREATE TABLE alerts (zoned timestamptz, naive timestamp)")
    Sink(database).send({"zoned": "2024-02-29 12:00", "naive": "2024-02-29T12:00:00Z"}).settle()
    assert database.execute("SELECT zoned AT TIME ZONE 'UTC' = naive, naive::text FROM alerts") == [
        (True, "2024-02-29 12:00:00")
    ]


def test_a_name_without_a_schema_is_looked_for_along_the_search_path(database: Database) -> None:
    database.execute("CREATE SCHEMA plant; CREATE TABLE plant.alerts (v int)")
    url = f"jdbc:{database.url}?currentSchema=plant,public"
    Sink(database, connection_url=url, offsets_table="public.sinkworker_offsets").send(
        {"v": 1}
    ).settle()
    assert database.execute("SELECT * FROM plant.alerts") == [(1,)]


def test_a_database_of_another_encoding_gets_the_same_text(database: Database) -> None:
    name = f"{database.one('SELECT current_database()')}_latin1"
    database.execute(f"CREATE DATABASE \"{name}\" ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    latin1 = Database(database.url.rsplit("/", 1)[0] + f"/{name}")
    try:
        latin1.execute("CREATE TABLE alerts (plain text, document text)")
        sink = Sink(latin1).send({"plain": "é", "document": {"a": "é"}}).settle()
        sink.stop()
        assert latin1.one("SHOW server_encoding") == "LATIN1"
        assert latin1.execute("SELECT plain, document FROM alerts") == [("é", '{"a":"é"}')]
    finally:
        latin1.close()
        database.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
