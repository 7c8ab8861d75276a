"""A sink run by the real engine on an in-memory broker, step by step, in the test's own thread.

Owns the workers of a test: started, stepped, crashed, stopped. Time is a fake clock's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sinkworker.api import (
    ConfigModel,
    Converter,
    Header,
    Schema,
    SinkConnector,
    TopicPartition,
)
from sinkworker.runtime.assembly import Conversion, Lasting, TaskPlan, assemble
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.sink_task import SinkTaskLoop
from sinkworker.runtime.status import Board, TaskStatus, picture
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing.broker import InMemoryBroker
from sinkworker.testing.clock import FakeClock
from sinkworker.testing.consumer import InMemoryConsumer

AnyConnector = SinkConnector[Any]


class PlainJson(Converter):
    """The converter of harness and kit: JSON without an envelope; bytes that are none are errors."""

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        del topic, headers
        return None, None if data is None else json.loads(data)


def encode(value: Any) -> bytes | None:
    """What `PlainJson` decodes."""
    return None if value is None else json.dumps(value).encode()


class Worker:
    """One task of one worker process, stepped by hand."""

    def __init__(self, plan: TaskPlan, consumer: InMemoryConsumer, clock: FakeClock) -> None:
        self.consumer, self._mailbox, self._board = consumer, Mailbox(), Board()
        self._parts = assemble(plan, 0, consumer, Lasting(plan.backoff(), clock))
        self._loop = SinkTaskLoop(self._parts, self._mailbox, self._board)
        self._is_running = True
        self.is_stepping = False

    def step(self) -> None:
        """One iteration of the loop. Raises what would make the task FAILED."""
        if self._is_running:
            self.is_stepping = True
            try:
                self._loop.iteration()
            finally:
                self.is_stepping = False

    def status(self) -> TaskStatus:
        parts, waiting_for = self._parts, self._parts.recovery.waiting_for
        return picture(parts.held.assignment, parts.counters, paused=False, waiting_for=waiting_for)

    def stop(self) -> None:
        """As on SIGTERM: flush, close, leave."""
        self._mailbox.post(Command.STOP)
        self._loop.run()
        self.consumer.close()
        self._parts.errants.close()
        self._parts.task.stop()
        self._is_running = False

    def crash(self) -> None:
        """As on SIGKILL: nothing is flushed, closed or said; the group learns of it later."""
        self._is_running = False

    def pause(self) -> None:
        self._mailbox.post(Command.PAUSE)

    def resume(self) -> None:
        self._mailbox.post(Command.RESUME)


class Harness:
    """A broker, a clock, and as many workers of one connector as a test starts.

    harness = Harness(connector, topics=["alerts"])
    harness.produce(TopicPartition("alerts", 0), {"id": 1})
    worker = harness.start()
    harness.run()
    """

    def __init__(
        self,
        connector: AnyConnector,
        topics: Sequence[str] = ("alerts",),
        partitions: int = 1,
        broker: InMemoryBroker | None = None,
        **plan: Any,
    ) -> None:
        """plan: fields of the engine's TaskPlan to set, such as `start` or `tolerance`."""
        self.clock, self.broker = FakeClock(), broker or InMemoryBroker()
        self.connector, self._topics = connector, topics
        self._plan = _plan(connector, **plan)
        self.workers: list[Worker] = []
        for topic in topics:
            if topic not in self.broker.topic_ids:
                self.broker.create_topic(topic, partitions)

    @property
    def group(self) -> str:
        return f"connect-{self.connector.name}"

    def produce(self, source: TopicPartition, *values: Any) -> None:
        for value in values:
            self.broker.produce(source, encode(value))

    def start(self, make_consumer: Callable[[], InMemoryConsumer] | None = None) -> Worker:
        consumer = make_consumer() if make_consumer else self.consumer()
        worker = Worker(self._plan, consumer, self.clock)
        self.workers.append(worker)
        return worker

    def consumer(self) -> InMemoryConsumer:
        return InMemoryConsumer(self.broker, self.group, topics=self._topics)

    def step(self, pass_ms: int = 100) -> None:
        """Every worker's next iteration, with time between them."""
        for worker in self.workers:
            worker.step()
            self.clock.pass_ms(pass_ms)

    def run(self, steps: int = 40) -> None:
        """Long enough for any back-off to end and everything readable to be flushed."""
        for _ in range(steps):
            self.step(pass_ms=1_000)

    def crash(self, worker: Worker) -> None:
        """Kill a worker; its partitions go to the others at once."""
        worker.crash()
        self.workers.remove(worker)
        if worker.consumer.member is not None:
            self.broker.leave(self.group, worker.consumer.member)


def _plan(connector: AnyConnector, **chosen: Any) -> TaskPlan:
    defaults: dict[str, Any] = {
        "name": connector.name,
        "connector": connector,
        "conversion": _plain_json,
        "tolerance": Tolerance(ToleranceMode.NONE, log_errors=False, include_messages=False),
        "flush_policy": FlushPolicy(max_records=50, max_bytes=1 << 20, interval_ms=500),
    }
    return TaskPlan(**defaults | chosen)


def _plain_json() -> Conversion:
    return Conversion(PlainJson(ConfigModel(), is_key=True), PlainJson(ConfigModel(), is_key=False))
