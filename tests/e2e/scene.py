"""What an end-to-end test needs: a connector file, workers that run it, and what they made of it.

Owns the short group times of tests, and the questions to Postgres about what landed.
"""

from __future__ import annotations

import itertools
import uuid
from pathlib import Path
from typing import Any

from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess

CONFIGS = Path(__file__).parents[2] / "configs"

QUICK = {
    "consumer.override.session.timeout.ms": "3000",
    "consumer.override.heartbeat.interval.ms": "500",
    "consumer.override.metadata.max.age.ms": "500",
    "errors.retry.delay.max.ms": "1000",
}


class Scene:
    """One connector on one topic and one database."""

    def __init__(self, kafka: KafkaTools, database: Database, home: Path, client: str) -> None:
        self.kafka, self.database, self._home, self.client = kafka, database, home, client
        self.name = f"e2e-{uuid.uuid4().hex[:8]}"
        self._workers: list[WorkerProcess] = []
        self._numbers = itertools.count()

    def config(self, topic: str, name: str | None = None, **keys: Any) -> Path:
        """A file for the Postgres sink; keys with `__` for dots."""
        return self._write(self._keys(topic, name) | _dotted(keys))

    def shipped_config(self, file: str, topic: str, /, **keys: Any) -> Path:
        """A file of configs/ as it is, with this test's addresses after its lines."""
        changed = {
            "name": self.name, "topics": topic, "bootstrap.servers": self.kafka.bootstrap,
            "connection.url": self.database.url, "connection.user": "postgres",
            "kafka.client": self.client,
        }  # fmt: skip
        return self._write(changed | QUICK | _dotted(keys), (CONFIGS / file).read_text() + "\n")

    def _keys(self, topic: str, name: str | None) -> dict[str, str]:
        return QUICK | {
            "name": name or self.name,
            "connector.class": "PostgresSink",
            "bootstrap.servers": self.kafka.bootstrap,
            "kafka.client": self.client,
            "topics": topic,
            "value.converter": "JsonConverter",
            "value.converter.schemas.enable": "false",
            "connection.url": self.database.url,
            "table.name.format": "alerts",
        }

    def _write(self, keys: dict[str, str], before: str = "") -> Path:
        path = self._home / f"connector-{next(self._numbers)}.properties"
        lines = [f"{key}={value}" for key, value in keys.items() if value is not None]
        path.write_text(before + "\n".join(lines) + "\n")
        return path

    def worker(self, *configs: Path, **env: str) -> WorkerProcess:
        """Not started yet; killed at the end of the test."""
        log = self._home / f"worker-{len(self._workers)}.log"
        worker = WorkerProcess(*configs, env={"PG_PASSWORD": "sinkworker"} | env, log=log)
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self._workers:
            if worker.is_running():
                worker.thaw()
                worker.kill()

    # what is stored

    def stored(self, name: str | None = None) -> dict[int, int]:
        """The stored offset of every partition."""
        rows = self._offsets("partition, next_offset", name)
        return {partition: offset for partition, offset in rows if offset is not None}

    def epochs(self, name: str | None = None) -> dict[int, int]:
        return dict(self._offsets("partition, epoch", name))  # type: ignore[arg-type]

    def owners(self, name: str | None = None) -> dict[int, str]:
        return dict(self._offsets("partition, owner", name))  # type: ignore[arg-type]

    def _offsets(self, columns: str, name: str | None) -> list[tuple[Any, ...]]:
        if not self.database.one("SELECT to_regclass('sinkworker_offsets') IS NOT NULL"):
            return []
        return self.database.execute(
            f"SELECT {columns} FROM sinkworker_offsets WHERE connector = %s", [name or self.name]
        )

    def progress(self, name: str | None = None) -> int:
        """The sum of all stored offsets, of all topics."""
        rows = self._offsets("sum(next_offset)::bigint", name)
        return (rows[0][0] or 0) if rows else 0

    def wait_for_progress(self, offsets: int, seconds: float = 60) -> None:
        wait_until(lambda: self.progress() >= offsets, seconds, f"{offsets} offsets stored")

    def wait_until_done(self, topic: str, seconds: float = 60, name: str | None = None) -> None:
        """Until every stored offset is at the log's end."""
        ends = self.kafka.ends(topic)
        wait_until(
            lambda: self.stored(name) == ends,
            seconds,
            f"offsets {ends} stored: {self.stored(name)}",
        )


def _dotted(keys: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("__", "."): value for key, value in keys.items()}
