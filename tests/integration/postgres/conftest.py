"""A schema for each test: a tenth of the cost of a database, which most tests do not need."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.services.choose import Postgres
from tests.services.database import Database
from tests.services.postgres import PostgresServer, why_unavailable

HOST_RULES = """
host all postgres 127.0.0.1/32 trust
host all rejected 127.0.0.1/32 reject
host all all      127.0.0.1/32 scram-sha-256
"""


@pytest.fixture(scope="module")
def shared_database(postgres_server: Postgres) -> Iterator[Database]:
    """A database that the tests of a module share."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    database = Database(postgres_server.url(name))
    yield database
    database.close()
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def schema(shared_database: Database) -> Iterator[Database]:
    """An empty schema that its URL leads to. Connections that a test leaves open are ended."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    shared_database.execute(f"CREATE SCHEMA {name}")
    inside = Database(f"{shared_database.url}?options=-csearch_path%3D{name}")
    yield inside
    inside.close()
    shared_database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.fixture(scope="session")
def own_server(services_home: Path) -> Iterator[PostgresServer]:
    """A server to stop, kill and fill up. Every role but postgres needs a password."""
    reason = why_unavailable()
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    rules = services_home / "own-postgres.hba"
    rules.write_text(HOST_RULES)
    settings = {"hba_file": str(rules), "max_connections": "25"}
    server = PostgresServer(services_home / "own-postgres", settings)
    yield server.start()
    server.stop()


@pytest.fixture
def own_database(own_server: PostgresServer) -> Iterator[Database]:
    """An empty database on that server."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(own_server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    database = Database(own_server.url(name))
    yield database
    database.close()
    with psycopg.connect(own_server.url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def tenant(schema: Database) -> Iterator[str]:
    """A role that policies apply to."""
    folder, name = schema.execute("SELECT current_schema(), 'tenant_' || pg_backend_pid()")[0]
    schema.execute(f"CREATE ROLE {name}; GRANT ALL ON SCHEMA {folder} TO {name}")
    yield name
    schema.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
