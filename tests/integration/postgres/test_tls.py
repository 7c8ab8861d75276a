"""TLS to Postgres: the server is verified, and what is not trusted is refused at once."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.session import Session
from sinkworker.api import ConnectError
from tests.integration.postgres.sinks import Sink
from tests.integration.postgres.tls import TlsFront
from tests.services.database import Database

pytestmark = pytest.mark.postgres

FRONT_OF = Callable[[ssl.SSLContext], TlsFront]
FAILED = (
    'Postgres, connecting: connection failed: connection to server at "127.0.0.1", port {} failed: '
)
CHECK_ROOT = (
    "Set sslrootcert in connection.url to the certificate of the authority that signed the server's; "
    "neither may have expired."
)


class Authority(NamedTuple):
    """Who signs, and the file by which a client knows it."""

    ca: trustme.CA
    file: Path

    def context(self, *names: str) -> ssl.SSLContext:
        """A server with a certificate for these names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names).configure_cert(context)
        return context


def authority(file: Path) -> Authority:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(file))
    return Authority(ca, file)


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return authority(tmp_path / "our ca.pem")


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


@pytest.fixture
def front_of(postgres_server: object) -> Iterator[FRONT_OF]:
    """Puts a TLS front before the shared server."""
    fronts: list[TlsFront] = []

    def made(context: ssl.SSLContext) -> TlsFront:
        fronts.append(TlsFront(context, postgres_server.port))  # type: ignore[attr-defined]
        return fronts[-1]

    yield made
    for front in fronts:
        front.close()


def place(database: Database, front: TlsFront) -> str:
    """The database's address by way of the front, without parameters."""
    before, _, after = database.url.partition("127.0.0.1:")
    return f"{before}127.0.0.1:{front.port}/{after.partition('/')[2].partition('?')[0]}"


def verifying(database: Database, front: TlsFront, root: Path) -> str:
    root_file = str(root).replace(" ", "%20")
    return f"{place(database, front)}?sslmode=verify-full&sslrootcert={root_file}"


def session(url: str) -> Session:
    return Session(PostgresSinkConfig(connection_url=url), "alerts-to-pg 0", 10_000)


def refusal(url: str) -> str:
    with pytest.raises(ConnectError) as refused:
        session(url).open()
    assert type(refused.value) is ConnectError
    return str(refused.value)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("{place}?sslmode=verify-full&sslrootcert={root}", "127.0.0.1"),
        ("{place}?sslmode=verify-full&sslrootcert={root}", "localhost"),
        ("jdbc:{place}?sslmode=verify-full&sslrootcert={root}", "127.0.0.1"),
        ("jdbc:{place}?ssl=true&sslrootcert={root}", "localhost"),
    ],
)
def test_a_server_that_is_who_it_should_be_is_written_to(
    database: Database, ours: Authority, front_of: FRONT_OF, form: str, name: str
) -> None:
    front = front_of(ours.context(name))
    database.execute("CREATE TABLE alerts (id int, text text)")
    schema = database.one("SELECT current_schema()")
    url = form.format(place=place(database, front), root=str(ours.file).replace(" ", "%20"))
    sink = Sink(
        database,
        connection_url=url.replace("127.0.0.1", name),
        table_name_format=f"{schema}.alerts",
        offsets_table=f"{schema}.sinkworker_offsets",
    )
    sink.send(*({"id": i, "text": "x" * 1000} for i in range(100))).settle()
    assert database.one("SELECT count(*) FROM alerts") == 100
    sink.stop()


def test_the_connection_is_encrypted(
    database: Database, ours: Authority, front_of: FRONT_OF
) -> None:
    encrypted = session(verifying(database, front_of(ours.context("127.0.0.1")), ours.file))
    encrypted.open()
    assert encrypted.connection.pgconn.ssl_in_use
    encrypted.close()


def test_a_server_of_another_name_is_refused(
    database: Database, ours: Authority, front_of: FRONT_OF
) -> None:
    front = front_of(ours.context("db.example.org"))
    assert refusal(verifying(database, front, ours.file)) == FAILED.format(front.port) + (
        'server certificate for "db.example.org" does not match host name "127.0.0.1". '
        "Write the host in connection.url as it is in the server's certificate."
    )


def test_a_server_that_an_unknown_authority_signed_is_refused(
    database: Database, ours: Authority, front_of: FRONT_OF, tmp_path: Path
) -> None:
    front = front_of(authority(tmp_path / "theirs.pem").context("127.0.0.1"))
    assert refusal(verifying(database, front, ours.file)) == FAILED.format(front.port) + (
        f"SSL error: certificate verify failed. {CHECK_ROOT}"
    )


def test_an_authority_that_is_missing_is_told(
    database: Database, ours: Authority, front_of: FRONT_OF
) -> None:
    front, missing = front_of(ours.context("127.0.0.1")), ours.file.with_name("missing.pem")
    assert refusal(verifying(database, front, missing)) == FAILED.format(front.port) + (
        f'root certificate file "{missing}" does not exist. Either provide the file, use the '
        "system's trusted roots with sslrootcert=system, or change sslmode to disable server "
        f"certificate verification. {CHECK_ROOT}"
    )


# a server that wants to know its client


@pytest.fixture
def strict(ours: Authority, front_of: FRONT_OF) -> TlsFront:
    """It lets in only whom our authority knows."""
    context = ours.context("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    ours.ca.configure_trust(context)
    return front_of(context)


def identity(signer: Authority, folder: Path) -> str:
    """The parameters of a client's own certificate and key."""
    certificate, key = folder / "sink.pem", folder / "sink.key"
    issued = signer.ca.issue_cert("sink@example.org")
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    return f"&sslcert={certificate}&sslkey={key}"


def test_a_client_with_a_certificate_is_let_in(
    database: Database, ours: Authority, strict: TlsFront, tmp_path: Path
) -> None:
    known = session(verifying(database, strict, ours.file) + identity(ours, tmp_path))
    known.open()
    assert known.connection.execute("SELECT 1").fetchone() == (1,)
    known.close()


def test_a_client_without_one_is_told(
    database: Database, ours: Authority, strict: TlsFront
) -> None:
    told = refusal(verifying(database, strict, ours.file))
    assert told.startswith(FAILED.format(strict.port) + "SSL error: ")
    assert told.endswith("alert certificate required. Check sslcert and sslkey in connection.url.")


def test_a_client_whose_key_others_may_read_is_told(
    database: Database, ours: Authority, strict: TlsFront, tmp_path: Path
) -> None:
    parameters = identity(ours, tmp_path)
    key = tmp_path / "sink.key"
    key.chmod(0o644)
    told = refusal(verifying(database, strict, ours.file) + parameters)
    assert told.startswith(
        FAILED.format(strict.port) + f'private key file "{key}" has group or world access; '
    )
    assert told.endswith(". Check sslcert and sslkey in connection.url.")
