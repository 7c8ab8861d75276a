"""A worker that is looked after by REST: a broker in memory, file sinks, and HTTP on a free port."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sinkworker.administration.connectors import WorkerAdministration
from sinkworker.administration.instance import Configure
from sinkworker.administration.overrides import OverridePolicy
from sinkworker.administration.registry import Means, TaskMaker
from sinkworker.administration.state_folder import StateFolder
from sinkworker.api import TopicPartition
from sinkworker.app import task_plan
from sinkworker.configuration import ConfiguredConnector, configure
from sinkworker.plugins import Catalog
from sinkworker.properties import ConfigFile, Entry
from sinkworker.rest.guard import Guard, guard
from sinkworker.rest.listening import advertised, bind, keys
from sinkworker.rest.server import RestServer
from sinkworker.runtime.assembly import Lasting, assemble
from sinkworker.runtime.clock import SystemClock
from sinkworker.runtime.mailbox import Mailbox
from sinkworker.runtime.ports import Poll
from sinkworker.runtime.task_runner import TaskRunner
from sinkworker.runtime.worker import Worker
from sinkworker.testing import InMemoryBroker, InMemoryConsumer
from sinkworker.worker_settings import WorkerSettings
from tests.services.process import wait_until

NOWHERE = ConfigFile(Path("w"), {"bootstrap.servers": Entry("nowhere:9092", None)})
LISTENING = WorkerSettings.model_validate({"listeners": "http://127.0.0.1:0"})
P0 = TopicPartition("alerts", 0)


class Reply(NamedTuple):
    status: int
    content: Any
    headers: Mapping[str, str]


class Client:
    """Requests as a user's client sends them."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        sent = {"Content-Type": "application/json"} if content is not None else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method, path, body if content is not None else None, {**sent, **(headers or {})}
            )
            response = connection.getresponse()
            return Reply(response.status, _content(response.read()), dict(response.headers))
        finally:
            connection.close()


def _content(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode()


class PatientConsumer(InMemoryConsumer):
    """Waits a little where there is nothing to read: a loop that spins leaves no time for REST."""

    def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
        polled = super().poll(timeout_ms, at_most)
        if not polled.fetched:
            threading.Event().wait(0.005)
        return polled


class Scene(Client):
    """One worker process' worth of objects. `restart_worker` is what a new process would be."""

    def __init__(
        self,
        home: Path,
        policy: OverridePolicy = OverridePolicy.ALL,
        gate: Guard | None = None,
        settings: WorkerSettings = LISTENING,
    ) -> None:
        self.home, self.broker, self._policy, self._gate = home, InMemoryBroker(), policy, gate
        self._settings = settings
        self.broker.create_topic("alerts", 2)
        self._start([])

    def _start(self, files: list[ConfiguredConnector]) -> None:
        self.folder, why = StateFolder.taken(self.home / "state")
        self.worker = Worker()
        means = Means(
            configure=Configure(self.configure, self._settings.providers),
            tasks=self._tasks, consumer=self._consumer,
            catalog=Catalog(), policy=self._policy, folder=self.folder, why_no_folder=why,
        )  # fmt: skip
        self.administration = WorkerAdministration(self.worker, means)
        settings, doors = self._settings, bind(self._settings)
        self.administration.id = advertised(settings, doors[0])
        self._server = RestServer(
            self.administration, self._gate or guard(settings), doors, keys(settings)
        )
        self.administration.start(files)
        self._server.start()
        super().__init__(doors[0].port)

    def configure(self, file: ConfigFile) -> ConfiguredConnector:
        return configure(file, NOWHERE)

    def _tasks(self, configured: ConfiguredConnector) -> list[TaskMaker]:
        count = configured.settings.tasks_max
        return [partial(self._task, configured, number) for number in range(count)]

    def _task(self, configured: ConfiguredConnector, number: int) -> tuple[TaskRunner, Mailbox]:
        plan, clock, mailbox = task_plan(configured), SystemClock(), Mailbox()
        lasting = Lasting(plan.backoff(), clock)
        settings = configured.settings

        def make() -> Any:
            consumer = PatientConsumer(
                self.broker, f"connect-{settings.name}", topics=settings.topics
            )
            return assemble(plan, number, consumer, lasting)

        return TaskRunner(make, lasting.backoff, clock, mailbox), mailbox

    def _consumer(
        self, configured: ConfiguredConnector, partitions: Collection[TopicPartition]
    ) -> InMemoryConsumer:
        return InMemoryConsumer(self.broker, configured.settings.name, partitions=partitions)

    # what tests do

    def config(self, name: str = "to-file", **keys: str) -> dict[str, str]:
        return {
            "connector.class": "FileStreamSink", "topics": "alerts",
            "file": str(self.home / f"{name}.txt"), "errors.retry.delay.max.ms": "50",
            "offset.flush.interval.ms": "20",
        } | {key.replace("_", "."): value for key, value in keys.items()}  # fmt: skip

    def create(self, name: str = "to-file", **keys: str) -> Reply:
        config = self.config(name, **keys)
        return self.ask("POST", "/connectors", {"name": name, "config": config})

    def produce(self, *values: str, partition: int = 0) -> None:
        for value in values:
            self.broker.produce(TopicPartition("alerts", partition), value.encode())

    def lines(self, name: str = "to-file") -> list[str]:
        """What is committed: the file up to the length that its sidecar says."""
        file, sidecar = self.home / f"{name}.txt", self.home / f"{name}.txt.offsets.json"
        if not sidecar.exists():
            return []
        length = json.loads(sidecar.read_text())["length"]
        return file.read_bytes()[:length].decode().splitlines() if length else []

    def wait_for_lines(self, count: int, name: str = "to-file") -> None:
        wait_until(lambda: len(self.lines(name)) >= count, 20, f"{count} lines of {name}")

    def states(self, name: str = "to-file") -> list[str]:
        return [t["state"] for t in self.ask("GET", f"/connectors/{name}/status").content["tasks"]]

    def wait_for_states(self, *states: str, name: str = "to-file") -> None:
        wait_until(lambda: self.states(name) == list(states), 20, f"{name} to be {states}")

    def stop(self, name: str = "to-file") -> None:
        """And wait until its tasks have ended."""
        self.ask("PUT", f"/connectors/{name}/stop")
        wait_until(lambda: not self.worker.leaving(name), 20, f"the tasks of {name} to end")

    def offsets(self, name: str = "to-file") -> dict[int, int]:
        found = self.ask("GET", f"/connectors/{name}/offsets").content["offsets"]
        return {e["partition"]["kafka_partition"]: e["offset"]["kafka_offset"] for e in found}

    def restart_worker(self, *files: ConfiguredConnector) -> None:
        self.close()
        self._start(list(files))

    def close(self) -> None:
        self._server.stop()
        self.worker.end()
        assert self.worker.wait(20)
        if self.folder is not None:
            self.folder.close()
