"""Real services for tests: started once a session, on free ports, stopped at its end.

Owns the choice between docker compose (where an engine answers) and local processes. A test that
needs a service where neither is possible is skipped with the reason; when `CI` is set, that is a
failure.
"""

from __future__ import annotations

import gc
import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.services import apicurio as apicurio_registry
from tests.services import choose, versity
from tests.services import java_transforms as transforms_of_java
from tests.services.apicurio import ApicurioServer
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools
from tests.services.store import Store


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="the seed of fault rounds; else a new one")
    parser.addoption("--round", type=int, help="play this one fault round only")
    parser.addoption(
        "--kafka-client", choices=["kafka-python", "confluent"],
        help="what workers read with, in end-to-end tests and fault rounds; else tests marked "
        "each_client run with each, and rounds have them in turn",
    )  # fmt: skip


def _unavailable(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"CI is set, and a real service is missing: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def services_home() -> Iterator[Path]:
    """Where servers keep their data. Not below pytest's own folder, which other runs tidy up."""
    with tempfile.TemporaryDirectory(prefix="sinkworker-", ignore_cleanup_errors=True) as home:
        yield Path(home)


@pytest.fixture(scope="session")
def postgres_server(services_home: Path) -> Iterator[choose.Postgres]:
    """A Postgres server that tests share. Each takes a database of its own."""
    reason = choose.why_no_postgres()
    if reason:
        _unavailable(reason)
    server = choose.postgres(services_home / "postgres")
    yield server.start()
    server.stop()


@pytest.fixture
def database(postgres_server: choose.Postgres) -> Iterator[Database]:
    """An empty database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    database = Database(postgres_server.url(name))
    yield database
    database.close()
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def apicurio(services_home: Path) -> Iterator[ApicurioServer]:
    """A real schema registry that tests share. Each uses subjects of its own."""
    reason = apicurio_registry.why_unavailable()
    if reason:
        _unavailable(reason)
    server = ApicurioServer(services_home / "apicurio")
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def kafka_server(services_home: Path) -> Iterator[choose.Kafka]:
    """A broker that tests share. Each uses topics and groups of its own."""
    reason = choose.why_no_kafka()
    if reason:
        _unavailable(reason)
    server = choose.kafka(services_home / "kafka")
    yield server.start()
    server.stop()


@pytest.fixture
def kafka(kafka_server: choose.Kafka) -> Iterator[KafkaTools]:
    """Topics, records and groups on the shared broker."""
    tools = KafkaTools(kafka_server.bootstrap)
    yield tools
    tools.close()


@pytest.fixture(scope="session")
def s3_server(services_home: Path) -> Iterator[choose.S3]:
    """An S3 server that tests share. Each takes a bucket of its own."""
    reason = choose.why_no_s3()
    if reason:
        _unavailable(reason)
    server = choose.s3(services_home / "s3")
    yield server.start()
    server.stop()


@pytest.fixture
def store(s3_server: choose.S3) -> Iterator[Store]:
    """An empty bucket."""
    store = Store(s3_server.url, f"test-{uuid.uuid4().hex[:12]}")
    store.create()
    yield store
    store.close()


@pytest.fixture(scope="session")
def versity_server(services_home: Path) -> Iterator[choose.S3]:
    """Another kind of S3 server, where Go can build it; elsewhere, also when `CI` is set, no test
    needs it."""
    reason = versity.why_unavailable()
    if reason:
        pytest.skip(reason)
    versity.build()
    server = versity.VersityServer(services_home / "versity")
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def java_transforms() -> None:
    """Kafka's own transforms can be run here."""
    reason = transforms_of_java.why_unavailable()
    if reason:
        _unavailable(reason)


def pytest_sessionfinish() -> None:
    """kafka-python leaks the socket of a refused connection. Told after pytest's closing line, that
    would be the last word of a run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
