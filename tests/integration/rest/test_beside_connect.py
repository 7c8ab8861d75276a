"""Kafka Connect answers as the table says: what this worker is held to is what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rest.play import play
from tests.rest.shapes import TABLE
from tests.services import java_connect
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess
from tests.unit.rest.scene import Client

pytestmark = pytest.mark.kafka


def prepare(kafka: KafkaTools) -> None:
    """The table's topic; the broker is shared."""
    if "alerts" not in kafka.admin.list_topics(timeout=10).topics:
        kafka.create_topic("alerts", partitions=2)
        kafka.produce("alerts", [letter.encode() for letter in "abcde"])


@pytest.mark.java
def test_kafka_connect_answers_as_the_table_says(kafka: KafkaTools, tmp_path: Path) -> None:
    if reason := java_connect.why_unavailable():
        pytest.skip(reason)
    prepare(kafka)
    connect = java_connect.JavaConnect(tmp_path / "connect", kafka.bootstrap).start()
    try:
        client = Client(connect.port)
        wait_until(lambda: client.ask("GET", "/health").status == 200, 120, "a healthy worker")
        assert play(client, TABLE, str(tmp_path), ours=False) == []
    finally:
        connect.stop()


def test_this_worker_answers_as_the_table_says_on_kafka(kafka: KafkaTools, tmp_path: Path) -> None:
    prepare(kafka)
    settings = tmp_path / "worker.properties"
    settings.write_text(
        f"bootstrap.servers={kafka.bootstrap}\nlisteners=http://127.0.0.1:0\n"
        f"sinkworker.state.dir={tmp_path / 'state'}\n"
    )
    worker = WorkerProcess(log=tmp_path / "worker.log").start("--worker-config", str(settings))
    try:
        client = Client(worker.rest_port())
        assert play(client, TABLE, str(tmp_path), ours=True) == []
    finally:
        worker.kill()
