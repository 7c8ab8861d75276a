"""The S3 cases: the worker and the loop by hand, into one bucket; and a worker with many files open.

Owns the settings and how far each program is. Must not know what results mean.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from connectors.s3.config import S3SinkConfig
from connectors.s3.connector import S3SinkConnector
from sinkworker.api import OffsetStore
from tests.bench.cases import PLAIN, S3, Case
from tests.bench.measuring import Program, Result
from tests.bench.s3_by_hand import PROGRESS
from tests.factory import alerts
from tests.services.kafka_tools import KafkaTools
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY
from tests.services.store import Store

FLUSH_SIZE = 50_000
LOOK_EVERY = 0.1
# The worker commits the last files, which never become full, by the wall clock; the loop knows its end.
# So the rate is taken before: files have a little more than FLUSH_SIZE records, partitions few files.
MEASURED, LAST_FILES_AFTER_MS = 0.6, 10_000
ROTATION = {"flush.size": str(FLUSH_SIZE), "rotate.schedule.interval.ms": str(LAST_FILES_AFTER_MS)}
WIDE_TOPIC, WIDE_PARTITIONS, HOURS, LIMIT_MB = "kinaction_audit", 100, 24, 400
HOUR_MS = 3_600_000
HOURLY = {
    "partitioner.class": "HourlyPartitioner", "timestamp.extractor": "Record", "flush.size": "10000000",
    "rotate.interval.ms": "-1", "rotate.schedule.interval.ms": "30000",
}  # fmt: skip


class Archive:
    """One bucket. Every worker is a connector of its own, with chains of its own."""

    def __init__(self, store: Store, home: Path, bootstrap: str) -> None:
        self._store, self._home, self._bootstrap = store, home, bootstrap
        self._number = 0
        store.create()

    def worker(self, case: Case, topic: str, records: int) -> Result:
        return self._worker(
            topic, S3[case.mode] | ROTATION | {"kafka.client": case.client}, records
        )

    def _worker(self, topic: str, keys: Mapping[str, str], records: int) -> Result:
        self._number += 1
        name = f"bench-{self._number}"
        config = self._home / f"{name}.properties"
        told = {
            "name": name, "connector.class": "S3Sink", "topics": topic, "timezone": "UTC",
            "bootstrap.servers": self._bootstrap, "store.url": self._store.url,
            "s3.bucket.name": self._store.bucket, "aws.access.key.id": ACCESS_KEY,
            "aws.secret.access.key": SECRET_KEY,
        } | keys  # fmt: skip
        config.write_text("".join(f"{key}={value}\n" for key, value in told.items()))
        command = [sys.executable, "-m", "sinkworker", "start", "--log-level", "error", str(config)]
        offsets = S3SinkConnector(name, S3SinkConfig(**self._store.settings())).offset_store()
        try:
            program = Program(command, lambda: _total(offsets), LOOK_EVERY)
            return program.measured(records, MEASURED)
        finally:
            offsets.close()

    def by_hand(self, case: Case, topic: str, partitions: int, records: int) -> Result:
        self._store.put(PROGRESS, b"0")
        command = [
            sys.executable, "-m", "tests.bench.s3_by_hand", case.client, self._bootstrap,
            self._store.url, self._store.bucket, topic, str(partitions), str(records), case.mode,
            str(FLUSH_SIZE),
        ]  # fmt: skip
        program = Program(command, lambda: int(self._store.get(PROGRESS)), LOOK_EVERY)
        return program.measured(records, MEASURED)

    def wide(self, kafka: KafkaTools, records: int) -> Mapping[str, float]:
        """Peak MB by mode, when every partition has files of every hour open at once."""
        kafka.create_topic(WIDE_TOPIC, WIDE_PARTITIONS, retention_ms="-1")
        send_hours(kafka, records)
        peaks = {}
        for mode, keys in S3.items():
            peaks[mode] = self._worker(WIDE_TOPIC, keys | HOURLY | PLAIN, records).rss
            print(f"{mode}, {WIDE_PARTITIONS} partitions of {HOURS} folders each: {peaks[mode]:.0f} MB "
                  f"at most, of {LIMIT_MB}", flush=True)  # fmt: skip
        return peaks


def _total(offsets: OffsetStore) -> int:
    return sum(stored.next or 0 for stored in offsets.read().values())


def send_hours(kafka: KafkaTools, records: int) -> None:
    """Every partition gets a record of each hour, in turn."""
    first_ms = alerts.FACTORY.audit(0).timestamp_ms // HOUR_MS * HOUR_MS
    producer = kafka.producer(linger_ms=50, queue_buffering_max_messages=2_000_000)
    for number in range(records):
        hour, partition = number // WIDE_PARTITIONS % HOURS, number % WIDE_PARTITIONS
        value = alerts.FACTORY.audit(number).encoded()
        producer.produce(
            WIDE_TOPIC, value, None, partition, timestamp=first_ms + hour * HOUR_MS + 1
        )
        producer.poll(0)
    assert producer.flush(60) == 0, "not everything was produced"
