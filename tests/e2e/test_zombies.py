"""A worker is frozen past its session time-out, another takes over, and the frozen one wakes up."""

from __future__ import annotations

import pytest

from tests.e2e.landed import CREATE, exactly, landed
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

PARTITIONS, RECORDS = 2, 120_000


@pytest.fixture
def topic(scene: Scene) -> str:
    topic = scene.kafka.create_topic(partitions=PARTITIONS)
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, PARTITIONS, RECORDS)
    return topic


def finish(scene: Scene, topic: str, *workers: WorkerProcess) -> None:
    """Everything has landed, exactly once, and all workers are members and end well."""
    scene.wait_until_done(topic, 120)
    assert [worker.stop() for worker in workers] == [0] * len(workers)
    assert landed(scene.database, RECORDS, PARTITIONS) == exactly(RECORDS)


def test_a_worker_frozen_past_its_session_is_fenced_and_rejoins(scene: Scene, topic: str) -> None:
    config = scene.config(topic, batch__size=100)
    zombie = scene.worker(config).start()
    scene.wait_for_progress(3_000)
    zombie.freeze()
    before = scene.epochs()
    heir = scene.worker(config).start()
    heir.wait_for("Opened", times=PARTITIONS)
    assert all(scene.epochs()[p] > before[p] for p in before)
    scene.wait_for_progress(scene.progress() + 1_000)
    zombie.thaw()
    zombie.wait_for("Lost")
    finish(scene, topic, heir, zombie)


def test_a_worker_frozen_in_the_middle_of_copy_is_ended_by_its_heir_and_nobody_else_is(
    scene: Scene, topic: str
) -> None:
    neighbour = start_neighbour(scene)
    sessions = backends(scene, "neighbour")
    config = scene.config(topic, batch__size=50_000)
    zombie = scene.worker(config).start()
    frozen = freeze_in_copy(scene, zombie)
    heir = scene.worker(config).start()
    heir.wait_for("ending server process")
    heir.wait_for("Opened", times=PARTITIONS)
    assert frozen not in backends(scene, scene.name)
    zombie.thaw()
    zombie.wait_for("Lost")
    finish(scene, topic, heir, zombie)
    assert backends(scene, "neighbour") == sessions
    assert neighbour.stop() == 0


def start_neighbour(scene: Scene) -> WorkerProcess:
    """A worker of another connector in the same database, with all its sessions open."""
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, [{"alert_id": 1}])
    config = scene.config(topic, "neighbour", auto__create="true", table__name__format="others")
    worker = scene.worker(config).start()
    scene.wait_until_done(topic, name="neighbour")
    return worker


def backends(scene: Scene, connector: str) -> set[int]:
    """The server processes of a connector's sessions."""
    rows = scene.database.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s",
        [f"sinkworker {connector} %"],
    )
    return {pid for (pid,) in rows}


def freeze_in_copy(scene: Scene, worker: WorkerProcess) -> int:
    """Stop a worker while its COPY is under way, provably; the server process that then waits."""
    copying: set[int] = set()

    def is_copying() -> bool:
        rows = scene.database.execute(
            "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%%' "
            "AND application_name LIKE %s",
            [f"sinkworker {scene.name} %"],
        )
        copying.clear()
        copying.update(pid for (pid,) in rows)
        return bool(copying)

    def is_caught() -> bool:
        wait_until(is_copying, 30, "a COPY")
        worker.freeze()
        if scene.database.one(WAITS_FOR_CLIENT, [list(copying)]):
            return True
        worker.thaw()
        return False

    wait_until(is_caught, 60, "a worker frozen in COPY")
    return copying.pop()


# Asked half a second after the stop: what the client had sent by then is read.
WAITS_FOR_CLIENT = (
    "SELECT count(*) > 0 FROM pg_sleep(0.5), LATERAL (SELECT pg_stat_clear_snapshot()) AS fresh, "
    "pg_stat_activity WHERE pid = ANY(%s) AND state = 'active' AND query LIKE 'COPY%%' "
    "AND wait_event = 'ClientRead'"
)
