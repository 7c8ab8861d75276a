"""Topics that the judge's tests share, and for each test a database filled from one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cargo import TABLES
from tests.faults.servers import make_offset_table
from tests.integration.faults.scene import Scene, Written, write
from tests.services import choose
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools


@pytest.fixture(scope="module")
def topics(kafka_server: choose.Kafka) -> Iterator[dict[str, Written]]:
    tools = KafkaTools(kafka_server.bootstrap)
    yield {table: write(tools, table) for table in ("inserted", "upserted")}
    tools.close()


def _scene(written: Written, database: Database, home: Path) -> Scene:
    make_offset_table(database.url)
    database.execute(TABLES)
    return Scene(written, database, home)


@pytest.fixture
def inserted(topics: dict[str, Written], database: Database, tmp_path: Path) -> Scene:
    """Nothing is stored yet."""
    return _scene(topics["inserted"], database, tmp_path)


@pytest.fixture
def upserted(topics: dict[str, Written], database: Database, tmp_path: Path) -> Scene:
    """Nothing is stored yet."""
    return _scene(topics["upserted"], database, tmp_path)
