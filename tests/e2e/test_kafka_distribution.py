"""The standalone pair of files that comes with Apache Kafka starts as it is.

kafka_distribution/ holds their settings, without the comments. They say localhost:9092, so a port
is forwarded from there.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.forwarder import Forwarder
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until

pytestmark = pytest.mark.kafka

FILES = Path(__file__).with_name("kafka_distribution")


@pytest.fixture
def broker_at_9092(kafka: KafkaTools) -> Iterator[KafkaTools]:
    try:
        forwarder = Forwarder(9092, int(kafka.bootstrap.rpartition(":")[2]))
    except OSError:
        pytest.skip("somebody else listens on port 9092")
    yield kafka
    forwarder.close()


def enveloped(text: str) -> bytes:
    schema = {"type": "string", "optional": False}
    return json.dumps({"schema": schema, "payload": text}).encode()


def test_the_standalone_file_sink_of_kafka_starts_unchanged(
    broker_at_9092: KafkaTools, tmp_path: Path
) -> None:
    broker_at_9092.create_topic("connect-test")
    broker_at_9092.produce("connect-test", [enveloped("foo"), enveloped("bar")])
    command = [
        sys.executable, "-m", "sinkworker", "start", "--worker-config",
        str(FILES / "connect-standalone.properties"), str(FILES / "connect-file-sink.properties"),
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as worker:
        lines = tmp_path / "test.sink.txt"
        try:
            wait_until(lambda: lines.exists() and lines.read_text(), 40, "lines")
        finally:
            worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert lines.read_text() == "foo\nbar\n"
