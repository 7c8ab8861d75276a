"""Measure how soon REST answers beside busy tasks: python -m tests.bench.rest

Prints p50, p99 and the longest of requests, in milliseconds: while nothing happens, while records are
written as fast as can be, while a plugin sleeps, and while one spins in pure Python. Prints only:
nothing here asserts a time.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.factory import alerts
from tests.services import choose
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess

TOPIC, STUCK = "kinaction_alert", "stuck"
PATHS = ("/connectors/{}/status", "/metrics", "/connectors/{}/offsets")
LONG_ENOUGH = 3600
HOLDS = "The plugin holds a record"


def sleep(record: object) -> object:
    """Of a transform: hangs, and holds nothing."""
    print(HOLDS, file=sys.stderr, flush=True)
    time.sleep(LONG_ENOUGH)
    return record


def spin(record: object) -> object:
    """Of a transform: counts, and never waits."""
    print(HOLDS, file=sys.stderr, flush=True)
    end = time.monotonic() + LONG_ENOUGH
    while time.monotonic() < end:
        pass
    return record


class Bench:
    """One worker after the other, on one broker and one Postgres."""

    def __init__(self, home: Path, kafka: KafkaTools, database: Database, requests: int) -> None:
        self._home, self._kafka, self._database = home, kafka, database
        self._requests = requests

    def run(self, mode: str) -> None:
        rounds = {"idle": self.idle, "busy": self.busy}
        rounds.get(mode, partial(self.stuck, mode))()

    def idle(self) -> None:
        with self._worker("idle", self._sink("idle", "idle_topic")) as (_, port):
            self._print("idle", port)

    def busy(self) -> None:
        with self._worker("busy", self._sink("busy", TOPIC)) as (_, port):
            wait_until(lambda: self._stored() > 0, 60, "the first rows")
            before = self._stored()
            self._print("busy", port)
            print(f"{'':12}{self._stored() - before:,} rows meanwhile")

    def stuck(self, how: str) -> None:
        named = f"transforms.t.callable=tests.bench.rest:{how}\n"
        calling = f"transforms=t\ntransforms.t.type=python\n{named}"
        with self._worker(how, self._sink(how, STUCK) + calling) as (worker, port):
            worker.wait_for(HOLDS)
            self._print(how, port)

    def _sink(self, name: str, topic: str) -> str:
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS alerts "
            "(alert_id bigint, stage_id int, level text, message text)"
        )
        return (
            f"name={name}\nconnector.class=PostgresSink\ntopics={topic}\ntasks.max=2\n"
            f"bootstrap.servers={self._kafka.bootstrap}\n"
            "value.converter=JsonConverter\nvalue.converter.schemas.enable=false\n"
            f"connection.url={self._database.url}\ntable.name.format=alerts\n"
        )

    @contextmanager
    def _worker(self, name: str, keys: str) -> Iterator[tuple[WorkerProcess, int]]:
        config, settings = (
            self._home / f"{name}.properties",
            self._home / f"{name}-worker.properties",
        )
        config.write_text(keys)
        settings.write_text("listeners=http://127.0.0.1:0\npython.callable.packages=tests\n")
        worker = WorkerProcess(config, log=self._home / f"{name}.log")
        worker.start("--worker-config", str(settings))
        try:
            yield worker, worker.rest_port()
        finally:
            worker.kill()

    def _stored(self) -> int:
        return int(
            self._database.one("SELECT coalesce(sum(next_offset), 0) FROM sinkworker_offsets")
        )

    def _print(self, title: str, port: int) -> None:
        for path in PATHS:
            took = sorted(_latencies(port, path.format(title), self._requests))
            p50, p99 = (took[int(len(took) * share)] for share in (0.5, 0.99))
            print(
                f"{title:8}{path.format(title):28}{p50:8.1f}{p99:8.1f}{took[-1]:8.1f}", flush=True
            )


def _latencies(port: int, path: str, requests: int) -> Iterator[float]:
    """Milliseconds of requests on one connection, one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(requests):
        started = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
        yield (time.perf_counter() - started) * 1000
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--modes", nargs="+", default=["idle", "busy", "sleep", "spin"])
    parser.add_argument("--records", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        kafka = choose.kafka(home / "kafka").start()
        postgres = choose.postgres(home / "postgres").start()
        try:
            tools = KafkaTools(kafka.bootstrap)
            for topic in (TOPIC, STUCK, "idle_topic"):
                tools.create_topic(topic, 2)
            alerts.produce(tools, TOPIC, 2, chosen.records)
            alerts.produce(tools, STUCK, 2, 100)
            bench = Bench(home, tools, Database(postgres.url()), chosen.requests)
            print(f"{'':8}{'':28}{'p50 ms':>8}{'p99 ms':>8}{'max ms':>8}")
            for mode in chosen.modes:
                bench.run(mode)
        finally:
            postgres.stop()
            kafka.stop()


if __name__ == "__main__":
    main()
