"""The parts of the bench, on servers that it starts.

Owns the order of runs. What is measured, and how, is in the other modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench import results
from tests.bench.cases import BESIDE_PLAIN, CLIENTS, POSTGRES, Case
from tests.bench.growth import Growth
from tests.bench.latency import Trickle
from tests.bench.logs import Logs
from tests.bench.measuring import BEFORE_THE_LAST_FLUSH, Result
from tests.bench.postgres import HAND, OWN_TABLE, Landing
from tests.bench.results import Pairs
from tests.bench.s3 import Archive
from tests.services import choose
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools
from tests.services.registry import RegistryServer
from tests.services.store import Store

PARTITIONS = 4
AT_ITS_BEST = {"kafka.client": "confluent", "batch.size": "10000"}
BEST = {
    "insert, 4 tasks, no primary key": ("insert", 4, False),
    "insert, 4 tasks": ("insert", 4, True), "upsert, 2 tasks": ("upsert", 2, True),
}  # fmt: skip
Found = Mapping[str, Any]


class Bench:
    def __init__(
        self, home: Path, kafka: KafkaTools, database: Database, store: Store,
        registry: RegistryServer, records: int, runs: int,
    ) -> None:  # fmt: skip
        self.kafka, self.database, self.records, self.runs = kafka, database, records, runs
        self._registry, self._logs = registry, Logs(kafka, registry, records)
        self.landing = Landing(database, home, kafka.bootstrap)
        self.archive = Archive(store, home, kafka.bootstrap)

    @classmethod
    def started(cls, home: Path, servers: ExitStack, records: int, runs: int) -> Bench:
        kafka = choose.kafka(home / "kafka").start()
        servers.callback(kafka.stop)
        postgres = choose.postgres(home / "postgres").start()
        servers.callback(postgres.stop)
        s3 = choose.s3(home / "s3").start()
        servers.callback(s3.stop)
        registry = RegistryServer().start()
        servers.callback(registry.stop)
        tools, database = KafkaTools(kafka.bootstrap), Database(postgres.url())
        return cls(home, tools, database, Store(s3.url, "bench"), registry, records, runs)

    def pairs(self, case: Case) -> Pairs:
        """Worker and loop in turn, so that a machine that drifts drifts for both."""
        run = self._postgres if case.mode in POSTGRES else self._s3
        turns = [run(case) for _ in range(self.runs)]
        return Pairs(str(case), [worker for worker, _ in turns], [loop for _, loop in turns])

    def _postgres(self, case: Case) -> tuple[Result, Result]:
        topic = self._logs.of(case.mode, PARTITIONS)
        keys = {**POSTGRES[case.mode], "kafka.client": case.client, "tasks.max": str(case.tasks)}
        if case.tasks > 1:
            keys["topics.partitions"] = _all_of(topic)
        if case.mode == "avro":
            keys["value.converter.schema.registry.url"] = self._registry.url
        worker = self.landing.worker(topic, keys).measured(self.records)
        loop = self.landing.by_hand(case, topic, PARTITIONS, self.records).measured(self.records)
        if (rows := self.landing.rows(OWN_TABLE)) != self.landing.rows(HAND):
            raise SystemExit(f"{case}: worker and loop wrote different rows ({rows} and another)")
        return worker, loop

    def beside_copy(self, mode: str, tasks: int, *, is_keyed: bool) -> tuple[Result, Result]:
        topic, own = self._logs.of(mode, PARTITIONS), POSTGRES[mode] | AT_ITS_BEST
        keys = {**own, "tasks.max": str(tasks), "topics.partitions": _all_of(topic)}
        worker = self.landing.worker(topic, keys, is_keyed=is_keyed).measured(self.records)
        copy = self.landing.copy_alone(self.records, is_keyed=is_keyed).measured(self.records)
        return worker, copy

    def beside_plain(self, client: str) -> tuple[Result, Result]:
        """Worker and worker: JSON with its schema, and the same records without."""
        with_schema, plain = (
            self.landing.worker(
                self._logs.of(mode, PARTITIONS), {**POSTGRES[mode], "kafka.client": client}
            ).measured(self.records, until=BEFORE_THE_LAST_FLUSH)
            for mode in ("envelope", "insert")
        )
        return with_schema, plain

    def _s3(self, case: Case) -> tuple[Result, Result]:
        topic = self._logs.of(case.mode, PARTITIONS)
        return (
            self.archive.worker(case, topic, self.records),
            self.archive.by_hand(case, topic, PARTITIONS, self.records),
        )


def _all_of(topic: str) -> str:
    """Fixed, as the loop's are: a group of two that begins alone has a rebalance of seconds to go."""
    return ",".join(f"{topic}:{partition}" for partition in range(PARTITIONS))


def measure_cases(bench: Bench, chosen: Sequence[Case]) -> Found:
    found = {}
    for case in chosen:
        pairs = bench.pairs(case)
        results.show(pairs)
        found[pairs.name] = results.as_json(pairs)
    return found


def measure_schemas(bench: Bench, _: Sequence[Case]) -> Found:
    turns = [bench.beside_plain("confluent") for _ in range(bench.runs)]
    pairs = Pairs(BESIDE_PLAIN, [schemas for schemas, _ in turns], [plain for _, plain in turns])
    results.show(pairs, "plain")
    return {pairs.name: results.as_json(pairs)}


def measure_copy(bench: Bench, _: Sequence[Case]) -> Found:
    """The worker at its best beside COPY alone, into tables of the same shape."""
    found = {}
    for name, (mode, tasks, is_keyed) in BEST.items():
        turns = [bench.beside_copy(mode, tasks, is_keyed=is_keyed) for _ in range(bench.runs)]
        pairs = Pairs(name, [worker for worker, _ in turns], [copy for _, copy in turns])
        results.show(pairs, "COPY alone")
        found[name] = results.as_json(pairs)
    return found


def measure_latency(bench: Bench, _: Sequence[Case]) -> Found:
    return {
        client: [each._asdict() for each in Trickle(bench.landing, bench.kafka, client).latencies()]
        for client in CLIENTS
    }


def measure_idle(bench: Bench, _: Sequence[Case]) -> Found:
    return {
        client: Trickle(bench.landing, bench.kafka, client).idle()._asdict() for client in CLIENTS
    }


def measure_growth(bench: Bench, _: Sequence[Case]) -> Found:
    growth = Growth(bench.landing, bench.kafka, bench.database, "confluent", bench.records)
    return {name: [point._asdict() for point in points] for name, points in growth.curves()}


def measure_wide(bench: Bench, _: Sequence[Case]) -> Found:
    return bench.archive.wide(bench.kafka, bench.records)


PARTS: Mapping[str, Callable[[Bench, Sequence[Case]], Found]] = {
    "latency": measure_latency, "idle": measure_idle, "cases": measure_cases,
    "schemas": measure_schemas, "copy": measure_copy, "growth": measure_growth, "wide": measure_wide,
}  # fmt: skip
