"""How a worker process begins and ends: signals, exit codes, several files, fixed partitions."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.landed import CREATE, exactly, landed
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.services.process import free_port, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_first_signal_flushes_what_was_read_and_exits_with_0(
    scene: Scene, number: signal.Signals
) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 2, 100)
    keys = {"offset__flush__interval__ms": 3_600_000}
    worker = scene.worker(scene.config(topic, **keys)).start()
    worker.wait_for("Opened", times=2)
    wait_until(lambda: worker.log_lines("task-0] Opened"), 10, "the task")
    # Nothing is due for an hour: only the last flush can make these durable. They are read at once.
    scene.kafka.produce(topic, [])
    worker.wait_for("Opened")
    while not scene.progress():
        worker.send(number)
        assert worker.wait() == 0
    assert landed(scene.database, 100, 2) == exactly(100)
    assert "Stopped" in worker.log()


def test_a_second_signal_leaves_at_once_and_loses_nothing(scene: Scene) -> None:
    topic = scene.kafka.create_topic()
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 1, 1_000)
    worker = scene.worker(scene.config(topic)).start()
    scene.wait_until_done(topic)
    scene.database.execute("BEGIN; LOCK TABLE sinkworker_offsets IN ACCESS EXCLUSIVE MODE")
    scene.kafka.produce(topic, [alerts.alert(1_000)])
    worker.wait_for("Opened")
    worker.send(signal.SIGTERM)
    worker.wait_for("SIGTERM: stopping; a second signal leaves at once")
    worker.send(signal.SIGTERM)
    code = worker.wait()
    scene.database.execute("ROLLBACK")
    assert code in (0, 1)
    worker.start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0
    assert landed(scene.database, 1_001, 1) == exactly(1_001)


def test_a_sink_that_cannot_be_reached_at_the_start_exits_with_75(scene: Scene) -> None:
    topic = scene.kafka.create_topic()
    address = f"postgresql://postgres:secret-password@127.0.0.1:{free_port()}/x"
    worker = scene.worker(scene.config(topic, connection__url=address)).start()
    assert worker.wait() == 75
    assert "Postgres, connecting: connection failed" in worker.log()
    assert "secret-password" not in worker.log()


def test_a_role_that_does_not_exist_exits_with_1(scene: Scene) -> None:
    topic = scene.kafka.create_topic()
    worker = scene.worker(scene.config(topic, connection__user="nobody")).start()
    assert worker.wait() == 1
    assert 'role "nobody" does not exist' in worker.log()


def test_one_worker_runs_several_files(scene: Scene, tmp_path: Path) -> None:
    topic = scene.kafka.create_topic()
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 1, 50)
    lines = tmp_path / "lines.txt"
    file_sink = tmp_path / "file.properties"
    file_sink.write_text(
        f"name=to-file\nconnector.class=FileStreamSink\ntopics={topic}\nfile={lines}\n"
        f"bootstrap.servers={scene.kafka.bootstrap}\n"
    )
    worker = scene.worker(scene.config(topic), file_sink).start()
    scene.wait_until_done(topic)
    wait_until(lambda: lines.exists() and len(lines.read_text().splitlines()) == 50, 20, "50 lines")
    assert worker.stop() == 0
    assert landed(scene.database, 50, 1) == exactly(50)


def test_two_workers_with_the_same_fixed_partitions_are_told(scene: Scene) -> None:
    topic = scene.kafka.create_topic()
    scene.database.execute(CREATE)
    alerts.produce(scene.kafka, topic, 1, 10)
    config = scene.config(topic, topics=None, topics__partitions=f"{topic}:0")
    first = scene.worker(config).start()
    scene.wait_until_done(topic)
    second = scene.worker(config).start()
    second.wait_for("Opened")
    alerts.produce(scene.kafka, topic, 1, 10, first=10)
    assert first.wait() == 1
    (line,) = first.log_lines("The task failed.")
    assert f"{topic}-0 was claimed by {scene.name}-0@" in line
    assert "With topics.partitions no group divides the work" in line
    scene.wait_until_done(topic)
    assert second.stop() == 0
    assert landed(scene.database, 20, 1) == exactly(20)
