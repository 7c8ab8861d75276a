"""Worker processes that write to a real S3 server: killed, frozen, stopped; every record once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.s3.reader import S3Reader
from sinkworker.demo.factory import Factory
from tests.e2e.scene import CONFIGS, QUICK
from tests.factory.events import send
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY
from tests.services.store import Store
from tests.services.worker import WorkerProcess

pytestmark = [pytest.mark.kafka, pytest.mark.s3]
NAME, TOPIC_PARTITIONS = "audit-to-s3", 4
FACTORY = Factory()
Start = Callable[[], WorkerProcess]


@pytest.fixture
def topic(kafka: KafkaTools) -> str:
    return kafka.create_topic(partitions=TOPIC_PARTITIONS)


@pytest.fixture
def start(kafka: KafkaTools, store: Store, topic: str, tmp_path: Path) -> Iterator[Start]:
    """A worker with the file of configs/ as it is, and after its lines this test's addresses."""
    keys = QUICK | {
        "bootstrap.servers": kafka.bootstrap,
        "topics": topic,
        "store.url": store.url,
        "s3.bucket.name": store.bucket,
        "aws.access.key.id": ACCESS_KEY,
        "aws.secret.access.key": "${env:S3_SECRET}",
        "rotate.schedule.interval.ms": "500",
    }
    config = tmp_path / "audit-to-s3.properties"
    lines = "".join(f"{key}={value}\n" for key, value in keys.items())
    config.write_text((CONFIGS / config.name).read_text() + lines)
    workers: list[WorkerProcess] = []

    def started() -> WorkerProcess:
        log = tmp_path / f"worker-{len(workers)}.log"
        workers.append(WorkerProcess(config, env={"S3_SECRET": SECRET_KEY}, log=log))
        return workers[-1].start()

    yield started
    for worker in workers:
        if worker.is_running():
            worker.thaw()
            worker.kill()


def committed(store: Store) -> list[dict[str, Any]]:
    """Every event that a reader sees, by partition and in the order of the commits."""
    with S3Reader(NAME, **store.settings()) as reader:
        return [json.loads(line) for file in reader.files() for line in lines(reader, file)]


def lines(reader: S3Reader, file: Any) -> list[bytes]:
    with reader.open(file) as body:
        return gzip.decompress(body.read()).splitlines()


def count(store: Store) -> int:
    with S3Reader(NAME, **store.settings()) as reader:
        return sum(file.count for file in reader.files())


def check(store: Store, number: int) -> None:
    """Each of the factory's first events is there once."""
    ids = [event["audit_id"] for event in committed(store)]
    expected = [FACTORY.audit(each).value["audit_id"] for each in range(number)]  # type: ignore[index]
    assert sorted(ids) == sorted(expected)


def test_workers_that_are_killed_again_and_again_lose_and_repeat_nothing(
    kafka: KafkaTools, store: Store, topic: str, start: Start
) -> None:
    for kill in range(3):
        send(kafka, topic, [FACTORY.audit(n) for n in range(2_000 * kill, 2_000 * (kill + 1))])
        worker = start()
        wait_until(lambda: count(store) > 2_000 * kill, 60, "some of it is committed")  # noqa: B023
        worker.kill()
    worker = start()
    worker.wait_for("Opened", times=TOPIC_PARTITIONS)
    wait_until(lambda: count(store) >= 6_000, 60, "all of it is committed")
    assert worker.stop() == 0
    check(store, 6_000)


def test_a_worker_that_was_frozen_while_another_took_over_commits_nothing(
    kafka: KafkaTools, store: Store, topic: str, start: Start
) -> None:
    send(kafka, topic, [FACTORY.audit(n) for n in range(1_000)])
    zombie = start()
    wait_until(lambda: count(store) > 0, 60, "some of it is committed")
    zombie.freeze()
    send(kafka, topic, [FACTORY.audit(n) for n in range(1_000, 3_000)])
    other = start()
    wait_until(lambda: count(store) >= 3_000, 60, "the other one has committed all")
    zombie.thaw()
    send(kafka, topic, [FACTORY.audit(n) for n in range(3_000, 4_000)])
    wait_until(lambda: count(store) >= 4_000, 60, "both together have committed all")
    assert [other.stop(), zombie.stop()] == [0, 0]
    check(store, 4_000)


def test_what_was_read_is_committed_before_a_worker_ends(
    kafka: KafkaTools, store: Store, topic: str, start: Start
) -> None:
    send(kafka, topic, [FACTORY.audit(n) for n in range(100)])
    worker = start()
    worker.wait_for("Opened", times=TOPIC_PARTITIONS)
    wait_until(lambda: count(store) >= 100, 60, "all of it is committed")
    assert worker.stop() == 0
    keys = store.keys("topics/")
    assert all("/year=" in key and key.endswith(".json.gz") for key in keys)
    check(store, 100)
