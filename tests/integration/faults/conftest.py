"""A proxy before the shared Postgres, and a broker of its own whose clients stay on a proxy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.proxy import PostgresProxy, ProxiedKafka
from tests.services.database import Database
from tests.services.kafka import why_unavailable


@pytest.fixture
def proxy(database: Database) -> Iterator[PostgresProxy]:
    with psycopg.connect(database.url) as connection:
        proxy = PostgresProxy(connection.info.port)
    yield proxy.start()
    proxy.close()


@pytest.fixture(scope="module")
def proxied_kafka(services_home: Path) -> Iterator[ProxiedKafka]:
    reason = why_unavailable()
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    server = ProxiedKafka(services_home / "proxied-kafka", proxies=2).start().start_proxies()
    yield server
    server.close_proxies()
    server.stop()
