"""Clients that others wrote for Kafka Connect work on this worker as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.rest.scene import Scene

BIN = Path(sys.executable).parent


def run(command: str, *arguments: str, env: dict[str, str]) -> str:
    if not (BIN / command).exists():
        pytest.skip(f"{command} is not installed")
    run = subprocess.run(
        [str(BIN / command), *arguments], env={"PATH": "/usr/bin:/bin", **env, "HOME": "/nowhere"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_kafka_connect_py_does_a_round_of_its_commands(scene: Scene) -> None:
    env = {"KAFKA_CONNECT_URL": f"http://127.0.0.1:{scene.port}"}

    def kc(*arguments: str) -> Any:
        output = run("kc", *arguments, env=env)
        return json.loads(output) if output.strip().startswith(("{", "[")) else output

    config = scene.config()
    assert kc("info")["version"].startswith("4.3.")
    assert kc("list") == []
    assert (
        kc("create", "-d", json.dumps({"name": "to-file", "config": config}))["name"] == "to-file"
    )
    scene.wait_for_states("RUNNING")
    assert kc("list") == ["to-file"]
    assert kc("list", "--state", "RUNNING") == ["to-file"]
    assert kc("get", "to-file")["type"] == "sink"
    assert kc("config", "to-file") == {**config, "name": "to-file"}
    assert kc("status", "to-file")["connector"]["state"] == "RUNNING"
    kc("update", "to-file", "-d", json.dumps({**config, "tasks.max": "2"}))
    scene.wait_for_states("RUNNING", "RUNNING")
    kc("pause", "to-file")
    scene.wait_for_states("PAUSED", "PAUSED")
    kc("resume", "to-file")
    scene.wait_for_states("RUNNING", "RUNNING")
    kc("restart", "to-file", "--include-tasks")
    scene.wait_for_states("RUNNING", "RUNNING")
    kc("restart-task", "to-file", "1")
    assert len(kc("list-tasks", "to-file")) == 2
    assert kc("task-status", "to-file", "0")["id"] == 0
    assert kc("list-topics", "to-file") == {"to-file": {"topics": []}}
    kc("reset-topics", "to-file")
    assert {"class", "type", "version"} == kc("list-plugins")[0].keys()
    # By its library: its command sends a text that contains the JSON, which Connect cannot read either.
    library = pytest.importorskip("kafka_connect").KafkaConnect(env["KAFKA_CONNECT_URL"])
    validated = library.validate_connector_config("FileStreamSink", {**config, "name": "x"})
    assert validated["error_count"] == 0
    kc("delete", "to-file")
    assert kc("list") == []


def test_kafkaconnect_does_a_round_of_its_commands(scene: Scene) -> None:
    env = {"KAFKA_CONNECT_URL": f"http://127.0.0.1:{scene.port}"}

    def kafkaconnect(*arguments: str) -> str:
        return run("kafkaconnect", *arguments, env=env)

    file = scene.home / "connector.json"
    file.write_text(json.dumps(scene.config() | {"name": "to-file"}))
    kafkaconnect("upload", "--name", "to-file", str(file))
    scene.wait_for_states("RUNNING")
    assert "to-file" in kafkaconnect("list")
    for command in ("info", "config", "status", "tasks", "topics", "pause", "resume", "restart"):
        kafkaconnect(command, "to-file")
    assert "FileStreamSink" in kafkaconnect("plugins")
    kafkaconnect("delete", "to-file")
    assert scene.ask("GET", "/connectors").content == []
