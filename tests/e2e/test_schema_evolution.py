"""Avro whose schema changes between two records: every one lands, with a real registry."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.scene import Scene
from tests.services.apicurio import ApicurioServer
from tests.services.registry import RegistryServer, running
from tests.services.worker import WorkerProcess
from tests.unit.converters.avro_messages import framed, written

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.java]

MOMENT = datetime(2026, 5, 1, 12, 0, 0, 123000, tzinfo=UTC)
SENSOR = {"name": "sensor_id", "type": "long"}
TIME = {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}}
STATUS = {"name": "status", "type": {"type": "enum", "name": "Status",
                                     "symbols": ["Critical", "Major", "Minor", "Warning"]}}  # fmt: skip
HALL = {"name": "hall", "type": "string", "default": "main"}
VERSIONS: list[list[Any]] = [[SENSOR, TIME, STATUS], [SENSOR, TIME, STATUS, HALL],
                             [SENSOR, TIME, HALL]]  # fmt: skip


def test_a_field_is_added_another_one_removed_and_all_alerts_land(
    scene: Scene, apicurio: ApicurioServer
) -> None:
    topic = scene.kafka.create_topic(partitions=1)
    values = {"time": MOMENT, "status": "Minor", "hall": "east"}
    for version in range(30):
        fields = VERSIONS[version // 10]
        schema = {"type": "record", "name": "Alert", "namespace": "factory", "fields": fields}
        number = apicurio.register(f"{topic}-value", json.dumps(schema))
        value = {field["name"]: values.get(field["name"], version) for field in fields}
        scene.kafka.produce(topic, [framed(number, written(schema, value))])
    worker = scene.worker(
        scene.shipped_config(
            "avro-alerts-to-pg.properties", topic,
            value__converter__schema__registry__url=apicurio.url,
        ),
        REGISTRY_PASSWORD="nobody asks",
    ).start()  # fmt: skip
    scene.wait_until_done(topic)
    assert worker.stop() == 0

    rows = scene.database.execute(
        "SELECT sensor_id, time, status, hall FROM avro_alerts ORDER BY sensor_id"
    )
    assert rows == [
        (n, MOMENT, "Minor" if n < 20 else None, "east" if n >= 10 else None) for n in range(30)
    ]
    types = scene.database.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_name = 'avro_alerts' ORDER BY ordinal_position"
    )
    assert dict(types) == {
        "sensor_id": "bigint", "time": "timestamp with time zone", "status": "text", "hall": "text",
    }  # fmt: skip


def alerts_in_avro(
    scene: Scene, registry: RegistryServer, **keys: Any
) -> tuple[str, WorkerProcess]:
    """A topic with three alerts, and a worker that asks this registry."""
    topic = scene.kafka.create_topic(partitions=1)
    schema = {"type": "record", "name": "Alert", "fields": [SENSOR]}
    number = registry.register(schema)
    for sensor in range(3):
        scene.kafka.produce(topic, [framed(number, written(schema, {"sensor_id": sensor}))])
    config = scene.shipped_config(
        "avro-alerts-to-pg.properties", topic,
        value__converter__schema__registry__url=registry.url, errors__tolerance="all", **keys,
    )  # fmt: skip
    return topic, scene.worker(config, REGISTRY_PASSWORD="x").start()


def landed(scene: Scene) -> list[Any]:
    return scene.database.execute("SELECT sensor_id FROM avro_alerts ORDER BY sensor_id")


def test_a_registry_that_is_down_is_waited_for_and_no_record_is_left_out(scene: Scene) -> None:
    with running() as registry:
        registry.status = 503
        topic, worker = alerts_in_avro(scene, registry)
        worker.wait_for("answered 503 when asked for schema 1")
        assert scene.progress() == 0
        registry.status = 0
        scene.wait_until_done(topic)
        assert worker.stop() == 0
        assert landed(scene) == [(0,), (1,), (2,)]


def test_a_registry_that_refuses_the_worker_fails_the_task_also_where_bad_records_are_tolerated(
    scene: Scene,
) -> None:
    with running() as registry:
        registry.user_info = "reader:another password"
        _topic, worker = alerts_in_avro(scene, registry)
        worker.wait_for(f"Failed: {scene.name}-0")
        assert scene.progress() == 0


def test_unknown_schemas_and_damaged_records_are_left_out_and_the_others_land(scene: Scene) -> None:
    with running() as registry:
        topic, worker = alerts_in_avro(scene, registry)
        bad = [framed(77, b"\x02"), b'{"sensor_id":9}', framed(1, b""), framed(1, b"\x02\x02")]
        scene.kafka.produce(topic, [*bad, framed(1, b"\x06")])
        scene.wait_until_done(topic)
        assert worker.stop() == 0
        assert landed(scene) == [(0,), (1,), (2,), (3,)]
