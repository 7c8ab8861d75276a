"""The sink of docs/first-sink.md under a real worker on real Kafka: killed, frozen, taken over."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scene import QUICK
from tests.factory import alerts
from tests.services.first_sink import FirstSink
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess

pytestmark = pytest.mark.kafka

PARTITIONS, RECORDS, KILLS = 4, 40_000, 10


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> FirstSink:
    return FirstSink(tmp_path_factory.mktemp("first-sink"))


class Stage:
    """One topic full of alerts, one database, and the workers between them."""

    def __init__(self, sink: FirstSink, kafka: KafkaTools, home: Path, records: int) -> None:
        self._sink, self._kafka, self._home, self._records = sink, kafka, home, records
        self._name, self._database = f"first-sink-{uuid.uuid4().hex[:8]}", home / "alerts.db"
        self._topic = kafka.create_topic(partitions=PARTITIONS)
        self._workers: list[WorkerProcess] = []
        alerts.produce(kafka, self._topic, PARTITIONS, records)

    def worker(self, **keys: str) -> WorkerProcess:
        """`sinkworker start` with the project's own file, and what this test needs after its lines."""
        number = len(self._workers)
        keys = QUICK | {
            "name": self._name, "bootstrap.servers": self._kafka.bootstrap, "topics": self._topic,
            "database": str(self._database), "batch.size": "20", **keys,
        }  # fmt: skip
        text = (self._sink.project / "my-sink.properties").read_text()
        config = self._home / f"my-sink-{number}.properties"
        config.write_text(text + "".join(f"{key}={value}\n" for key, value in keys.items()))
        log = self._home / f"worker-{number}.log"
        self._workers.append(WorkerProcess(config, env=self._sink.env, log=log))
        return self._workers[-1].start()

    def close(self) -> None:
        for worker in self._workers:
            if worker.is_running():
                worker.thaw()
                worker.kill()

    # what is stored

    def query(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self._database)) as db:
            return db.execute(sql).fetchall()

    def stored(self, column: str) -> dict[int, int]:
        if not self._database.exists():
            return {}
        try:
            return dict(self.query(f"SELECT partition, {column} FROM offsets"))
        except sqlite3.OperationalError:  # not yet made
            return {}

    def progress(self) -> int:
        return sum(self.stored("next").values())

    def wait_for_progress(self, offsets: int) -> None:
        wanted = self.progress() + offsets
        wait_until(lambda: self.progress() >= wanted, 60, f"{wanted} offsets stored")

    def is_locked(self) -> bool:
        """Whether a worker is within a transaction at this moment."""
        with closing(sqlite3.connect(self._database, timeout=0, isolation_level=None)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False

    def assert_every_alert_is_there_once_in_order_and_unchanged(self) -> None:
        ends = self._kafka.ends(self._topic)
        wait_until(lambda: self.stored("next") == ends, 120, f"offsets {ends} stored")
        distinct = "count(DISTINCT partition || ':' || offset)"
        counts = self.query(f"SELECT count(*), {distinct} FROM records")
        assert counts == [(self._records, self._records)]
        before = "lag(offset) OVER (PARTITION BY partition ORDER BY rowid) AS before"
        rows = f"SELECT offset, {before} FROM records"
        assert self.query(f"SELECT count(*) FROM ({rows}) WHERE before >= offset") == [(0,)]
        for partition, offset, value in self.query("SELECT partition, offset, value FROM records"):
            assert json.loads(value) == alerts.alert(offset * PARTITIONS + partition)


@pytest.fixture
def stage(sink: FirstSink, kafka: KafkaTools, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(sink, kafka, tmp_path, RECORDS)
    yield stage
    stage.close()


def test_ten_kills_under_a_standing_backlog_leave_every_alert_once(stage: Stage) -> None:
    """A static member: after a kill, its successor need not wait for a session to end."""
    worker = stage.worker(**{"consumer.override.group.instance.id": uuid.uuid4().hex})
    for _ in range(KILLS):
        stage.wait_for_progress(500)
        worker.kill()
        assert stage.progress() < RECORDS, "there is no backlog any more"
        worker.start()
    stage.assert_every_alert_is_there_once_in_order_and_unchanged()
    assert worker.stop() == 0, worker.log()[-2000:]


def has_stopped(worker: WorkerProcess) -> bool:
    """A thread in a system call goes on to its end, whatever signal was sent."""
    states = Path(f"/proc/{worker.pid}/task").glob("*/stat")
    return all(state.read_text().rpartition(") ")[2].startswith("T") for state in states)


def freeze(stage: Stage, worker: WorkerProcess, *, within_a_flush: bool) -> None:
    """Wherever chance has it, until it is where it should be."""

    def is_there() -> bool:
        worker.freeze()
        wait_until(lambda: has_stopped(worker), 10, "every thread of the worker stopped")
        if stage.is_locked() is within_a_flush:
            return True
        worker.thaw()
        return False

    wait_until(is_there, 60, "a worker frozen at the right moment")


def test_a_worker_that_was_frozen_between_two_flushes_is_fenced(stage: Stage) -> None:
    zombie = stage.worker()
    stage.wait_for_progress(1_000)
    freeze(stage, zombie, within_a_flush=False)
    before = stage.stored("epoch")
    heir = stage.worker()
    heir.wait_for("Opened", times=PARTITIONS)
    assert all(epoch > before[p] for p, epoch in stage.stored("epoch").items())
    stage.wait_for_progress(500)
    zombie.thaw()
    zombie.wait_for("Lost")
    stage.assert_every_alert_is_there_once_in_order_and_unchanged()
    assert [heir.stop(), zombie.stop()] == [0, 0]


def test_a_worker_that_was_frozen_within_a_flush_holds_its_heir_up_and_both_are_exact(
    stage: Stage,
) -> None:
    zombie = stage.worker()
    stage.wait_for_progress(1_000)
    freeze(stage, zombie, within_a_flush=True)
    heir = stage.worker()
    heir.wait_for("alerts.db: ")  # is locked, or its log is: depends on where in the flush
    zombie.thaw()
    heir.wait_for("Opened")
    stage.assert_every_alert_is_there_once_in_order_and_unchanged()
    assert [heir.stop(), zombie.stop()] == [0, 0]
