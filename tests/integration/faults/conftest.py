"""A proxy before the shared Postgres, and a broker of its own whose clients stay on a proxy.

For tests of the judge: topics that they share, and for each a database filled from one of them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.cargo import TABLES
from tests.faults.proxy import PostgresProxy, ProxiedKafka
from tests.faults.servers import make_offset_table
from tests.integration.faults.scene import NOTE_MOVES, Scene, Written, write
from tests.services import choose
from tests.services.database import Database
from tests.services.kafka import why_unavailable
from tests.services.kafka_tools import KafkaTools


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
    home = Path(tempfile.mkdtemp(prefix="proxied-kafka-", dir=services_home))
    server = ProxiedKafka(home, proxies=2).start().start_proxies()
    yield server
    server.close_proxies()
    server.stop()


@pytest.fixture(scope="module")
def topics(kafka_server: choose.Kafka) -> Iterator[dict[str, Written]]:
    tools = KafkaTools(kafka_server.bootstrap)
    yield {table: write(tools, table) for table in ("inserted", "upserted")}
    tools.close()


def _scene(written: Written, database: Database, home: Path) -> Scene:
    make_offset_table(database.url)
    database.execute(TABLES)
    database.execute(NOTE_MOVES)
    return Scene(written, database, home)


@pytest.fixture
def inserted(topics: dict[str, Written], database: Database, tmp_path: Path) -> Scene:
    """Nothing is stored yet."""
    return _scene(topics["inserted"], database, tmp_path)


@pytest.fixture
def upserted(topics: dict[str, Written], database: Database, tmp_path: Path) -> Scene:
    """Nothing is stored yet."""
    return _scene(topics["upserted"], database, tmp_path)
