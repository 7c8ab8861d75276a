"""Every bad message of the corpus among good ones: each good one lands once, and no bad one."""

from __future__ import annotations

import pytest

from tests.corpus import TABLE, Format, formats
from tests.e2e.scene import Scene
from tests.services.registry import running

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.mark.parametrize("name", ["JSON", "Avro", "Protobuf"])
def test_good_records_land_once_whatever_is_between_them(scene: Scene, name: str) -> None:
    with running() as registry:
        (kind,) = (each for each in formats(registry) if each.name == name)
        topic = scene.kafka.create_topic(partitions=1)
        scene.database.execute(TABLE)
        scene.kafka.produce(topic, mixed(kind))
        keys = {key.replace(".", "__"): value for key, value in kind.keys.items()}
        given = {"value__converter__schemas__enable": None, **keys}
        worker = scene.worker(scene.config(topic, errors__tolerance="all", **given)).start()
        scene.wait_until_done(topic)
        assert worker.stop() == 0

    rows = scene.database.execute("SELECT sensor_id, status FROM alerts ORDER BY sensor_id")
    assert rows == [(number, "Minor") for number in range(1000, 1000 + len(kind.bad) + 1)]
    (counted,) = scene.database.execute(
        "SELECT records, errant, next_offset FROM sinkworker_offsets"
    )
    assert counted == (len(kind.bad) + 1, len(kind.bad), 2 * len(kind.bad) + 1)


def mixed(kind: Format) -> list[bytes]:
    """A good one before each bad one, and one at the end."""
    numbered = enumerate(kind.bad, start=1000)
    pairs = [each for number, bad in numbered for each in (kind.good(number), bad.data)]
    return [*pairs, kind.good(1000 + len(kind.bad))]
