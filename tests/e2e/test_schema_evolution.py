"""Avro whose schema changes between two records: every one lands, with a real registry."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.scene import Scene
from tests.services.apicurio import ApicurioServer
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
