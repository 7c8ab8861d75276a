"""Measure the S3 sink beside a hand-written loop, in one run: python -m tests.bench.s3

Prints records per second, CPU seconds per million and peak memory for JSON lines with gzip and for
Parquet, and the ratio of worker to loop; and the peak memory of a worker that writes 100 partitions into
24 hourly folders each. Prints only: nothing here asserts a time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from connectors.s3.config import S3SinkConfig
from connectors.s3.connector import S3SinkConnector
from tests.bench.__main__ import Result, ended, report
from tests.bench.s3_by_hand import PROGRESS
from tests.factory import alerts
from tests.factory.events import send
from tests.services import choose
from tests.services.kafka_tools import KafkaTools
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY
from tests.services.store import Store

TOPIC, PARTITIONS = "kinaction_alert", 4
WIDE_TOPIC, WIDE_PARTITIONS, HOURS, LIMIT_MB = "kinaction_audit", 100, 24, 400
HOUR_MS = 3_600_000
LOOK_EVERY = 0.1
# The worker commits the last files, which never become full, by the wall clock; the loop knows its end.
# So the rate is taken before.
MEASURED, LAST_FILES_AFTER_MS = 0.9, 10_000
FORMATS = {
    "json": {"format.class": "JsonFormat", "s3.compression.type": "gzip"},
    "parquet": {"format.class": "ParquetFormat"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--flush-size", type=int, default=50_000)
    parser.add_argument("--modes", nargs="+", default=[*FORMATS, "wide"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        kafka = choose.kafka(Path(home) / "kafka").start()
        server = choose.s3(Path(home) / "s3").start()
        try:
            bench = Bench(Path(home), KafkaTools(kafka.bootstrap), server.url, arguments)
            for mode in arguments.modes:
                if mode == "wide":
                    bench.wide()
                else:
                    report(mode, *bench.interleaved(mode, arguments.runs), arguments.records)
        finally:
            server.stop()
            kafka.stop()


class Bench:
    def __init__(
        self, home: Path, kafka: KafkaTools, url: str, arguments: argparse.Namespace
    ) -> None:
        self._home, self._kafka = home, kafka
        self._records, self._flush_size = arguments.records, arguments.flush_size
        self._store = Store(url, "bench")
        self._store.create()
        if set(arguments.modes) != {"wide"}:
            kafka.create_topic(TOPIC, PARTITIONS)
            alerts.produce(kafka, TOPIC, PARTITIONS, self._records)

    def interleaved(self, mode: str, runs: int) -> tuple[list[Result], list[Result]]:
        """Worker and loop in turn, so that a machine that drifts drifts for both."""
        workers, loops = [], []
        for number in range(runs):
            keys = {"flush.size": str(self._flush_size),
                    "rotate.schedule.interval.ms": str(LAST_FILES_AFTER_MS)}  # fmt: skip
            workers.append(self._worker(f"bench-{mode}-{number}", TOPIC, FORMATS[mode] | keys))
            loops.append(self._loop(mode))
        return workers, loops

    def wide(self) -> None:
        """Every partition gets records of every hour, in turn, so that all folders are open at once."""
        self._kafka.create_topic(WIDE_TOPIC, WIDE_PARTITIONS)
        audit = alerts.FACTORY.audit
        first_ms = audit(0).timestamp_ms // HOUR_MS * HOUR_MS
        send(self._kafka, WIDE_TOPIC, (
            audit(n)._replace(partition=n % WIDE_PARTITIONS,
                              timestamp_ms=first_ms + n // WIDE_PARTITIONS % HOURS * HOUR_MS)
            for n in range(self._records)
        ))  # fmt: skip
        for mode, keys in FORMATS.items():
            hourly = {"partitioner.class": "HourlyPartitioner", "timestamp.extractor": "Record",
                      "rotate.interval.ms": "-1", "rotate.schedule.interval.ms": "30000"}  # fmt: skip
            result = self._worker(f"bench-wide-{mode}", WIDE_TOPIC, keys | hourly)
            print(f"\n{mode}, {WIDE_PARTITIONS} partitions of {HOURS} folders, {self._records} records: "
                  f"{result.rss:.0f} MB at most, of {LIMIT_MB}; "
                  f"CPU s/M {result.cpu_seconds / self._records * 1e6:.1f}")  # fmt: skip

    def _worker(self, name: str, topic: str, keys: Mapping[str, str]) -> Result:
        config = self._home / f"{name}.properties"
        common = {
            "name": name, "connector.class": "S3Sink", "topics": topic, "timezone": "UTC",
            "bootstrap.servers": self._kafka.bootstrap, "value.converter": "JsonConverter",
            "value.converter.schemas.enable": "false", "store.url": self._store.url,
            "s3.bucket.name": self._store.bucket, "aws.access.key.id": ACCESS_KEY,
            "aws.secret.access.key": SECRET_KEY,
        }  # fmt: skip
        config.write_text("".join(f"{key}={value}\n" for key, value in {**common, **keys}.items()))
        command = [sys.executable, "-m", "sinkworker", "start", "--log-level", "error", str(config)]
        offsets = S3SinkConnector(name, S3SinkConfig(**self._store.settings())).offset_store()
        try:
            return self._measured(
                command, lambda: sum(each.next or 0 for each in offsets.read().values())
            )
        finally:
            offsets.close()

    def _loop(self, mode: str) -> Result:
        self._store.put(PROGRESS, b"0")
        command = [
            sys.executable, "-m", "tests.bench.s3_by_hand", self._kafka.bootstrap, self._store.url,
            self._store.bucket, TOPIC, str(PARTITIONS), str(self._records), mode,
            str(self._flush_size),
        ]  # fmt: skip
        return self._measured(command, lambda: int(self._store.get(PROGRESS)))

    def _measured(self, command: list[str], progress: Callable[[], int]) -> Result:
        """From the first commit that is seen, which does not count, until nearly all are committed."""
        started = time.monotonic()
        process = subprocess.Popen(command)
        first, at_first = _seen(process, progress, 1)
        last, at_last = _seen(process, progress, int(self._records * MEASURED))
        _seen(process, progress, self._records)
        return ended(process, (at_last - at_first) / (last - first), first - started)


def _seen(
    process: subprocess.Popen[bytes], progress: Callable[[], int], wanted: int
) -> tuple[float, int]:
    """When at least so many records were first seen committed, and how many they were."""
    while (committed := progress()) < wanted:
        if process.poll() not in (None, 0):
            raise SystemExit(f"the process ended with {process.returncode}")
        time.sleep(LOOK_EVERY)
    return time.monotonic(), committed


if __name__ == "__main__":
    main()
