"""End-to-end tests: real Kafka, real Postgres, real worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.scene import Scene
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools


@pytest.fixture
def scene(
    kafka: KafkaTools, database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Scene]:
    scene = Scene(kafka, database, tmp_path, request.config.getoption("--kafka-client"))
    yield scene
    scene.close()
