"""What more work costs: more partitions, topics, bytes a record, and a longer past.

Owns the sizes. The worker alone is measured, each curve beside its own first point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from tests.bench.cases import POSTGRES
from tests.bench.logs import Message, plain, send
from tests.bench.measuring import BEFORE_THE_LAST_FLUSH
from tests.bench.postgres import BATCH_SIZE, Landing
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools

PARTITIONS = (1, 4, 16, 64)
TOPICS = (1, 10, 50)
RECORD_BYTES = (100, 1_000, 10_000, 100_000)
ROUNDS = 3
"""In which the sizes take turns: a machine that drifts drifts for all of them. Medians count."""
HISTORY = (10_000, 100_000, 1_000_000, 10_000_000)
MOST_BYTES = 200_000_000
"""Of one log: large records are fewer."""
MOST_BYTES_AT_ONCE = 5_000_000


class Point(NamedTuple):
    """size: of what grows. records_per_second: of the worker."""

    size: int
    records_per_second: float
    cpu_seconds: float
    rss: float


class Growth:
    def __init__(
        self, landing: Landing, kafka: KafkaTools, database: Database, client: str, records: int
    ) -> None:
        self._landing, self._kafka, self._database = landing, kafka, database
        self._records = records
        self._filled, self._told = set[str](), set[str]()
        self._keys = POSTGRES["insert"] | {"kafka.client": client}

    def curves(self) -> Iterator[tuple[str, Sequence[Point]]]:
        grows: Mapping[str, tuple[Callable[[int], Point], Sequence[int]]] = {
            "partitions": (self._partitions, PARTITIONS), "topics": (self._topics, TOPICS),
            "bytes a record": (self._bytes, RECORD_BYTES),
            "commits in the ledger": (self._history, HISTORY),
        }  # fmt: skip
        for name, (measure, sizes) in grows.items():
            turns = [[measure(size) for size in sizes] for _ in range(ROUNDS)]
            points = [
                Point(*map(median, zip(*each, strict=True))) for each in zip(*turns, strict=True)
            ]
            for point in points:
                print(f"{name} {point.size:>12,}: {point.records_per_second:11,.0f} records/s "
                      f"{point.cpu_seconds:8.1f} CPU s/M {point.rss:6.0f} MB", flush=True)  # fmt: skip
            yield name, points

    def _partitions(self, count: int) -> Point:
        topic = f"growth-partitions-{count}"
        self._fill(topic, count, map(plain, range(self._records)))
        return self._point(count, topic, self._records)

    def _topics(self, count: int) -> Point:
        topics, each = [f"growth-{count}-topics-{n}" for n in range(count)], self._records // count
        for topic in topics:
            self._fill(topic, 1, map(plain, range(each)))
        return self._point(count, ",".join(topics), each * count)

    def _bytes(self, size: int) -> Point:
        records = min(self._records, MOST_BYTES // size)
        topic, rest = f"growth-bytes-{size}", "x" * (size - 60)
        value = b'{"alert_id":%d,"stage_id":1,"level":"Minor","message":"%s"}'
        values = (value % (n, rest.encode()) for n in range(records))
        self._fill(topic, 4, (Message(None, each) for each in values))
        at_once = {"batch.size": str(min(BATCH_SIZE, MOST_BYTES_AT_ONCE // size))}
        return self._point(size, topic, records, at_once)

    def _history(self, commits: int) -> Point:
        """As if this connector had made so many; none is old enough to be removed."""
        topic, name = "growth-history", f"after-{commits}"
        self._fill(topic, 4, map(plain, range(self._records)))
        if name not in self._told:
            for each in HISTORY:
                self._tell(f"after-{each}", topic, each)
        return self._point(commits, topic, self._records, name=name)

    def _tell(self, name: str, topic: str, commits: int) -> None:
        self._told.add(name)
        self._database.execute(
            "INSERT INTO sinkworker_ledger (connector, topic, partition, kind, epoch, from_offset, "
            "to_offset, records, owner) SELECT %s, %s, n %% 4, 'commit', 1, n * 5000, (n + 1) * 5000, "
            "5000, 'worker-1 task-0' FROM generate_series(1::bigint, %s) AS n",
            (name, topic, commits),
        )
        self._database.execute("VACUUM ANALYZE sinkworker_ledger")

    def _fill(self, topic: str, partitions: int, messages: Iterator[Message]) -> None:
        if topic in self._filled:
            return
        self._filled.add(topic)
        self._kafka.create_topic(topic, partitions)
        send(self._kafka, topic, partitions, messages)

    def _point(
        self, size: int, topics: str, records: int, keys: Mapping[str, str] | None = None,
        *, name: str | None = None,
    ) -> Point:  # fmt: skip
        program = self._landing.worker(topics, {**self._keys, **(keys or {})}, name=name)
        rate, cpu, rss, _ = program.measured(records, until=BEFORE_THE_LAST_FLUSH)
        return Point(size, rate, cpu, rss)
