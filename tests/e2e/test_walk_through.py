"""The walk-through of README.md, command by command, with what it shows of the dry run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.scene import CONFIGS, Scene
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

TEXT = (CONFIGS.parent / "README.md").read_text().partition("<!-- walk-through -->")[2]
COMMANDS, DRY_RUN = re.findall(r"```(?:bash)?\n(.*?)```", TEXT, re.DOTALL)[:2]
NAME, TOPIC = "alert-latest-to-pg", "kinaction_alert"
AN_HOUR_MS = 3_600_000


class Shell:
    """Runs lines of the text, with this test's port, time and file in them."""

    def __init__(self, port: int, moment: datetime, config: Path) -> None:
        self._config = str(config)
        self._port, self._time = port, moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        binaries = str(Path(sys.executable).parent)
        self._env = os.environ | {
            "PG_PASSWORD": "sinkworker",
            "SINKWORKER_URL": f"http://127.0.0.1:{port}",
            "PATH": f"{binaries}:{os.environ['PATH']}",
        }

    def run(self, line: str) -> str:
        line = line.replace(f"configs/{NAME}.properties", self._config)
        line = line.replace("localhost:8083", f"127.0.0.1:{self._port}")
        line = line.replace("2026-11-21T08:00:00Z", self._time)
        done = subprocess.run(
            ["bash", "-c", line], env=self._env, stdout=subprocess.PIPE, text=True
        )
        assert done.returncode == 0, (line, done)
        return done.stdout


def produce(kafka: KafkaTools, topic: str, partition: int, before: int, after: int) -> None:
    """Alerts of two hours ago, and of half an hour ago. Each is the last word on a stage of its own."""
    producer, now = kafka.producer(), int(time.time() * 1000)
    for number in range(before + after):
        moment = now - (2 * AN_HOUR_MS if number < before else AN_HOUR_MS // 2)
        stage = partition * 1000 + number
        key = f'{{"stage_id": {stage}, "level": "Major"}}'
        value = f'{{"alert_id": {number}, "stage_id": {stage}, "level": "Major", "message": "hot"}}'
        producer.produce(topic, value, key, partition, timestamp=moment)
    assert producer.flush(30) == 0


def lags(text: str) -> set[float]:
    return {float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


def test_the_walk_through_of_the_docs_prints_what_it_says(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    produce(scene.kafka, topic, 0, before=20, after=10)
    produce(scene.kafka, topic, 1, before=25, after=5)
    start, status, get, pause, dry_run, rewind, resume, verify, metrics = COMMANDS.splitlines()
    file = start.split()[2].removeprefix("configs/")
    config = scene.shipped_config(file, topic, name=NAME)
    an_hour_ago = datetime.fromtimestamp(time.time() - AN_HOUR_MS / 1000, UTC)
    shell = Shell(scene.worker(config).start().rest_port(), an_hour_ago, config)
    wait_until(lambda: scene.stored(NAME) == {0: 30, 1: 30}, 60, "all alerts to land")
    assert NAME in shell.run(status)
    assert "RUNNING" in shell.run(status)
    assert re.findall(r" (\d) +30 +30 +0 ", shell.run(get).replace(topic, TOPIC)) == ["0", "1"]

    shell.run(pause)
    wait_until(lambda: shell.run(status).count("PAUSED") == 2, 30, "a paused connector")
    shown = shell.run(dry_run).replace(topic.ljust(len(TOPIC)), TOPIC.ljust(len(topic)))
    assert [line.split() for line in shown.splitlines()] == [
        line.split() for line in DRY_RUN.splitlines()
    ]
    assert scene.stored(NAME) == {0: 30, 1: 30}
    scene.database.execute("UPDATE alert_latest SET message = 'wrong' WHERE alert_id >= 20")
    shell.run(rewind)
    assert scene.stored(NAME) == {0: 20, 1: 25}

    shell.run(resume)
    wait_until(lambda: scene.stored(NAME) == {0: 30, 1: 30}, 60, "15 alerts to land again")
    rows = scene.database.execute(
        "SELECT stage_id / 1000, message, count(*) FROM alert_latest GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert rows == [(0, "hot", 30), (1, "hot", 25), (1, "wrong", 5)]
    found = [line.split() for line in shell.run(verify).replace(topic, TOPIC).splitlines()]
    assert found[1:3] == [
        [TOPIC, "0", "30", "0", "2", "10", "0", "30", "-", "-", "-"],
        [TOPIC, "1", "30", "0", "2", "5", "0", "30", "-", "-", "-"],
    ]
    wait_until(lambda: lags(shell.run(metrics)) == {0.0}, 30, "a lag of 0")
