"""End-to-end tests: real Kafka, real Postgres, real worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinkworker.kafka.clients import CLIENTS, KAFKA_PYTHON
from tests.e2e.scene import Scene
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = metafunc.config.getoption("--kafka-client")
    is_for_each = metafunc.definition.get_closest_marker("each_client") is not None
    if is_for_each and chosen is None and "kafka_client" in metafunc.fixturenames:
        metafunc.parametrize("kafka_client", CLIENTS, scope="module")


@pytest.fixture(scope="session")
def kafka_client(request: pytest.FixtureRequest) -> str:
    """What workers read with."""
    return request.config.getoption("--kafka-client") or KAFKA_PYTHON


@pytest.fixture
def scene(
    kafka: KafkaTools, database: Database, tmp_path: Path, kafka_client: str
) -> Iterator[Scene]:
    scene = Scene(kafka, database, tmp_path, kafka_client)
    yield scene
    scene.close()
