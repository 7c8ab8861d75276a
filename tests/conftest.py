"""Real services for tests: started once a session, on free ports, stopped at its end.

Owns the choice between docker compose (where an engine answers) and local processes. A test that
needs a service where neither is possible is skipped with the reason; when `CI` is set, that is a
failure.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.services import choose
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools


def _unavailable(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"CI is set, and a real service is missing: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[choose.Postgres]:
    """A Postgres server that tests share. Each takes a database of its own."""
    reason = choose.why_no_postgres()
    if reason:
        _unavailable(reason)
    server = choose.postgres(tmp_path_factory.mktemp("postgres"))
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
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[choose.Kafka]:
    """A broker that tests share. Each uses topics and groups of its own."""
    reason = choose.why_no_kafka()
    if reason:
        _unavailable(reason)
    server = choose.kafka(tmp_path_factory.mktemp("kafka"))
    yield server.start()
    server.stop()


@pytest.fixture
def kafka(kafka_server: choose.Kafka) -> Iterator[KafkaTools]:
    """Topics, records and groups on the shared broker."""
    tools = KafkaTools(kafka_server.bootstrap)
    yield tools
    tools.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path
