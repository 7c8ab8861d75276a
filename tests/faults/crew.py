"""Workers that come and go while there is much to read, and what each change of them moved.

Owns the proof that a change was a rebalance: epochs that rose. Must not know in which order they come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import wait_until

COOPERATIVE = "cooperative-sticky"

REST = 0.15
BACKLOG = 400
"""So much is left to read in each partition, at least, all the time."""

SMALL_FETCH = 16_384
"""So that a flush holds records of all partitions: else each waits until the others are read."""

WENT_ON = """
SELECT count(DISTINCT partition) FROM moves WHERE connector = %s AND partition = ANY(%s) AND at > %s
"""
LONGEST_PAUSE = """
SELECT extract(epoch FROM max(pause))::float FROM (
  SELECT at, at - lag(at) OVER (PARTITION BY partition ORDER BY seq) AS pause
  FROM moves WHERE connector = %s AND partition = ANY(%s)) AS each WHERE at > %s
"""

T = TypeVar("T")


class Crew:
    """The workers of one round. Each change waits until every partition is in living hands again."""

    def __init__(
        self, rig: Rig, strategy: str, partitions: int = 4, session_seconds: float = 1.5
    ) -> None:
        rig.load(2 * BACKLOG * partitions, partitions, rig.dice.choice(["inserted", "upserted"]))
        self._rig, self._strategy = rig, strategy
        self._is_cooperative = strategy == COOPERATIVE
        self._session_ms = int(session_seconds * 1000)
        self.workers: list[FaultyWorker] = []

    # changes that are waited for, and counted

    def begin(self, instance: str = "") -> FaultyWorker:
        """The first worker; nothing moves yet."""
        worker = self.add(instance)
        self.settle()
        self._rig.wait_for_progress(1)
        return worker

    def join(self, instance: str = "") -> FaultyWorker:
        return self._changed("join", lambda: self.add(instance))

    def leave(self, worker: FaultyWorker) -> None:
        self._changed("leave", lambda: self.dismiss(worker))

    def kill(self, worker: FaultyWorker) -> None:
        self._changed("kill", lambda: self.end(worker))

    # changes that are not

    def add(self, instance: str = "") -> FaultyWorker:
        worker = self._rig.worker(self._config(instance), seconds_a_flush=REST).start()
        self.workers.append(worker)
        return worker

    def dismiss(self, worker: FaultyWorker) -> None:
        self.workers.remove(worker)
        assert worker.stop() == 0, worker.log()[-3000:]

    def end(self, worker: FaultyWorker) -> None:
        self.workers.remove(worker)
        worker.kill()

    def change(self, how: str, seconds: float) -> None:
        """A new worker joins, or the oldest one goes; what became of it after so long is counted."""
        epochs, ends = self._rig.epochs(), time.monotonic() + seconds
        if how == "join":
            self.add()
        else:
            (self.dismiss if how == "leave" else self.end)(self.workers[0])
        while time.monotonic() < ends:
            self._replenish()
        moved = self._moved_since(epochs)
        if moved:
            self._count(how, moved)

    def wait_members(self) -> None:
        """Until all of them are in the group, whether there is work for them or not."""
        rig, count = self._rig, len(self.workers)
        group = f"connect-{rig.connector}"
        wait_until(lambda: len(rig.kafka.members(group)) == count, 60, f"{count} members")

    # what became of them

    def settle(self, epochs: Mapping[int, int] = MappingProxyType({})) -> None:
        """Until as many workers as there is work for hold every partition among them. An eager
        rebalance also makes those claim again what they had, so all epochs have risen by then."""
        alive = {worker.pid for worker in self.workers}

        def is_settled() -> bool:
            self._replenish()
            owners, moved = self._rig.owners(), self._moved_since(epochs)
            busy = set(owners.values())
            is_done = len(owners) == self._rig.partitions and busy <= alive
            is_shared = len(busy) == min(len(alive), len(owners))
            return is_done and is_shared and (self._is_cooperative or len(moved) == len(owners))

        wait_until(is_settled, 60, f"all partitions held by {sorted(alive)}")

    def _config(self, instance: str) -> Path:
        keys = {"consumer.override.group.instance.id": instance} if instance else {}
        is_there = self._strategy != "sticky" or self._rig.client == "kafka-python"
        name = self._strategy if is_there else "range"  # eager, too
        strategy = {"consumer.override.partition.assignment.strategy": name}
        session = {"consumer.override.session.timeout.ms": self._session_ms}
        fetch = {"consumer.override.max.partition.fetch.bytes": SMALL_FETCH}
        return self._rig.config(batch__size="120", **keys, **strategy, **session, **fetch)

    def _moved_since(self, epochs: Mapping[int, int]) -> list[int]:
        return [p for p, epoch in self._rig.epochs().items() if epoch > epochs.get(p, 0)]

    def _count(self, change: str, moved: Sequence[int]) -> None:
        self._rig.struck_under_backlog(f"{change}: {len(moved)} partitions moved")

    def _changed(self, change: str, make: Callable[[], T]) -> T:
        epochs, began = self._rig.epochs(), self._now()
        made = make()
        self.settle(epochs)
        moved = self._moved_since(epochs)
        assert moved, f"{change}: nothing has moved"
        if change == "join" and self._is_cooperative:
            self._note_pause([p for p in epochs if p not in moved], began)
        self._count(change, moved)
        return made

    def _note_pause(self, unmoved: Sequence[int], began: datetime) -> None:
        """From the last commits before the change to the first ones after it."""
        assert unmoved, "a cooperative join moved everything"
        rig, settled = self._rig, self._now()
        where = [rig.connector, list(unmoved)]

        def all_went_on() -> bool:
            self._replenish()
            return bool(rig.database.one(WENT_ON, [*where, settled]) == len(unmoved))

        wait_until(all_went_on, 30, f"commits of the partitions {unmoved}, which did not move")
        rig.outcome.pauses.append(rig.database.one(LONGEST_PAUSE, [*where, began]))

    def _now(self) -> datetime:
        now: datetime = self._rig.database.one("SELECT clock_timestamp()")
        return now

    def _replenish(self) -> None:
        """Every partition has something to read, so that each is committed all the time."""
        ends, stored = self._rig.kafka.ends(self._rig.topic), self._rig.stored()
        short = [p for p, end in ends.items() if end - stored.get(p, 0) < BACKLOG]
        if short:
            self._rig.send(BACKLOG * len(short), partitions=short)
