"""One process of a crash test: a sink, run by the real engine over records in memory.

Owns what it does and what it writes into the journal. Whether that is right is for `verdict` to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sinkworker.api import (
    Advances,
    Claims,
    ConnectorConfig,
    Offset,
    OffsetStore,
    SinkConnector,
    SinkRecord,
    SinkTask,
    SinkTaskContext,
    Starts,
    TopicPartition,
)
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.ports import Fetched
from sinkworker.testing.broker import InMemoryBroker
from sinkworker.testing.consumer import InMemoryConsumer
from sinkworker.testing.crashing.journal import Journal
from sinkworker.testing.crashing.moment import Crash
from sinkworker.testing.crashing.records import SampleRecord, produce
from sinkworker.testing.harness import AnyConnector, Harness, Worker

AFTER_EACH_POLL = FlushPolicy(max_records=1, max_bytes=1, interval_ms=1)
PATIENCE = 30
"""How many steps of a second each may pass without any progress."""


class JournaledTask(SinkTask):
    """Tells the journal what is claimed and flushed, and may not come back from a flush."""

    def __init__(self, task: SinkTask, journal: Journal, crash: Crash) -> None:
        self._task, self._journal, self._crash = task, journal, crash

    def open(self, starts: Starts) -> Claims:
        claims = self._task.open(starts)
        opened = [[*p, claim.resume.next, claim.epoch] for p, claim in claims.items()]
        self._journal.write("opened", claims=opened)
        return claims

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        self._task.put(source, records)

    def due(self, now_ms: int) -> Collection[TopicPartition] | None:
        self._crash.between_flushes()
        return self._task.due(now_ms)

    def flush(self, advances: Advances) -> None:
        moves = [[*p, advance.to.next, advance.records] for p, advance in advances.items()]
        self._journal.write("flush", moves=moves)
        records = sum(advance.records for advance in advances.values())
        self._crash.flush(lambda: self._task.flush(advances), records)

    def close(self, partitions: Collection[TopicPartition]) -> None:
        self._task.close(partitions)

    def stop(self) -> None:
        self._task.stop()


class JournaledConnector(SinkConnector[ConnectorConfig]):
    def __init__(self, connector: AnyConnector, journal: Journal, crash: Crash) -> None:
        super().__init__(connector.name, connector.config)
        self.delivery = connector.delivery  # type: ignore[misc]  # each connector has its own
        self._connector, self._journal, self._crash = connector, journal, crash

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return JournaledTask(self._connector.create_task(context), self._journal, self._crash)

    def offset_store(self) -> OffsetStore | None:
        return self._connector.offset_store()

    @property
    def stores_dead_letters(self) -> bool:
        return self._connector.stores_dead_letters


class JournaledConsumer(InMemoryConsumer):
    """Reads all partitions evenly. What the group commits outlives the process in the journal."""

    def __init__(self, broker: InMemoryBroker, group: str, journal: Journal, at_most: int) -> None:
        topics = list(broker.topic_ids)
        super().__init__(broker, group, topics=topics, max_poll_records=at_most)
        self._journal, self._share = journal, -(-at_most // len(broker.logs))
        for event in journal.read("committed"):
            for topic, partition, next_ in event["offsets"]:
                broker.group(group).committed[TopicPartition(topic, partition)] = Offset(next_)

    def _fetch(self, partition: TopicPartition, at_most: int) -> Fetched | None:
        return super()._fetch(partition, min(at_most, self._share))

    def commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        super().commit(offsets)
        self._journal.write("committed", offsets=[[*p, to.next] for p, to in offsets.items()])


def run(
    connector: AnyConnector,
    records: Sequence[SampleRecord],
    journal: Journal,
    crash_after: int | None = None,
    **plan: Any,
) -> None:
    """Until all records are through, nothing moves any more, or this process is no more.

    crash_after: how many records it writes before it is killed. plan: fields of the engine's TaskPlan.
    """
    journal.write("run")
    crash = Crash(journal, crash_after, type(connector).__module__.partition(".")[0])
    broker = InMemoryBroker()
    produce(broker, records)
    harness = Harness(
        JournaledConnector(connector, journal, crash), list(broker.topic_ids), broker=broker,
        flush_policy=AFTER_EACH_POLL, **plan,
    )  # fmt: skip
    at_most = max(1, crash_after // 2) if crash_after else 500
    worker = harness.start(lambda: JournaledConsumer(broker, harness.group, journal, at_most))
    waiting_for = _step_until_through(harness, worker)
    status = worker.status()
    worker.stop()
    ends = [[*p, book.position, book.cause] for p, book in sorted(status.partitions.items())]
    journal.write("ended", partitions=ends, waiting_for=waiting_for)


def _step_until_through(harness: Harness, worker: Worker) -> str | None:
    """None, or what it waited for last when nothing moved any more."""
    still, before, waiting_for = 0, None, "nothing moves, and some records are not through"
    while not _is_through(worker, harness.broker):
        if still == PATIENCE:
            return waiting_for
        harness.step(pass_ms=1_000)
        status = worker.status()
        waiting_for = status.trace or waiting_for
        after = {p: (book.stored, book.cause) for p, book in status.partitions.items()}
        still, before = still + 1 if after == before else 0, after
    return None


def _is_through(worker: Worker, broker: InMemoryBroker) -> bool:
    """Every partition is read and stored to its end, or stands before a record that it cannot pass."""
    status = worker.status().partitions
    return status.keys() == broker.logs.keys() and all(
        book.cause is not None
        or (book.stored is not None and book.stored.next == broker.logs[p].end)
        for p, book in status.items()
    )
