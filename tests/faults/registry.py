"""Rounds with a schema registry: it fails while records need it, and schemas change within a batch.

Owns what fails when. Nothing may be stored beyond a record whose schema could not be had, and no record
may be left out: all rounds tolerate bad records, and there are none.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults import cargo, schemas
from tests.faults.campaign import Round
from tests.faults.places import GROWTH_PLACES, PLACES
from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import wait_until
from tests.services.registry import RegistryServer, running

DOWN, CHANGES = "registry down", "schema changes"

FAILURES = 3
"""So often a worker has asked in vain before the registry is back."""
PLAIN = 1
REST = 0.05


def rounds() -> list[Round]:
    plays = [("is waited for", wait_for_it), ("outlives kill -9", kill_meanwhile)]
    down = [
        Round(DOWN, f"registry {how} {name}", partial(_play, partial(play, how=how)))
        for how in OUTAGES
        for name, play in plays
    ]
    change = [
        Round(CHANGES, f"schemas alternate, kill at {place}",
              partial(_play, partial(kill_in_change, place=place)))
        for place in (*GROWTH_PLACES, "copy.mid", "rows.after", "commit.before", "commit.after")
    ]  # fmt: skip
    return down + change


# outages


@contextmanager
def _in_error(registry: RegistryServer, status: int) -> Iterator[None]:
    registry.status = status
    try:
        yield
    finally:
        registry.status = 0


@contextmanager
def _silent(registry: RegistryServer) -> Iterator[None]:
    registry.may_answer.clear()
    try:
        yield
    finally:
        registry.may_answer.set()


OUTAGES: Mapping[str, Callable[[RegistryServer], AbstractContextManager[None]]] = {
    "gone": RegistryServer.gone,
    "answers 500": partial(_in_error, status=500),
    "answers 503": partial(_in_error, status=503),
    "silent": _silent,
}

# the lane


@dataclass
class Lane:
    """A round's registry, and what the records are written with."""

    rig: Rig
    registry: RegistryServer
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        schemas.register(self.registry)
        self.rig.load(0, table=self.rig.dice.choice(self.rig.landing.tables))
        self.config = self.rig.config(
            value__converter="AvroConverter",
            value__converter__schema__registry__url=self.registry.url,
            value__converter__http__read__timeout__ms="500",
            auto__evolve="true", errors__tolerance="all",
        )  # fmt: skip

    def send(self, records: int, numbers: Sequence[int]) -> None:
        """Each with any of these schemas."""
        dice = self.rig.dice
        made = [_filled(each, dice.choice(numbers)) for each in self.rig.made(records)]
        cargo.send(self.rig.kafka, self.rig.topic, made, cargo.Cargo.in_avro)

    def asked(self) -> list[int]:
        """For which ids, in their order."""
        paths = [path.partition("?")[0] for path in self.registry.asked]
        return [int(path.rpartition("/")[2]) for path in paths]

    def worker(self) -> FaultyWorker:
        return self.rig.worker(self.config, seconds_a_flush=REST).start()

    def stands(self, worker: FaultyWorker, how: str, readable: Mapping[int, int]) -> None:
        """It has asked in vain, again and again, and has stored nothing beyond what it could read."""
        asked, failures = len(self.asked()), len(_failures(worker))

        def has_failed() -> bool:
            return len(_failures(worker)) >= failures + FAILURES

        wait_until(has_failed, 30, "a worker that waits for the registry")
        stored = self.rig.stored()
        assert all(stored.get(p, 0) <= end for p, end in readable.items()), (stored, readable)
        assert (len(self.asked()) > asked) is (how != "gone"), "it was asked, or was not gone"
        self.rig.struck_under_backlog(f"registry {how}")


def _filled(record: cargo.Cargo, number: int) -> cargo.Cargo:
    more = {"grade": f"grade {record.n}", "weight": record.n}
    return record._replace(**{k: v for k, v in more.items() if k in schemas.names(number)})


def _failures(worker: FaultyWorker) -> list[str]:
    return worker.log_lines("the schema registry http")


def _play(play: Callable[[Lane], None], rig: Rig) -> None:
    with running() as registry:
        play(Lane(rig, registry))


# rounds


def wait_for_it(lane: Lane, how: str) -> None:
    """Twice, each time for a schema that the worker has never seen."""
    rig = lane.rig
    lane.send(2_000, [PLAIN])
    worker = lane.worker()
    for number in rig.dice.sample(schemas.IDS[1:], 2):
        rig.wait_for_progress(1)
        readable = rig.kafka.ends(rig.topic)
        with OUTAGES[how](lane.registry):
            lane.send(1_000, [number])
            lane.stands(worker, how, readable)
            at = time.monotonic()
        rig.recovered(at)
        lane.send(1_000, [PLAIN, number])
    rig.finish(worker)
    rig.waited_out(worker)


def kill_meanwhile(lane: Lane, how: str) -> None:
    """Its heir knows no schema at all, and waits where it stood."""
    rig = lane.rig
    lane.send(2_000, [PLAIN])
    victim = lane.worker()
    rig.wait_for_progress(1)
    readable = rig.kafka.ends(rig.topic)
    with OUTAGES[how](lane.registry):
        lane.send(1_000, schemas.IDS[1:])
        lane.stands(victim, how, readable)
        before = rig.stored()
        victim.kill()
        assert victim.wait() == -signal.SIGKILL, "it had ended by itself"
        rig.struck("kill -9")
        heir = lane.worker()
        lane.stands(heir, how, before)
        at = time.monotonic()
    rig.recovered(at)
    rig.finish(heir)
    rig.waited_out(heir)


def kill_in_change(lane: Lane, place: str) -> None:
    """Twice, while records with more fields than the table has columns are about, or just were."""
    rig = lane.rig
    lane.send(400, [PLAIN])
    lane.send(1_600, [PLAIN, 2])
    lane.send(3_000, schemas.IDS)
    chosen = GROWTH_PLACES.get(place) or PLACES[place]
    for flushes in ((4, 6), (2, 5)):
        failpoint = chosen.failpoint("kill", _hit(rig, place, *flushes))
        asked = len(lane.asked())
        victim = rig.worker(lane.config, failpoint, seconds_a_flush=REST).start()
        what = victim.wait_fired()
        victim.wait(30)
        at = time.monotonic()
        assert len(set(lane.asked()[asked:])) > 1, "it has not seen the schema change"
        rig.struck_under_backlog(what)
    heir = lane.worker()
    rig.recovered(at)
    rig.finish(heir)
    rig.waited_out(heir)
    assert set(lane.asked()) == set(schemas.IDS)


def _hit(rig: Rig, place: str, first: int, last: int) -> int:
    """Of a place that is passed at each flush of 200 records, or at each record."""
    if place in GROWTH_PLACES:
        return 1
    flush = rig.dice.randint(first, last)
    return 200 * flush - rig.dice.randrange(200) if place == "copy.mid" else flush
