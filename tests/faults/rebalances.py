"""Rounds of rebalances: workers come and go while there is much to read.

Owns who comes and goes, when, and the proof that partitions moved each time: their epochs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from tests.faults.campaign import Round
from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import wait_until

MEASURE = "rebalances"

EAGER = ("range", "roundrobin", "sticky")
COOPERATIVE = "cooperative-sticky"

REST = 0.15
BACKLOG = 800
"""So much is left to read in each partition, at least, whenever a change begins."""

STORM_EVERY_SECONDS = 2.0

WENT_ON = """
SELECT count(DISTINCT partition) FROM moves WHERE connector = %s AND partition = ANY(%s) AND at > %s
"""
LONGEST_PAUSE = """
SELECT extract(epoch FROM max(pause))::float FROM (
  SELECT at, at - lag(at) OVER (PARTITION BY partition ORDER BY seq) AS pause
  FROM moves WHERE connector = %s AND partition = ANY(%s)) AS each WHERE at > %s
"""

T = TypeVar("T")


def rounds(cooperative: int) -> list[Round]:
    """cooperative: how many of the rounds of joins and leaves are."""
    played = [(s, come_and_go) for s in (*EAGER, *[COOPERATIVE] * cooperative)]
    played += [(s, play) for s in ("sticky", COOPERATIVE) for play in (stay, wait, storm)]
    return [
        Round(MEASURE, f"{play.__name__.replace('_', ' ')}, {strategy}", partial(play, strategy))
        for strategy, play in played
    ]


def come_and_go(strategy: str, rig: Rig) -> None:
    crew = Crew(rig, strategy)
    first = crew.begin()
    second = crew.join()
    third = crew.join()
    leaving, killed = rig.dice.sample([first, second, third], 2)
    crew.leave(leaving)
    crew.kill(killed)
    rig.finish(*crew.workers)


def wait(strategy: str, rig: Rig) -> None:
    """More workers than partitions: some have nothing to do until another is gone."""
    crew = Crew(rig, strategy, partitions=2)
    busy = [crew.begin(), crew.join()]
    idle = crew.add()
    wait_until(lambda: crew.members() == 3, 30, "three members")
    rig.dice.shuffle(busy)
    crew.leave(busy[0])
    crew.kill(busy[1])
    assert set(rig.owners().values()) == {idle.pid}
    rig.finish(idle)


def stay(strategy: str, rig: Rig) -> None:
    """Static members: one that restarts within its session time moves nothing, one that stays away
    is replaced when that time is over."""
    crew = Crew(rig, strategy, session_seconds=8)
    first, second = crew.begin(instance="first"), crew.join(instance="second")
    epochs, events = rig.epochs(), first.log().count("Revoked")
    mine = {p for p, pid in rig.owners().items() if pid == second.pid}
    second.kill()
    second.start()
    crew.settle()
    assert {p for p, epoch in rig.epochs().items() if epoch != epochs[p]} == mine
    assert first.log().count("Revoked") == events
    crew.kill(second)
    rig.finish(first)


def storm(strategy: str, rig: Rig) -> None:
    """Somebody comes or goes every two seconds, whatever became of the change before."""
    crew = Crew(rig, strategy)
    crew.begin()
    for _ in range(6):
        epochs, ends = rig.epochs(), time.monotonic() + STORM_EVERY_SECONDS
        change = rig.dice.choice(["leave", "kill"]) if len(crew.workers) > 3 else "join"
        crew.change(change)
        time.sleep(max(0, ends - time.monotonic()))
        crew.count(f"{change} in a storm", crew.moved_since(epochs))
    crew.settle()
    rig.finish(*crew.workers)


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

    def change(self, how: str) -> None:
        """A new worker joins, or the oldest one goes."""
        if how == "join":
            self.add()
        else:
            (self.dismiss if how == "leave" else self.end)(self.workers[0])

    # what became of them

    def settle(self, epochs: Mapping[int, int] = MappingProxyType({})) -> None:
        """Until as many workers as there is work for hold every partition among them. An eager
        rebalance also makes those claim again what they had, so all epochs have risen by then."""
        alive = {worker.pid for worker in self.workers}

        def is_settled() -> bool:
            self._replenish()
            owners, moved = self._rig.owners(), self.moved_since(epochs)
            busy = set(owners.values())
            is_done = len(owners) == self._rig.partitions and busy <= alive
            is_shared = len(busy) == min(len(alive), len(owners))
            return is_done and is_shared and (self._is_cooperative or len(moved) == len(owners))

        wait_until(is_settled, 60, f"all partitions held by {sorted(alive)}")

    def _config(self, instance: str) -> Path:
        keys = {"consumer.override.group.instance.id": instance} if instance else {}
        strategy = {"consumer.override.partition.assignment.strategy": self._strategy}
        session = {"consumer.override.session.timeout.ms": self._session_ms}
        return self._rig.config(batch__size="120", **keys, **strategy, **session)

    def moved_since(self, epochs: Mapping[int, int]) -> list[int]:
        return [p for p, epoch in self._rig.epochs().items() if epoch > epochs.get(p, 0)]

    def count(self, change: str, moved: Sequence[int]) -> None:
        """As a rebalance, if it was one."""
        if moved:
            self._rig.struck_under_backlog(f"{change}: {len(moved)} partitions moved")
        self._replenish()

    def members(self) -> int:
        return len(self._rig.kafka.members(f"connect-{self._rig.connector}"))

    def _changed(self, change: str, make: Callable[[], T]) -> T:
        epochs, began = self._rig.epochs(), self._now()
        made = make()
        self.settle(epochs)
        moved = self.moved_since(epochs)
        assert moved, f"{change}: nothing has moved"
        if change == "join" and self._is_cooperative:
            self._note_pause([p for p in epochs if p not in moved], began)
        self.count(change, moved)
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
