"""An operator's tools, as commands, beside a worker on real Kafka, Postgres and S3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.landed import CREATE
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.services.database import Database
from tests.services.process import wait_until
from tests.services.store import Store

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def run(*words: str | Path, code: int = 0) -> str:
    """What a command prints; its errors, too, where it does not end as expected."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SINKWORKER_")}
    command = [sys.executable, "-m", "sinkworker", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


COORDINATES = {
    "transforms": "where", "transforms__where__type": "InsertField$Value",
    "transforms__where__partition__field": "p", "transforms__where__offset__field": "o",
}  # fmt: skip


def test_a_working_connector_is_verified_rewound_and_what_was_doctored_is_found(
    scene: Scene,
) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    scene.database.execute(CREATE)
    scene.database.execute("ALTER TABLE alerts ADD p int, ADD o bigint")
    alerts.produce(scene.kafka, topic, 2, 400)
    more = [[alerts.alert(n) for n in range(400, 410)], [alerts.alert(n) for n in range(410, 415)]]
    scene.kafka.produce_in_transactions(topic, [(0, more[0], True), (1, more[1], False)])
    config = scene.config(topic, errors__tolerance="all", **COORDINATES)
    worker = scene.worker(config).start()
    url = f"--url=http://127.0.0.1:{worker.rest_port()}"
    scene.wait_until_done(topic)
    assert run("verify", config).endswith(f"{scene.name} is exact, compared by offset.\n")
    steps = json.loads(run("offsets", "history", scene.name, url, "-o", "json"))["steps"]
    assert {step["step"] for step in steps} == {"claim", "commit"}
    run("offsets", "set", scene.name, "--shift-by", "-20", url)
    scene.wait_until_done(topic)
    table = run("verify", config, "-o", "json")
    found = json.loads(table)
    assert found["is_exact"]
    assert [each["read_again"] for each in found["partitions"]] == [20, 20]
    assert "rewind: 20 again" in run("offsets", "history", scene.name, url)
    scene.database.execute("DELETE FROM alerts WHERE p = 1 AND o = 7")
    assert f"WRONG: {topic}-1: 1 row(s) missing: offset 7\n" in run("verify", config, code=1)


def test_a_wrong_formula_is_mended_beside_a_working_connector(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    scene.database.execute("CREATE TABLE alerts (alert_id int PRIMARY KEY, level text, n int)")
    keyed = {
        "insert__mode": "upsert", "pk__mode": "record_value", "pk__fields": "alert_id",
        "value__converter__schemas__enable": "false", "fields__include": "alert_id,level,n",
    }  # fmt: skip
    worker = scene.worker(scene.config(topic, **keyed)).start()
    for number in range(3):  # each key thrice; 25 of them only in the middle
        values = [{"alert_id": key, "level": "low", "n": number, "right": f"high {number}"}
                  for key in range(100 if number == 1 else 75)]  # fmt: skip
        for partition in (0, 1):
            scene.kafka.produce(
                topic, [v for v in values if v["alert_id"] % 2 == partition], partition
            )
    scene.wait_until_done(topic)
    right = {
        "transforms": "better", "transforms__better__type": "ReplaceField$Value",
        "transforms__better__exclude": "level", "transforms__better__renames": "right:level",
    }  # fmt: skip
    mended = scene.config(topic, **keyed, **right)
    before = scene.stored()
    plan = json.loads(
        run("replay", mended, "--from-offset", "40", "--to-offset", "60", "--dry-run", "-o", "json")
    )
    assert [(p["from"], p["to"], p["written_up_to"]) for p in plan["partitions"]] == [
        (40, 60, before[0]), (40, 60, before[1])
    ]  # fmt: skip
    run("replay", mended, "--from", "2020-01-01T00:00:00Z")
    assert scene.stored() == before
    wanted = {(key, f"high {2 if key < 75 else 1}", 2 if key < 75 else 1) for key in range(100)}
    assert set(scene.database.execute("SELECT * FROM alerts")) == wanted
    worker.stop()
    scene.worker(mended).start()
    scene.kafka.produce(topic, [{"alert_id": 0, "n": 3, "right": "high 3"}], 0)
    scene.wait_until_done(topic)
    assert scene.database.one("SELECT level FROM alerts WHERE alert_id = 0") == "high 3"
    exact = f"{scene.name} is exact, compared by number of keys.\n"
    assert run("verify", mended).endswith(exact)
    scene.database.execute("DELETE FROM alerts WHERE alert_id = 50")
    assert "WRONG: table alerts: 1 row(s) missing" in run("verify", mended, code=1)


def test_a_replay_that_is_killed_has_changed_nothing_and_the_worker_goes_on(scene: Scene) -> None:
    topic = scene.kafka.create_topic()
    scene.database.execute("CREATE TABLE alerts (id int PRIMARY KEY, level text)")
    keyed = {"insert__mode": "upsert", "pk__mode": "record_value", "pk__fields": "id"}
    scene.kafka.produce(topic, [{"id": n, "level": "low"} for n in range(100)])
    scene.worker(scene.config(topic, **keyed)).start()
    scene.wait_until_done(topic)
    right = {
        "transforms": "right", "transforms__right__type": "MaskField$Value",
        "transforms__right__fields": "level", "transforms__right__replacement": "high",
    }  # fmt: skip
    mended = scene.config(topic, **keyed, **right)
    other = Database(scene.database.url)
    other.execute("BEGIN")
    other.execute("SELECT FROM alerts WHERE id = 99 FOR UPDATE")
    replay = subprocess.Popen(
        [sys.executable, "-m", "sinkworker", "replay", str(mended), "--from-offset", "0"]
    )
    wait_until(lambda: scene.database.one(WAITS) > 0, 60, "a replay in the middle")
    replay.kill()
    replay.wait(30)
    other.execute("ROLLBACK")
    other.close()
    scene.kafka.produce(topic, [{"id": 100, "level": "low"}])
    scene.wait_until_done(topic)
    assert scene.database.one("SELECT count(*) FROM alerts WHERE level = 'low'") == 101
    run("replay", mended, "--from-offset", "0")
    assert scene.database.one("SELECT count(*) FROM alerts WHERE level = 'high'") == 101


WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%% replay' "
    "AND wait_event_type = 'Lock' AND datname = current_database()"
)


def test_records_are_shown_after_each_transform_and_the_group_does_not_notice(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 2, 20)
    config = scene.config(topic, **COORDINATES)
    worker = scene.worker(scene.config(topic)).start()
    scene.wait_until_done(topic)
    before = members(scene)
    shown = run("tap", config, "--from", "3", "--limit", "2", "--partition", f"{topic}:1")
    assert [line.split(" timestamp")[0] for line in shown.splitlines() if "timestamp" in line] == [
        f"{topic}-1 offset 3", f"{topic}-1 offset 4",
    ]  # fmt: skip
    assert '"p": 1, "o": 3}' in shown
    assert run("tap", config, "--from", "earliest", "--limit", "20").count(" offset ") == 20
    assert members(scene) == before
    assert worker.is_running()


def members(scene: Scene) -> list[str]:
    return [each.member_id for each in scene.kafka.members(f"connect-{scene.name}")]


@pytest.mark.s3
def test_what_s3_holds_is_verified_by_its_chains(scene: Scene, store: Store) -> None:
    topic = scene.kafka.create_topic()
    alerts.produce(scene.kafka, topic, 1, 50)
    place = {key.replace("_", "__"): value for key, value in store.settings().items()}
    config = scene.config(
        topic, connector__class="S3Sink", connection__url=None, table__name__format=None,
        flush__size="20", rotate__schedule__interval__ms="500", **place,
    )  # fmt: skip
    worker = scene.worker(config).start()
    wait_until(lambda: stored(scene, config) == 50, 60, "all records to be committed")
    assert run("verify", config).endswith(f"{scene.name} is exact, compared by count.\n")
    worker.stop()
    file = store.keys("topics/")[0]
    store.delete(file)
    assert f"{file} is missing\n" in run("verify", config, code=1)


def stored(scene: Scene, config: Path) -> int | None:
    found = json.loads(run("offsets", "get", scene.name, "--config", config, "-o", "json"))
    offsets = [each["offset"] for each in found["offsets"]]
    return offsets[0]["kafka_offset"] if offsets and offsets[0] else None
