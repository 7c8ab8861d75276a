"""What the engine's tests share: a sink that fails on cue, a consumer that fails on cue, short words.

Owns no behaviour of the engine. The sink is the kit's memory sink with a script before each call; the
consumer is the in-memory one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sinkworker.api import (
    Advance,
    Claim,
    ConfigModel,
    Converter,
    Offset,
    SinkConnector,
    SinkRecord,
    SinkTask,
    SinkTaskContext,
    TopicPartition,
)
from sinkworker.runtime.assembly import Conversion, TaskPlan
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.ports import Bounds, Poll
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing import Harness, InMemoryConsumer, Worker
from sinkworker.testing.harness import PlainJson
from sinkworker.testing.samples import MemorySinkConnector, MemorySinkTask, MemoryStore

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)


class ScriptedConnector(MemorySinkConnector):
    """The memory sink. `errors[call]` are raised one by one; `calls` says what was called with what.

    before[call]: happens first. due: what `SinkTask.due` answers. The engine's owner of a task is one
    per process: a test that needs a second one names it with `sinkworker.testing.owner.Owner`.
    """

    def __init__(self, name: str = "memory", store: MemoryStore | None = None) -> None:
        super().__init__(name, store)
        self.errors: defaultdict[str, list[BaseException]] = defaultdict(list)
        self.before: dict[str, Callable[[], object]] = {}
        self.calls: list[tuple[str, list[TopicPartition]]] = []
        self.due: Callable[[], Collection[TopicPartition] | None] = _none

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return ScriptedTask(self, context)

    def reached(self, call: str, partitions: Collection[TopicPartition]) -> None:
        self.calls.append((call, sorted(partitions)))
        self.before.get(call, _none)()
        if self.errors[call]:
            raise self.errors[call].pop(0)

    def called(self, call: str) -> list[list[TopicPartition]]:
        return [partitions for name, partitions in self.calls if name == call]


def _none() -> None:
    return None


class ScriptedTask(MemorySinkTask):
    def __init__(self, script: ScriptedConnector, context: SinkTaskContext) -> None:
        super().__init__(script, context)
        self._script = script

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        self._script.reached("open", starts)
        return super().open(starts)

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        self._script.reached("put", [source])
        super().put(source, records)

    def due(self, now_ms: int) -> Collection[TopicPartition] | None:
        self._script.reached("due", [])
        return self._script.due()

    def flush(self, advances: Mapping[TopicPartition, Advance]) -> None:
        self._script.reached("flush", advances)
        super().flush(advances)

    def close(self, partitions: Collection[TopicPartition]) -> None:
        self._script.reached("close", partitions)
        super().close(partitions)

    def stop(self) -> None:
        self._script.reached("stop", [])


class ScriptedConsumer(InMemoryConsumer):
    """The in-memory consumer. `errors[call]` are raised one by one.

    deaf: polls return nothing and learn nothing, as when brokers do not answer.
    """

    deaf = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.errors: defaultdict[str, list[BaseException]] = defaultdict(list)
        self.commits: list[Mapping[TopicPartition, Offset]] = []
        self.waits_ms: list[int] = []
        self.at_mosts: list[int | None] = []
        self.is_closed = False

    def _reached(self, call: str) -> None:
        if self.errors[call]:
            raise self.errors[call].pop(0)

    def poll(self, timeout_ms: int, at_most: int | None = None) -> Poll:
        self.waits_ms.append(timeout_ms)
        self.at_mosts.append(at_most)
        self._reached("poll")
        return Poll((), {}) if self.deaf else super().poll(timeout_ms, at_most)

    def bounds(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        self._reached("bounds")
        return super().bounds(partitions)

    def stable_ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        self._reached("stable_ends")
        return super().stable_ends(partitions)

    def commit(self, offsets: Mapping[TopicPartition, Offset]) -> None:
        self._reached("commit")
        super().commit(offsets)
        self.commits.append(offsets)

    def close(self) -> None:
        self.is_closed = True
        super().close()


def tolerance(mode: ToleranceMode = ToleranceMode.ALL) -> Tolerance:
    return Tolerance(mode, log_errors=False, include_messages=False)


def plan(connector: SinkConnector[Any], **chosen: Any) -> TaskPlan:
    """A plan as the harness makes it, for tests that run a task without the harness."""
    defaults: dict[str, Any] = {
        "name": connector.name,
        "connector": connector,
        "conversion": plain_json,
        "tolerance": tolerance(ToleranceMode.NONE),
        "flush_policy": FlushPolicy(max_records=50, max_bytes=1 << 20, interval_ms=500),
    }
    return TaskPlan(**defaults | chosen)


def plain_json() -> Conversion:
    return Conversion(json_converter(), json_converter())


def json_converter() -> Converter:
    return PlainJson(ConfigModel(), is_key=False)


def scripted_consumer(harness: Harness, **kwargs: Any) -> ScriptedConsumer:
    return ScriptedConsumer(harness.broker, harness.group, **({"topics": ["alerts"]} | kwargs))


def produce(harness: Harness, source: TopicPartition, *offsets: int) -> None:
    """Records whose values say where they stand."""
    for offset in offsets:
        assert harness.broker.logs[source].end == offset
        harness.produce(source, {"id": offset})


def produce_bad(harness: Harness, source: TopicPartition) -> None:
    harness.broker.produce(source, b"no json")


def seen(harness: Harness, source: TopicPartition = P0) -> list[int]:
    """The offsets of the rows that the sink holds of one partition, in the order of writing."""
    return [row[2] for row in harness.connector.store.rows if row[:2] == tuple(source)]  # type: ignore[attr-defined]


def stored(harness: Harness, source: TopicPartition = P0) -> int | None:
    store = harness.connector.offset_store()
    assert store is not None
    return store.read()[source].next


def connector_of(harness: Harness) -> ScriptedConnector:
    assert isinstance(harness.connector, ScriptedConnector)
    return harness.connector


def consumer_of(worker: Worker) -> ScriptedConsumer:
    assert isinstance(worker.consumer, ScriptedConsumer)
    return worker.consumer


def state(worker: Worker, source: TopicPartition = P0) -> State:
    return worker.status().partitions[source].state


def cause(worker: Worker, source: TopicPartition = P0) -> str | None:
    return worker.status().partitions[source].cause
