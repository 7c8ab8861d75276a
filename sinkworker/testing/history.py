"""Random histories: several workers, crashes, zombies, late rebalances, broken commits.

Owns what may happen and what must hold afterwards: every record once, in order, every offset at the
log's end, and no commit by an epoch older than the last claim. Runs the real engine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from sinkworker.api import (
    Advance,
    Alteration,
    Claim,
    ConnectorConfig,
    Offset,
    OffsetStore,
    SinkConnector,
    SinkRecord,
    SinkTask,
    SinkTaskContext,
    TopicPartition,
)
from sinkworker.testing.harness import AnyConnector, Harness, Worker
from sinkworker.testing.owner import value_of

TOPIC = "history"
ReadBack = Callable[[AnyConnector], Sequence[Mapping[str, Any]]]


class Faults(Protocol):
    """How to break a sink's commits, for as long as the returned context lasts."""

    def before_commit(self) -> AbstractContextManager[object]:
        """Every commit fails, and nothing of it happens."""
        ...

    def after_commit(self) -> AbstractContextManager[object]:
        """Every commit happens, and its answer is lost."""
        ...


@dataclass
class Witness:
    """Sees every claim and every flush, and lets other things happen in between."""

    interrupt: Callable[[], None]
    epochs: dict[TopicPartition, int] = field(default_factory=dict)

    def claimed(self, claims: Mapping[TopicPartition, Claim]) -> None:
        for partition, claim in claims.items():
            last = self.epochs.get(partition, 0)
            assert claim.epoch > last, f"{partition}: claim {claim.epoch} came after claim {last}"
            self.epochs[partition] = claim.epoch

    def committed(self, advances: Mapping[TopicPartition, Advance]) -> None:
        for partition, advance in advances.items():
            last = self.epochs[partition]
            assert advance.epoch >= last, (
                f"{partition}: epoch {advance.epoch} committed {advance.expected}.."
                f"{advance.to.next} after epoch {last} was claimed"
            )


class WitnessedTask(SinkTask):
    """A task between whose calls the world may move on, as when its process is frozen."""

    def __init__(self, task: SinkTask, witness: Witness) -> None:
        self._task, self._witness = task, witness

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        self._witness.interrupt()
        claims = self._task.open(starts)
        self._witness.claimed(claims)
        self._witness.interrupt()
        return claims

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        self._witness.interrupt()
        self._task.put(source, records)

    def due(self, now_ms: int) -> Collection[TopicPartition] | None:
        return self._task.due(now_ms)

    def flush(self, advances: Mapping[TopicPartition, Advance]) -> None:
        self._witness.interrupt()
        self._task.flush(advances)
        self._witness.committed(advances)
        self._witness.interrupt()

    def close(self, partitions: Collection[TopicPartition]) -> None:
        self._task.close(partitions)

    def stop(self) -> None:
        self._task.stop()


class WitnessedConnector(SinkConnector[ConnectorConfig]):
    def __init__(self, connector: AnyConnector, witness: Witness) -> None:
        super().__init__(connector.name, connector.config)
        self._connector, self._witness = connector, witness

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return WitnessedTask(self._connector.create_task(context), self._witness)

    def offset_store(self) -> OffsetStore | None:
        return self._connector.offset_store()

    @property
    def stores_dead_letters(self) -> bool:
        return self._connector.stores_dead_letters


class History:
    """One seeded run. The same seed on the same sink does the same things."""

    def __init__(
        self,
        connector: AnyConnector,
        read_back: ReadBack,
        faults: Faults | None,
        seed: int,
        keeps_order: bool = True,
    ) -> None:
        self._keeps_order = keeps_order
        self._connector, self._read_back, self._faults = connector, read_back, faults
        self._random, self._seed = random.Random(seed), seed
        self._depth = 0
        witnessed = WitnessedConnector(connector, Witness(self._interrupt))
        self._harness = Harness(witnessed, topics=[TOPIC], partitions=3)
        self._store = connector.offset_store()
        self._produced: dict[TopicPartition, list[int]] = {}
        self._actions: list[tuple[int, Callable[[], None]]] = [
            (50, self._step),
            (22, self._produce),
            (5, self._start),
            (5, self._expel),
            (4, self._crash),
            (4, self._leave_gap),
            (3, self._alter),
            (1, self._add_partition),
            (6, self._break_a_commit),
        ]

    def run(self, steps: int) -> None:
        """Let things happen, then let one worker finish, and compare. AssertionError on a difference."""
        self._start()
        for _ in range(steps):
            self._act()
        self._depth = 1_000
        if not self._harness.workers:
            self._start()
        self._harness.run(80)
        try:
            self._compare()
        finally:
            for worker in self._harness.workers:
                worker.stop()
            if self._store is not None:
                self._store.close()

    # what may happen

    def _act(self) -> None:
        weights = [weight for weight, _ in self._actions]
        self._random.choices(self._actions, weights)[0][1]()

    def _interrupt(self) -> None:
        """A process is frozen here; others go on, and it may have been given up when it wakes."""
        if self._depth < 2 and self._random.random() < 0.08:
            self._depth += 1
            for _ in range(self._random.randint(1, 6)):
                self._act()
            self._depth -= 1

    def _step(self) -> None:
        idle = [w for w in self._harness.workers if not w.is_stepping]
        if idle:
            self._harness.clock.pass_ms(self._random.choice([0, 10, 100, 600, 3_000]))
            self._random.choice(idle).step()

    def _produce(self) -> None:
        source = self._partition()
        for _ in range(self._random.randint(1, 8)):
            offset = self._harness.broker.logs[source].end
            self._harness.produce(source, value_of(source, offset))
            self._produced.setdefault(source, []).append(offset)

    def _partition(self) -> TopicPartition:
        return self._random.choice(sorted(self._harness.broker.logs))

    def _leave_gap(self) -> None:
        self._harness.broker.leave_gap(self._partition(), self._random.randint(1, 3))

    def _start(self) -> None:
        if len(self._harness.workers) < 3:
            self._harness.start()

    def _crash(self) -> None:
        worker = self._any_worker()
        if worker is not None and not worker.is_stepping:
            self._harness.crash(worker)

    def _expel(self) -> None:
        """A session timed out: others get the partitions, and the worker does not know it yet."""
        worker = self._any_worker()
        if worker is not None and worker.consumer.member is not None:
            self._harness.broker.expel(self._harness.group, worker.consumer.member)

    def _any_worker(self) -> Worker | None:
        return self._random.choice(self._harness.workers) if self._harness.workers else None

    def _alter(self) -> None:
        """An operator sets an offset to what it is: nothing may be lost, and the owner is fenced."""
        if self._store is None:
            return
        stored = {p: s for p, s in self._store.read().items() if s.next is not None}
        if stored:
            partition = self._random.choice(sorted(stored))
            to = Offset(*stored[partition][:4])  # type: ignore[arg-type]  # next is not None
            changed = self._store.alter({partition: Alteration(to, stored[partition].epoch)})
            assert set(changed) == {partition}, f"{partition} was not altered"

    def _add_partition(self) -> None:
        if len(self._harness.broker.logs) < 6:
            self._harness.broker.add_partitions(TOPIC, len(self._harness.broker.logs) + 1)

    def _break_a_commit(self) -> None:
        if self._faults is None or self._depth > 0:
            return
        with ExitStack() as broken:
            fault = self._random.choice([self._faults.before_commit, self._faults.after_commit])
            broken.enter_context(fault())
            self._depth += 1_000
            self._harness.clock.pass_ms(600)
            self._step()
            self._depth -= 1_000

    # what must hold

    def _compare(self) -> None:
        read = [str(value["id"]) for value in self._read_back(self._connector)]
        for source, offsets in self._produced.items():
            prefix = f"{source.topic}:{source.partition}:"
            seen = [int(name.removeprefix(prefix)) for name in read if name.startswith(prefix)]
            missing, twice = set(offsets) - set(seen), len(seen) - len(set(seen))
            assert not missing, f"seed {self._seed}: {source}: lost {sorted(missing)}"
            assert not twice, f"seed {self._seed}: {source}: {twice} records are there twice"
            in_order = seen == offsets or not self._keeps_order
            assert in_order, f"seed {self._seed}: {source}: not in order: {seen}"
        if self._store is not None:
            stored = self._store.read()
            for source in self._produced:
                end = self._harness.broker.logs[source].end
                assert stored[source].next == end, (
                    f"seed {self._seed}: {source}: stored {stored[source].next}, log ends at {end}"
                )
