"""The factory's flows with the files of configs/ as they are: alerts, their latest, trends, audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sinkworker.demo.factory import Factory, tombstone
from tests.e2e.landed import CREATE, exactly, landed
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.factory.events import send
from tests.services.process import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

FACTORY = Factory(partitions=4)
NO_POSTGRES: dict[str, Any] = {"connection__url": None, "connection__user": None}


def test_alerts_land_once_and_in_order(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=4)
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 4, 500)
    worker = scene.worker(scene.shipped_config("alerts-to-pg.properties", topic)).start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0
    assert landed(scene.database, 500, 4) == exactly(500)


def test_of_each_stage_and_level_the_last_alert_stands_until_it_is_over(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=4)
    raised = [FACTORY.alert(number) for number in range(1_000)]
    last = {event.key: event for event in raised}
    over = list(last.values())[::3]
    send(scene.kafka, topic, [*raised, *map(tombstone, over)])
    again = FACTORY.alert(over[0].number)._replace(number=1_000)
    send(scene.kafka, topic, [again])
    worker = scene.worker(scene.shipped_config("alert-latest-to-pg.properties", topic)).start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0

    stands = {key: event.value for key, event in last.items() if event not in over}
    stands[again.key] = again.value
    rows = scene.database.execute("SELECT alert_id, stage_id, level, message FROM alert_latest")
    assert sorted(rows) == sorted(tuple(value.values()) for value in stands.values() if value)
    assert 0 < len(rows) < len(last)


def test_of_each_stage_and_hour_the_last_count_stands(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=4)
    counted = [FACTORY.trend(number) for number in range(35_500, 36_500)]  # across a full hour
    send(scene.kafka, topic, counted)
    worker = scene.worker(scene.shipped_config("alerttrend-to-pg.properties", topic)).start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0

    values = [event.value or {} for event in counted]
    last = {(value["stage_id"], value["hour"]): value["alerts"] for value in values}
    rows = scene.database.execute("SELECT stage_id, hour, alerts FROM alert_trend")
    assert {(stage, hour): alerts for stage, hour, alerts in rows} == last
    assert len(rows) == len(last) == 2 * 50


def test_each_reader_of_audit_events_gets_all_of_them_whatever_becomes_of_others(
    scene: Scene, tmp_path: Path
) -> None:
    topic = scene.kafka.create_topic(partitions=4)
    events = [FACTORY.audit(number) for number in range(400)]
    first, second = (Reader(scene, topic, tmp_path / name) for name in ("a.jsonl", "b.jsonl"))
    send(scene.kafka, topic, events[:200])
    first.worker.start()
    first.wait_for(200)
    first.worker.kill()

    send(scene.kafka, topic, events[200:])
    second.worker.start()
    second.wait_for(400)
    assert second.worker.stop() == 0
    first.worker.start()
    first.wait_for(400)
    assert first.worker.stop() == 0

    for reader in (first, second):
        for partition in range(4):
            expected = [event.value for event in events if event.partition == partition]
            assert [event for event in reader.events() if event in expected] == expected
        assert len(reader.events()) == len(events)


class Reader:
    """A connector of its own name, with a file of its own."""

    def __init__(self, scene: Scene, topic: str, file: Path) -> None:
        self._file = file
        keys = {"name": f"{scene.name}-{file.stem}", "file": file} | NO_POSTGRES
        config = scene.shipped_config("audit-to-file.properties", topic, **keys)
        self.worker = scene.worker(config)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._file.read_text().splitlines()]

    def wait_for(self, count: int) -> None:
        def is_there() -> bool:
            return self._file.exists() and self._file.read_text().count("\n") >= count

        wait_until(is_there, 60, f"{count} lines in {self._file}")
