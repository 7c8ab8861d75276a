"""Operating a real worker on real Kafka and Postgres by HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.landed import CREATE, exactly, landed
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.services.process import wait_until
from tests.unit.rest.scene import Client

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def states(client: Client, name: str) -> list[str]:
    status = client.ask("GET", f"/connectors/{name}/status").content
    return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]


def wait_for_states(client: Client, name: str, *expected: str) -> None:
    wait_until(lambda: states(client, name) == list(expected), 30, f"{name} to be {expected}")


def test_a_connector_is_paused_stopped_rewound_and_resumed_and_writes_each_record_once_more(
    scene: Scene,
) -> None:
    topic = scene.kafka.create_topic()
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 1, 100)
    client = Client(scene.worker(scene.config(topic)).start().rest_port())
    [name] = client.ask("GET", "/connectors").content
    one = f"/connectors/{name}"
    scene.wait_until_done(topic)
    assert client.ask("GET", "/").content["kafka_cluster_id"]
    client.ask("PUT", f"{one}/pause")
    wait_for_states(client, name, "PAUSED", "PAUSED")
    alerts.produce(scene.kafka, topic, 1, 20, first=100)
    client.ask("PUT", f"{one}/stop")
    wait_for_states(client, name, "STOPPED")
    wait_until(lambda: not scene.kafka.members(f"connect-{name}"), 30, "an empty group")
    content = client.ask("GET", f"{one}/offsets").content
    assert content["offsets"][0]["offset"] == {"kafka_offset": 100}
    content["offsets"][0]["offset"] = {"kafka_offset": 90}
    assert client.ask("PATCH", f"{one}/offsets", content).status == 200
    [moved] = client.ask("GET", f"/sinkworker/v1{one}/offsets").content["offsets"]
    assert (moved["offset"], moved["owner"]) == ({"kafka_offset": 90}, None)
    assert moved["topic_id"]
    assert moved["cluster_id"] == client.ask("GET", "/").content["kafka_cluster_id"]
    scene.database.execute("DELETE FROM alerts WHERE alert_id >= 90")
    client.ask("PUT", f"{one}/resume")
    scene.wait_until_done(topic)
    assert landed(scene.database, 120, 1) == exactly(120)


def test_the_offset_of_a_running_task_is_moved_under_load(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 2, 1000)
    client = Client(scene.worker(scene.config(topic)).start().rest_port())
    [name] = client.ask("GET", "/connectors").content
    path = f"/sinkworker/v1/connectors/{name}/offsets"
    scene.wait_until_done(topic)
    planned = client.ask("POST", f"{path}?dry_run=true", {"to": {"shift": -100}}).content
    assert [move["read_again"] for move in planned["moves"]] == [100, 100]
    scene.database.execute("DELETE FROM alerts")
    assert client.ask("POST", path, {"to": "earliest"}).status == 200
    scene.wait_until_done(topic)
    assert landed(scene.database, 1000, 2) == exactly(1000)
    assert states(client, name) == ["RUNNING", "RUNNING"]


def test_a_worker_without_files_runs_what_rest_creates_also_after_kill_9(
    scene: Scene, tmp_path: Path
) -> None:
    topic = scene.kafka.create_topic()
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 1, 50)
    settings = tmp_path / "worker.properties"
    settings.write_text(
        f"bootstrap.servers={scene.kafka.bootstrap}\nlisteners=http://127.0.0.1:0\n"
        f"sinkworker.state.dir={tmp_path / 'state'}\n"
    )
    keys = dict(line.split("=", 1) for line in scene.config(topic).read_text().splitlines())
    worker = scene.worker().start("--worker-config", str(settings))
    client = Client(worker.rest_port())
    wait_until(lambda: client.ask("GET", "/health").status == 200, 30, "a healthy worker")
    assert client.ask("GET", "/connectors").content == []
    name = keys["name"]
    assert client.ask("POST", "/connectors", {"name": name, "config": keys}).status == 201
    scene.wait_until_done(topic)
    worker.kill()
    alerts.produce(scene.kafka, topic, 1, 50, first=50)
    worker = scene.worker().start("--worker-config", str(settings))
    scene.wait_until_done(topic)
    assert landed(scene.database, 100, 1) == exactly(100)
    client = Client(worker.rest_port())
    assert client.ask("DELETE", f"/connectors/{name}").status == 204
    assert client.ask("GET", "/connectors").content == []
    assert worker.stop() == 0
