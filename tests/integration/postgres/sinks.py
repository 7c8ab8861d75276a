"""A Postgres sink run by the real engine on an in-memory broker, beside the database it writes to.

Owns how the tests of this folder send records, run a task and look at what became of both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from connectors.postgres import PostgresSinkConnector
from connectors.postgres.config import PostgresSinkConfig
from sinkworker.api import TopicPartition
from sinkworker.runtime.assignment import State
from sinkworker.runtime.status import PartitionStatus
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing import Harness, InMemoryBroker, Worker, encode
from sinkworker.testing.owner import Owner
from tests.services.database import Database

ADVICE = (
    ". Everything before it is committed; this partition waits. Set errors.tolerance=all to skip "
    "such records, or move the offset past it."
)

BY_ID: Mapping[str, Any] = {
    "insert_mode": "upsert", "pk_mode": "record_key", "pk_fields": "id", "delete_enabled": True,
}  # fmt: skip
"""Upserts and deletes by the record's key, in the column `id`."""


class Counts(NamedTuple):
    """What an offset row says became of the offsets it has passed."""

    next: int
    records: int
    errant: int
    filtered: int
    gaps: int


def connector(
    database: Database | str, name: str = "alerts-to-pg", **settings: Any
) -> PostgresSinkConnector:
    url = database if isinstance(database, str) else database.url
    config = PostgresSinkConfig(**{"connection_url": url, **settings})
    return PostgresSinkConnector(name, config)


class Sink:
    """One connector with one task, which runs when the test says so."""

    def __init__(
        self,
        database: Database,
        *,
        name: str = "alerts-to-pg",
        topics: Sequence[str] = ("alerts",),
        partitions: int = 1,
        tolerates: bool = False,
        broker: InMemoryBroker | None = None,
        plan: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        """settings: those of the connector. plan: those of the engine."""
        mode = ToleranceMode.ALL if tolerates else ToleranceMode.NONE
        tolerance = Tolerance(mode, log_errors=True, include_messages=False)
        self.database, self.name = database, name
        self.harness = Harness(
            connector(database, name, **settings), topics, partitions, broker,
            tolerance=tolerance, **(plan or {}),
        )  # fmt: skip
        self.worker: Worker = self.harness.start()

    def send(
        self, *values: Any, key: Any = None, topic: str | None = None, partition: int = 0
    ) -> Sink:
        """Produce values as JSON; None is a tombstone. bytes are sent as they are."""
        source = TopicPartition(topic or self._topic, partition)
        for value in values:
            data = value if isinstance(value, bytes) else encode(value)
            self.harness.broker.produce(source, data, encode(key))
        return self

    def run(self, steps: int = 12) -> Sink:
        """So many iterations of the task's loop, with a second between them."""
        self.harness.run(steps)
        return self

    def settle(self) -> Sink:
        """Until every partition is stored up to its end, or quarantined."""
        for _ in range(100):
            if self._is_settled():
                return self
            self.harness.run(1)
        raise AssertionError(f"not settled: {self.worker.status()}")

    def status(self, partition: int = 0) -> PartitionStatus:
        return self.worker.status().partitions[TopicPartition(self._topic, partition)]

    def counts(self, partition: int = 0, topic: str | None = None) -> Counts:
        (row,) = self.database.execute(
            "SELECT next_offset, records, errant, filtered, gaps FROM sinkworker_offsets "
            "WHERE (connector, topic, partition) = (%s, %s, %s)",
            (self.name, topic or self._topic, partition),
        )
        return Counts(*row)

    def server_process(self) -> int:
        """The task's own server process."""
        pid: int = self.database.one(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = %s",
            [f"sinkworker {self.name} 0"],
        )
        return pid

    def stop(self) -> None:
        self.worker.stop()

    @property
    def _topic(self) -> str:
        return next(iter(self.harness.broker.topic_ids))

    def _is_settled(self) -> bool:
        statuses, logs = self.worker.status().partitions, self.harness.broker.logs
        return bool(statuses) and all(
            status.state is State.QUARANTINED
            or (status.stored is not None and status.stored.next == logs[partition].end)
            for partition, status in statuses.items()
        )


def owner(database: Database | str, name: str = "one", **settings: Any) -> Owner:
    """A task driven without the engine, for values that no JSON can say."""
    return Owner(connector(database, **settings), name)


@contextmanager
def meanwhile(action: Callable[[], object]) -> Iterator[None]:
    """Something that goes on in a thread of its own; its exception is the test's."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(30)
    assert not thread.is_alive(), "what went on meanwhile has not ended"
    if failures:
        raise failures[0]
