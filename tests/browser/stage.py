"""An administration without a worker behind it: as many connectors, partitions and ledger steps as a
test wants, with any texts in them. Behind the real REST server.

Owns made-up values. What is asked of it besides looking is noted, and not done.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sinkworker.administration import plugins as real_plugins
from sinkworker.administration.instance import Configure
from sinkworker.api import DeadLetter, LedgerEntry, Offset, StoredOffset, TopicPartition
from sinkworker.configuration import configure
from sinkworker.plugins import Catalog
from sinkworker.properties import ConfigFile, Entry
from sinkworker.rest.guard import Guard
from sinkworker.rest.listening import bind
from sinkworker.rest.port import (
    ClusterRow,
    ConnectorInfo,
    ConnectorView,
    LedgerQuestion,
    LetterQuestion,
    RefusedError,
    TaskView,
    WorkerInfo,
)
from sinkworker.rest.server import RestServer
from sinkworker.runtime.assignment import State
from sinkworker.runtime.metrics import Ages, Measures
from sinkworker.runtime.status import Counters, PartitionStatus, TaskState, TaskStatus
from sinkworker.runtime.worker import TaskId
from sinkworker.worker_settings import WorkerSettings

AGES = Ages().with_one(0.2).with_one(0.3).with_one(4.0)
NOWHERE = ConfigFile(Path("w"), {"bootstrap.servers": Entry("nowhere:9092", None)})


@dataclass
class Made:
    """One connector."""

    name: str
    config: dict[str, str]
    topic: str = "alerts"
    partitions: int = 2
    state: str = "RUNNING"
    trace: str | None = None
    ledger: list[LedgerEntry] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    stored: int = 1000
    end: int = 1200

    def places(self) -> list[TopicPartition]:
        return [TopicPartition(self.topic, number) for number in range(self.partitions)]

    def status(self) -> TaskStatus:
        partitions = {
            place: PartitionStatus(
                State.OPEN, 1, self.stored, Offset(self.stored), None, self.stored, self.end
            )
            for place in self.places()
        }
        measures = Measures(read_rate=12.0, send_rate=11.0, flushed_at=time.time(), ages=AGES)
        return TaskStatus(
            TaskState(self.state), self.trace, partitions, Counters(records=9, measures=measures)
        )


class Stage:
    """Answers what `rest.port.Administration` says, from `connectors_made`."""

    def __init__(self, *made: Made) -> None:
        self.made = {each.name: each for each in made}
        self._catalog = Catalog()

    def worker(self) -> WorkerInfo:
        return WorkerInfo("127.0.0.1:0", "4.3.1-sinkworker-0.1.0", "cluster")

    def connectors(self) -> Sequence[str]:
        return list(self.made)

    def _of(self, name: str) -> Made:
        if name not in self.made:
            raise RefusedError(404, f"Connector {name} not found")
        return self.made[name]

    def info(self, name: str) -> ConnectorInfo:
        return ConnectorInfo(name, self._of(name).config, [0])

    def view(self, name: str) -> ConnectorView:
        of = self._of(name)
        return ConnectorView(name, "RUNNING", None, "0.1.0", [TaskView(0, of.state, of.trace)])

    def statuses(self) -> Mapping[TaskId, TaskStatus]:
        return {TaskId(name, 0): of.status() for name, of in self.made.items()}

    def topics(self, name: str) -> Sequence[str]:
        return [self._of(name).topic]

    def offsets(self, name: str) -> Mapping[TopicPartition, StoredOffset]:
        of = self._of(name)
        return {
            place: StoredOffset(of.stored, None, "t", "c", 1, f"{name}-0@here:1:aa")
            for place in of.places()
        }

    def ledger(self, name: str, question: LedgerQuestion) -> Sequence[LedgerEntry]:
        found = [
            step
            for step in self._of(name).ledger
            if (not question.partitions or step.source in question.partitions)
            and step.at_ms >= (question.since_ms or 0)
        ]
        return found[-question.limit :]

    def letters(self, name: str, question: LetterQuestion) -> Sequence[DeadLetter]:
        return self._of(name).letters

    def cluster(self) -> tuple[Sequence[ClusterRow], Sequence[str]]:
        return [
            ClusterRow(name, place, each)
            for name in self.made
            for place, each in self.offsets(name).items()
        ], []

    def plugins(self, *, connectors_only: bool) -> Any:
        return real_plugins.listed(self._catalog, connectors_only=connectors_only)

    def keys(self, plugin: str) -> Any:
        return real_plugins.keys_of(self._catalog, plugin)

    def check(self, plugin: str, config: Mapping[str, str]) -> Any:
        return real_plugins.checked(
            self._catalog, Configure(lambda file: configure(file, NOWHERE)), plugin, config
        )

    def is_starting(self) -> bool:
        return False


class Served:
    """A stage behind the real REST server, on a free port."""

    def __init__(self, stage: Any, gate: Guard | None = None) -> None:
        doors = bind(WorkerSettings.model_validate({"listeners": "http://127.0.0.1:0"}))
        self._server = RestServer(stage, gate or Guard(), doors)
        self._server.start()
        self.url = doors[0].url

    def close(self) -> None:
        self._server.stop()


def ledger(
    place: TopicPartition, commits: int, *, records: int = 10, takeover: int = 0, began_ms: int = 0
) -> list[LedgerEntry]:
    """A seed, a claim, commits end to end; another owner claims it after so many."""
    began_ms = began_ms or int(time.time() * 1000) - commits * 500
    steps = [
        step(place, "seed", 0, 0, 0, None, began_ms),
        step(place, "claim", 1, 0, 0, "a", began_ms),
    ]
    epoch, owner = 1, "a"
    for number in range(commits):
        at_ms, offset = began_ms + number * 500, number * records
        if takeover and number == takeover:
            epoch, owner = 2, "b"
            steps.append(step(place, "claim", epoch, offset, offset, owner, at_ms))
        steps.append(step(place, "commit", epoch, offset, offset + records, owner, at_ms, records))
    return steps


def step(
    place: TopicPartition, kind: Any, epoch: int, old: int | None, new: int | None,
    owner: str | None, at_ms: int, records: int = 0,
) -> LedgerEntry:  # fmt: skip
    return LedgerEntry(place, kind, epoch, old, new, records, 0, 0, 0, owner, "c0ffee00", at_ms)
