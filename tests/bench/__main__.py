"""Measure the worker beside a hand-written loop, in one run: python -m tests.bench

Prints rows per second, CPU seconds per million, memory and the time to the first row, and the ratio of
worker to loop. Prints only: nothing here asserts a time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.factory import alerts
from tests.services import choose
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools

TOPIC = "kinaction_alert"
PARTITIONS = 4
BATCH_SIZE = 5000


class Result(NamedTuple):
    """One run. first_row: seconds from the start of the process. rss: peak, in MB."""

    rows_per_second: float
    cpu_seconds: float
    rss: float
    first_row: float


class Case(NamedTuple):
    """What both programs do."""

    mode: str
    client: str
    tasks: int

    def __str__(self) -> str:
        return f"{self.mode}, {self.client}, {self.tasks} task{'s' if self.tasks > 1 else ''}"


def cases(modes: list[str], clients: list[str], tasks: list[int]) -> list[Case]:
    return [Case(*each) for each in itertools.product(modes, clients, tasks)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--modes", nargs="+", default=["insert", "upsert"])
    parser.add_argument("--clients", nargs="+", default=["kafka-python", "confluent"])
    parser.add_argument("--tasks", nargs="+", type=int, default=[1, 2])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        kafka = choose.kafka(Path(home) / "kafka").start()
        postgres = choose.postgres(Path(home) / "postgres").start()
        try:
            tools = KafkaTools(kafka.bootstrap)
            tools.create_topic(TOPIC, PARTITIONS)
            alerts.produce(tools, TOPIC, PARTITIONS, arguments.records)
            bench = Bench(Path(home), tools, postgres.url(), arguments.records)
            for case in cases(arguments.modes, arguments.clients, arguments.tasks):
                report(case, *bench.interleaved(case, arguments.runs), arguments.records)
        finally:
            postgres.stop()
            kafka.stop()


class Bench:
    def __init__(self, home: Path, kafka: KafkaTools, url: str, records: int) -> None:
        self._home, self._kafka, self._records = home, kafka, records
        self._database = Database(url)

    def interleaved(self, case: Case, runs: int) -> tuple[list[Result], list[Result]]:
        """Worker and loop in turn, so that a machine that drifts drifts for both."""
        workers, loops = [], []
        for number in range(runs):
            workers.append(self._worker(case, number))
            loops.append(self._loop(case))
        return workers, loops

    def _worker(self, case: Case, number: int) -> Result:
        key = ", PRIMARY KEY (alert_id)" if case.mode == "upsert" else ""
        self._database.execute("DROP TABLE IF EXISTS alerts")
        self._database.execute(
            f"CREATE TABLE alerts (alert_id bigint, stage_id int, level text, message text{key})"
        )
        name = f"bench-{'-'.join(map(str, case))}-{number}"
        keyed = "insert.mode=upsert\npk.mode=record_value\npk.fields=alert_id\n"
        config = self._home / f"{name}.properties"
        config.write_text(
            f"name={name}\nconnector.class=PostgresSink\ntopics={TOPIC}\n"
            f"bootstrap.servers={self._kafka.bootstrap}\nbatch.size={BATCH_SIZE}\n"
            "value.converter=JsonConverter\nvalue.converter.schemas.enable=false\n"
            f"connection.url={self._database.url}\ntable.name.format=alerts\n"
            f"kafka.client={case.client}\ntasks.max={case.tasks}\n"
            + (keyed if case.mode == "upsert" else "")
        )
        command = [sys.executable, "-m", "sinkworker", "start", "--log-level", "error", str(config)]
        progress = (
            "SELECT coalesce(sum(next_offset), 0) FROM sinkworker_offsets "
            f"WHERE connector = '{name}'"
        )
        self._ensure_offsets_table()
        return self._measured(command, progress)

    def _ensure_offsets_table(self) -> None:
        from connectors.postgres.queries import identifier, statement

        query = statement("offsets", "create", offsets=identifier("sinkworker_offsets"))
        self._database.execute(query)  # type: ignore[arg-type]

    def _loop(self, case: Case) -> Result:
        key = ", PRIMARY KEY (alert_id)" if case.mode == "upsert" else ""
        self._database.execute("DROP TABLE IF EXISTS hand, hand_offsets")
        self._database.execute(
            f"CREATE TABLE hand (alert_id bigint, stage_id int, level text, message text{key})"
        )
        self._database.execute(
            "CREATE TABLE hand_offsets AS SELECT n AS partition, 0::bigint AS next_offset "
            f"FROM generate_series(0, {PARTITIONS - 1}) AS n"
        )
        script = str(Path(__file__).with_name("hand_written.py"))
        command = [
            sys.executable, script, case.client, self._kafka.bootstrap, self._database.url, TOPIC,
            str(PARTITIONS), str(self._records), case.mode, str(BATCH_SIZE), str(case.tasks),
        ]  # fmt: skip
        return self._measured(command, "SELECT sum(next_offset) FROM hand_offsets")

    def _measured(self, command: list[str], progress: str) -> Result:
        started = time.monotonic()
        process = subprocess.Popen(command)
        first = self._wait(lambda: self._database.one(progress) > 0, process)
        last = self._wait(lambda: self._database.one(progress) >= self._records, process)
        return ended(process, self._records / (last - first), first - started)

    def _wait(self, condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> float:
        while not condition():
            if process.poll() not in (None, 0):
                raise SystemExit(f"the process ended with {process.returncode}")
            time.sleep(0.01)
        return time.monotonic()


def ended(process: subprocess.Popen[bytes], rows_per_second: float, first_row: float) -> Result:
    """The result of a process, which is told to end. What it used says the system."""
    # Not its ru_maxrss: in that the memory of the process that started it counts, too.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    process.terminate()
    _, _, usage = os.wait4(process.pid, 0)
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Result(rows_per_second, cpu_seconds, int(peak) / 1024, first_row)


def report(case: Case, workers: list[Result], loops: list[Result], records: int) -> None:
    """Medians, and the ratio of each pair."""
    print(f"\n{case}: {len(workers)} runs each, interleaved; medians")
    print(f"{'':12}{'rows/s':>10}{'CPU s/M':>8}{'RSS MB':>8}{'first row s':>13}")
    for name, results in (("worker", workers), ("hand-written", loops)):
        rows, cpu, rss, first = (statistics.median(column) for column in zip(*results, strict=True))
        print(f"{name:12}{rows:>10,.0f}{cpu / records * 1e6:>8.1f}{rss:>8.0f}{first:>13.2f}")
    ratios = [w.rows_per_second / h.rows_per_second for w, h in zip(workers, loops, strict=True)]
    print(f"worker / hand-written: {statistics.median(ratios):.2f} "
          f"({min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip
    print(json.dumps(case._asdict() | {"ratios": [round(ratio, 3) for ratio in ratios]}))


if __name__ == "__main__":
    main()
