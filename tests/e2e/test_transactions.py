"""Producers' transactions: what was aborted never lands, and the lag reaches zero all the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.e2e.scene import Scene
from tests.services.process import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

PARTITIONS, TRANSACTIONS, SIZE = 3, 60, 20


def batches(seed: int) -> list[tuple[int, list[Any], bool]]:
    """Transactions over the partitions in turn; three in ten are aborted, the last ones too."""
    chance = random.Random(seed)
    made = []
    for number in range(TRANSACTIONS):
        commits = chance.random() >= 0.3 and number < TRANSACTIONS - PARTITIONS
        level = "committed" if commits else "aborted"
        values = [{"alert_id": number * SIZE + n, "level": level} for n in range(SIZE)]
        made.append((number % PARTITIONS, values, commits))
    return made


@pytest.mark.each_client
def test_aborted_records_never_land_and_the_lag_reaches_zero(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=PARTITIONS)
    scene.database.execute("CREATE TABLE alerts (alert_id bigint, level text)")
    worker = scene.worker(scene.config(topic)).start()
    made = batches(seed=4)
    scene.kafka.produce_in_transactions(topic, made)
    expected = sorted(v["alert_id"] for _, values, commits in made if commits for v in values)
    markers = PARTITIONS and [0] * PARTITIONS
    for partition, values, _ in made:
        markers[partition] += len(values) + 1
    ends = dict(enumerate(markers))
    wait_until(lambda: scene.kafka.ends(topic) == ends, 20, "all transaction markers")
    scene.wait_until_done(topic)
    rows = scene.database.execute("SELECT alert_id FROM alerts ORDER BY alert_id")
    assert [alert_id for (alert_id,) in rows] == expected
    group = f"connect-{scene.name}"
    wait_until(lambda: scene.kafka.committed(group, topic) == ends, 20, "lag 0 in the group")
    counted = scene.database.execute(
        "SELECT sum(records), sum(gaps), sum(next_offset) FROM sinkworker_offsets"
    )[0]
    assert counted == (len(expected), sum(markers) - len(expected), sum(markers))
    assert worker.stop() == 0
