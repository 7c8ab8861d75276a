"""What one round works with: a topic with a backlog, a landing, workers with failpoints, a verdict.

Owns a round's things from beginning to end. Must not know any fault.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sinkworker.failpoints import VARIABLE, Failpoint
from tests.faults import cargo, history, letters
from tests.faults.findings import Case
from tests.faults.landing import Kind, Landing
from tests.faults.observer import Observer
from tests.faults.places import of_client
from tests.faults.postgres_landing import PostgresLanding
from tests.faults.proxy import KafkaProxy
from tests.faults.s3_landing import S3Landing
from tests.faults.servers import Servers
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools
from tests.services.postgres import PostgresServer
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess

QUICK = {
    "consumer.override.session.timeout.ms": "1500",
    "consumer.override.heartbeat.interval.ms": "300",
    "consumer.override.metadata.max.age.ms": "500",
    "errors.retry.delay.max.ms": "300",
}

# librdkafka would fetch a whole backlog at once, and meet no fault that comes later.
OF_CLIENT = {
    "kafka-python": {},
    "confluent": {"consumer.override.librdkafka.queued.min.messages": "1"},
}


@dataclass
class Outcome:
    """What a round showed. faults: what provably struck. recovery: seconds from a fault to the next
    commit, for rounds that measure it. pauses: seconds that a partition was not committed while others
    moved, the longest of each rebalance that should not have touched it."""

    records: int = 0
    aborted: int = 0
    snapshots: int = 0
    faults: list[str] = field(default_factory=list)
    recovery: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    anomalies: dict[str, int] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)


def code(source: Path | None) -> dict[str, str]:
    """What lets Python run the code of this folder."""
    return {"PYTHONPATH": str(source), "PYTHONSAFEPATH": "1"} if source else {}


class FaultyWorker(WorkerProcess):
    """A worker with failpoints. source: a folder whose copy of the code it runs (for mutants)."""

    def __init__(
        self, *configs: Path, home: Path, number: int, failpoints: Sequence[Failpoint],
        source: Path | None, env: dict[str, str],
    ) -> None:  # fmt: skip
        self.number, self._journal = number, home / f"journal-{number}.jsonl"
        self.log_file = home / f"worker-{number}.log"
        plan = home / f"plan-{number}.json"
        plan.write_text(
            json.dumps(
                {"journal": str(self._journal), "failpoints": [asdict(f) for f in failpoints]}
            )
        )
        self._is_to_fail = False
        self._options = ("--failpoints",) if failpoints else ()
        super().__init__(
            *configs, env={VARIABLE: str(plan)} | code(source) | env, log=self.log_file
        )

    def start(self, *options: str) -> FaultyWorker:
        super().start(*self._options, *options)
        return self

    def fired(self) -> list[str]:
        """What its failpoints did, in their order, but for rests."""
        if not self._journal.exists():
            return []
        return [
            f"{each['do']} {each['when']} {each['at'].partition(':')[2]}"
            for each in map(json.loads, self._journal.read_text().splitlines())
            if each["hit"] != 0
        ]

    def wait_fired(self, seconds: float = 60) -> str:
        """Until one of its failpoints has struck; which."""

        def has_fired() -> bool:
            return bool(self.fired()) or not self.is_running()

        wait_until(has_fired, seconds, f"a failpoint of worker {self.number} to strike")
        assert self.fired(), f"the worker ended; its log:\n{self.log()[-3000:]}"
        return self.fired()[0]

    def is_frozen(self) -> bool:
        """Whether the system says of all its threads that they are stopped."""
        stats = Path(f"/proc/{self.pid}/task").glob("*/stat")
        return {stat.read_text().rpartition(")")[2].split()[0] for stat in stats} == {"T"}

    def wait_frozen(self) -> None:
        wait_until(self.is_frozen, 30, f"worker {self.number} to be frozen")

    def assignments(self) -> list[str]:
        """What its group gave it and took from it, in its words."""
        return [
            line for word in ("Assigned", "Revoked", "Lost") for line in self.log_lines(f" {word} ")
        ]

    def wait_failed(self) -> None:
        """Until it has given up, as it should."""
        assert self.wait() != 0
        self._is_to_fail = True

    def has_crashed(self) -> bool:
        """Whether it has ended neither in good order nor by SIGKILL, and was not to fail."""
        code = None if self._process is None else self._process.poll()
        return code not in {None, 0, -signal.SIGKILL} and not self._is_to_fail

    def memory(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) * 1024


class Rig:
    """One round's topic, landing, workers and observer. dice: the round's only source of chance."""

    def __init__(
        self, servers: Servers, dice: Random, home: Path, *, own_kafka: bool = False,
        own_postgres: bool = False, source: Path | None = None, lands_in: Kind = "postgres",
        client: str = "kafka-python",
    ) -> None:  # fmt: skip
        home.mkdir(parents=True, exist_ok=True)
        self.servers, self.dice, self.home, self._source = servers, dice, home, source
        self.client = client
        self.kafka_server = servers.own_kafka() if own_kafka else servers.kafka()
        self.kafka = KafkaTools(self.kafka_server.bootstrap)
        self.landing: Landing = (
            S3Landing(servers, dice) if lands_in == "s3"
            else PostgresLanding(servers, own_server=own_postgres)
        )  # fmt: skip
        self.connector = f"fault-{dice.randrange(10**6):06d}"
        self.beside: list[str] = []
        """Other connectors that read the same topic, to be judged as well."""
        self.table, self.partitions, self.topic = "inserted", 2, ""
        self.asked: list[tuple[int, int | None]] | None = None
        """Where an operator moved offsets to, in rounds that have one: as in a Case."""
        self.letters = ""
        """Where bad records go that the backlog then has: a table, a topic, files."""
        self.outcome = Outcome()
        self._kept: str | None = None
        self._workers: list[FaultyWorker] = []
        self._proxy: KafkaProxy | None = None
        self._observer: Observer | None = None
        self._numbers: list[int] = []

    @property
    def proxy(self) -> KafkaProxy:
        """Between this round's workers and the shared broker."""
        self._proxy = self._proxy or self.servers.lend_proxy()
        return self._proxy

    # the landing

    @property
    def postgres(self) -> PostgresLanding:
        assert isinstance(self.landing, PostgresLanding)
        return self.landing

    @property
    def s3(self) -> S3Landing:
        assert isinstance(self.landing, S3Landing)
        return self.landing

    @property
    def database(self) -> Database:
        return self.postgres.database

    @property
    def database_name(self) -> str:
        return self.postgres.name

    @property
    def postgres_server(self) -> PostgresServer:
        return self.postgres.server

    # the backlog

    def load_any(self, records: int = 4_000) -> None:
        """For a table that chance chooses."""
        self.load(records, table=self.dice.choice(self.landing.tables))

    def load(
        self, records: int = 4_000, partitions: int = 2, table: str = "inserted",
        keys: int | None = None, **settings: str,
    ) -> None:  # fmt: skip
        """A new topic that holds so many records, and an observer of the table they will land in."""
        self.table, self.partitions = table, partitions
        self.topic = self.kafka.create_topic(partitions=partitions, **settings)
        self._numbers = [0] * partitions
        if cargo.BAD_ROW in self._bad():
            self.database.execute(cargo.REFUSE_BAD_ROWS.format(table))
        self.send(records, keys)
        self.observe()

    def send(
        self, records: int, keys: int | None = None, partitions: Sequence[int] | None = None
    ) -> None:
        """More records, dealt evenly to these partitions."""
        cargo.send(self.kafka, self.topic, self.made(records, keys, partitions))

    def made(
        self, records: int, keys: int | None = None, partitions: Sequence[int] | None = None
    ) -> list[cargo.Cargo]:
        """Records that nobody has sent yet, mixed as they would come from many producers."""
        chosen = list(partitions if partitions is not None else range(self.partitions))
        tombstones = 0.1 if self.table == "upserted" else 0.0
        made: list[cargo.Cargo] = []
        for p in chosen:
            count = records // len(chosen)
            numbers = range(self._numbers[p], self._numbers[p] + count)
            self._numbers[p] += count
            different = keys or self.landing.different_keys
            made += cargo.make(self.dice, p, numbers, different, tombstones, self._bad())
        return made

    def _bad(self) -> Sequence[str]:
        """In which ways records are bad. An upsert never writes what a later record of the same flush
        replaces, so whether that would have been a bad row nobody knows."""
        if not self.letters:
            return ()
        return self.landing.bad if self.table == "inserted" else (cargo.BAD_JSON,)

    def grow(self, partitions: int) -> None:
        """Add partitions to the topic, up to this number."""
        self.kafka.add_partitions(self.topic, partitions)
        self._numbers += [0] * (partitions - self.partitions)
        self.partitions = partitions

    def keep(self) -> None:
        """Copy the log for the judge: it is about to be damaged, and nobody writes to it."""
        file = self.home / "kept.json"
        history.keep(self.kafka, self.topic, file)
        self._kept = str(file)

    def meet_kafka_again(self) -> None:
        """After its broker was started anew: a client that knows nothing of before."""
        self.kafka = KafkaTools(self.kafka_server.bootstrap)
        self.kafka.wait_for_topic(self.topic, self.partitions)

    def observe(self) -> None:
        file = self.snapshots(self.connector)
        watched = self.connector, self.topic, self.table
        self._observer = self.landing.observer(*watched, file).start()

    # workers

    def config(
        self, kafka: str | None = None, postgres_port: int | None = None, **keys: Any
    ) -> Path:
        """A connector file; keys with `__` for dots. kafka, postgres_port: a proxy's."""
        if postgres_port is not None:
            keys["connection.url"] = self.postgres.url_at(postgres_port)
        lines = QUICK | OF_CLIENT[self.client] | self.landing.keys(self.table, self.connector) | {
            "name": self.connector,
            "bootstrap.servers": kafka or self.kafka_server.bootstrap,
            "kafka.client": self.client,
            "topics": self.topic,
            "value.converter": "JsonConverter",
            "value.converter.schemas.enable": "false",
            **letters.keys(self.letters, self.connector),
        } | {key.replace("__", "."): value for key, value in keys.items()}  # fmt: skip
        path = self.home / f"connector-{len(list(self.home.glob('connector-*')))}.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        return path

    def worker(
        self, config: Path | None, *failpoints: Failpoint, seconds_a_flush: float = 0
    ) -> FaultyWorker:
        """Not started yet; killed at the round's end if it still runs. Without a file it waits for REST.

        seconds_a_flush: it rests so long before each, so that its backlog lasts.
        """
        rests = [self.landing.places["flush.before"].failpoint("sleep", 0, seconds_a_flush)]
        struck = [*failpoints, *(rests if seconds_a_flush else ())]
        worker = FaultyWorker(
            *([config] if config else []), home=self.home, number=len(self._workers),
            failpoints=[of_client(each, self.client) for each in struck],
            source=self._source, env=dict(self.landing.environment),
        )  # fmt: skip
        self._workers.append(worker)
        return worker

    def command(self, *words: str) -> str:
        """Run a command of the command line; what it printed."""
        environment = {**os.environ, **code(self._source), **self.landing.environment}
        run = subprocess.run(
            [sys.executable, "-m", "sinkworker", *words],
            capture_output=True, text=True, env=environment, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    # progress

    def stored(self) -> dict[int, int]:
        """The next offset of each partition that has one."""
        return self.landing.stored(self.connector, self.topic)

    def epochs(self) -> dict[int, int]:
        return self.landing.epochs(self.connector, self.topic)

    def owners(self) -> dict[int, int]:
        """The process that claimed each partition last."""
        return self.landing.owners(self.connector, self.topic)

    def progress(self) -> int:
        return sum(self.stored().values())

    def backlog(self) -> int:
        """How many offsets are yet to be stored."""
        return sum(self.kafka.ends(self.topic).values()) - self.progress()

    def wait_for_progress(self, more: int = 1, seconds: float = 30) -> None:
        """Until so many more offsets are stored."""
        wanted = self.progress() + more
        with self._telling(self._workers):
            wait_until(lambda: self.progress() >= wanted, seconds, f"{wanted} offsets stored")

    @contextmanager
    def _telling(self, workers: Sequence[FaultyWorker]) -> Iterator[None]:
        """What is waited for in vain is told with what is stored, and these workers' last words."""
        try:
            yield
        except AssertionError as error:
            logs = "\n".join(worker.log()[-3000:] for worker in workers)
            raise AssertionError(f"{error}; stored: {self.stored()}\n{logs}") from None

    def recovered(self, since: float) -> None:
        """Wait for the next commit, and note how long that took since the fault (a monotonic time)."""
        self.wait_for_progress(1, 60)
        self.outcome.recovery.append(time.monotonic() - since)

    # faults

    def struck(self, what: str) -> None:
        """A fault has provably happened; without one a round does not count."""
        self.outcome.faults.append(what)

    def struck_under_backlog(self, what: str) -> None:
        """The same; and there was still something to read, so that it met a worker at work."""
        left = self.backlog()
        assert left > 0, f"{what}: the worker had nothing left to do"
        self.struck(what)

    def waited_out(self, worker: FaultyWorker) -> None:
        """An outage cost this worker neither its membership nor a single record."""
        assert len(worker.assignments()) == 1, worker.assignments()
        passed = self.landing.passed(self.connector, self.topic)
        assert passed == (0, 0, 0), f"errant, filtered, gaps: {passed}"

    # the end

    def finish(
        self, *workers: FaultyWorker, seconds: float = 60, stopped: Mapping[int, int] | None = None,
        gone: Sequence[tuple[int, int, int]] = (),
    ) -> None:  # fmt: skip
        """Let these workers (or a new one) read to the end, stop them, and judge.

        stopped: partitions that rightly stand still, and where. gone: as in a Case.
        """
        running = workers or (self.worker(self.config(**self.landing.in_a_hurry)).start(),)
        self.wait_until_stored(seconds, running, stopped)
        self.outcome.memory += [worker.memory() for worker in running if worker.is_running()]
        codes = [worker.stop() for worker in running]
        logs = "\n".join(worker.log()[-2000:] for worker in running)
        assert codes == [0] * len(codes), f"exit codes {codes}:\n{logs}"
        self.judge(stopped=stopped, gone=gone)

    def wait_until_stored(
        self, seconds: float, workers: Sequence[FaultyWorker] = (),
        stopped: Mapping[int, int] | None = None,
    ) -> None:  # fmt: skip
        """Until every stored offset is at the log's end, or where it stands still."""
        ends = self.kafka.ends(self.topic) | dict(stopped or {})

        def is_done() -> bool:
            stored = [self.landing.stored(each, self.topic) for each in self._connectors()]
            return all({p: each.get(p, 0) for p in ends} == ends for each in stored)

        with self._telling(workers):
            wait_until(is_done, seconds, f"offsets {ends} stored")

    def judge(
        self, *, complete: bool = True, stopped: Mapping[int, int] | None = None,
        gone: Sequence[tuple[int, int, int]] = (),
    ) -> None:  # fmt: skip
        """Stop observing and compare, in a program of its own. Its findings go to the outcome."""
        assert self._observer is not None
        self._observer.stop()
        for connector in self._connectors():
            case = Case(
                self.kafka_server.bootstrap, self.landing.url, connector, self.topic,
                self.table, str(self.snapshots(connector)),
                [str(worker.log_file) for worker in self._workers], complete,
                list((stopped or {}).items()), self._kept, gone, self.letters, self.asked,
            )  # fmt: skip
            self._try(case)
            if self.outcome.anomalies:
                break
        self._check_witnesses()

    def _connectors(self) -> tuple[str, ...]:
        return (*self.beside, self.connector)

    def snapshots(self, connector: str) -> Path:
        """Where its observer writes."""
        return self.home / f"snapshots-{connector}.jsonl"

    def _try(self, case: Case) -> None:
        file = self.home / f"case-{case.connector}.json"
        file.write_text(json.dumps(asdict(case)))
        command = [sys.executable, "-m", "tests.faults.checker", str(file)]
        run = subprocess.run(
            command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=180
        )
        assert run.returncode == 0, run.stderr
        for name, value in json.loads(run.stdout).items():
            setattr(self.outcome, name, value)

    def _check_witnesses(self) -> None:
        """The observer watched to the end, and no worker ended without being told or killed."""
        if self._observer is not None and self._observer.failure is not None:
            raise AssertionError("the observer broke off") from self._observer.failure
        crashed = [worker for worker in self._workers if worker.has_crashed()]
        logs = "\n".join(worker.log()[-2000:] for worker in crashed)
        assert not crashed, f"workers {[w.number for w in crashed]} ended by themselves:\n{logs}"

    def close(self) -> None:
        """End what the round started, whatever became of it."""
        for worker in self._workers:
            if worker.is_running():
                worker.thaw()
                worker.kill()
        if self._observer is not None:
            self._observer.stop()
        if self._proxy is not None:
            self.servers.take_back(self._proxy)
        self.landing.close()
        self.kafka.close()


Play = Callable[[Rig], None]
