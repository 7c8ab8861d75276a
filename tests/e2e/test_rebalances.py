"""Joins and leaves under load, with every assignment strategy, eager and cooperative."""

from __future__ import annotations

import pytest

from tests.e2e.landed import CREATE, exactly, landed
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.services.process import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

PARTITIONS, RECORDS = 6, 150_000
STRATEGY = "consumer__override__partition__assignment__strategy"


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "sticky", "cooperative-sticky"])
def test_workers_join_and_leave_under_load(scene: Scene, strategy: str) -> None:
    if strategy == "sticky" and scene.client == "confluent":
        pytest.skip("librdkafka has no such strategy")
    topic = scene.kafka.create_topic(partitions=PARTITIONS)
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, PARTITIONS, RECORDS)
    config = scene.config(topic, batch__size=50, **{STRATEGY: strategy})
    first, second, third = (scene.worker(config) for _ in range(3))
    first.start()
    scene.wait_for_progress(2_000)
    second.start().wait_for("Opened")
    third.start().wait_for("Opened")
    assert first.stop() == 0
    scene.wait_for_progress(min(scene.progress() + 1_000, RECORDS))
    second.kill()
    first.start()
    scene.wait_until_done(topic, 90)
    assert [worker.stop() for worker in (first, third)] == [0, 0]
    assert landed(scene.database, RECORDS, PARTITIONS) == exactly(RECORDS)


def test_workers_without_a_partition_wait_their_turn(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    scene.database.execute(CREATE)
    config = scene.config(topic)
    workers = [scene.worker(config).start() for _ in range(3)]
    owners = ["Opened" in worker.log() for worker in workers]
    alerts.produce(scene.kafka, topic, 2, 1_000)
    scene.wait_until_done(topic)
    assert owners.count(True) <= 2
    busy = next(worker for worker in workers if "Opened" in worker.log())
    assert busy.stop() == 0
    alerts.produce(scene.kafka, topic, 2, 1_000, first=1_000)
    scene.wait_until_done(topic)
    assert [worker.stop() for worker in workers if worker is not busy] == [0, 0]
    assert landed(scene.database, 2_000, 2) == exactly(2_000)


@pytest.mark.each_client
def test_several_tasks_of_one_worker_share_the_partitions(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=4)
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 4, 2_000)
    worker = scene.worker(scene.config(topic, tasks__max=2)).start()
    both = {f"{scene.name}-0", f"{scene.name}-1"}
    wait_until(
        lambda: {(o or "").split("@")[0] for o in scene.owners().values()} == both, 30, "two owners"
    )
    scene.wait_until_done(topic)
    assert worker.stop() == 0
    assert landed(scene.database, 2_000, 4) == exactly(2_000)


def test_a_static_member_that_restarts_in_time_moves_nothing(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=4)
    scene.database.execute(CREATE)
    keys = {
        "consumer__override__group__instance__id": "static-${env:POD}",
        "consumer__override__session__timeout__ms": 30_000,
    }
    config = scene.config(topic, **keys)
    stays = scene.worker(config, POD="a").start()
    stays.wait_for("Opened", times=4)
    restarts = scene.worker(config, POD="b").start()
    restarts.wait_for("Opened", times=2)
    alerts.produce(scene.kafka, topic, 4, 1_000)
    scene.wait_until_done(topic)
    rebalances = len(stays.log_lines("Revoked")), len(stays.log_lines("Assigned"))
    epochs = scene.epochs()
    restarts.kill()
    restarts.start()
    restarts.wait_for("Opened", times=4)
    alerts.produce(scene.kafka, topic, 4, 1_000, first=1_000)
    scene.wait_until_done(topic)
    assert (len(stays.log_lines("Revoked")), len(stays.log_lines("Assigned"))) == rebalances
    moved = {partition for partition, epoch in scene.epochs().items() if epoch != epochs[partition]}
    assert len(moved) == 2
    assert [worker.stop() for worker in (stays, restarts)] == [0, 0]
    assert landed(scene.database, 2_000, 4) == exactly(2_000)
