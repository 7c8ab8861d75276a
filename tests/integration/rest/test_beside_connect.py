"""Kafka Connect answers as the table says: what this worker is held to is what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rest.play import play
from tests.rest.shapes import TABLE
from tests.services import java_connect
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until
from tests.unit.rest.scene import Client

pytestmark = [pytest.mark.kafka, pytest.mark.java]


def test_kafka_connect_answers_as_the_table_says(kafka: KafkaTools, tmp_path: Path) -> None:
    if reason := java_connect.why_unavailable():
        pytest.skip(reason)
    kafka.create_topic("alerts", partitions=2)
    kafka.produce("alerts", [letter.encode() for letter in "abcde"])
    connect = java_connect.JavaConnect(tmp_path / "connect", kafka.bootstrap).start()
    try:
        client = Client(connect.port)
        wait_until(lambda: client.ask("GET", "/health").status == 200, 120, "a healthy worker")
        assert play(client, TABLE, str(tmp_path), ours=False) == []
    finally:
        connect.stop()
