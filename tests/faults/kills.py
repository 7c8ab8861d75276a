"""Rounds of kill -9: at every failpoint, and at any moment, under a standing backlog.

Owns what is killed when. Some rounds have a second worker, which then takes over.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from functools import partial

from tests.faults.campaign import Round
from tests.faults.landing import Kind
from tests.faults.places import PLACES, S3_PLACES
from tests.faults.rig import FaultyWorker, Rig

MEASURE, IN_S3 = "kill -9", "S3 kill -9"

RARE = {"revoke.in", "shutdown.flush", "close.before"}
"""Places that are passed only when a worker gives something up, or ends."""


def rounds(placed: int, random: int) -> list[Round]:
    """placed: kills at each failpoint. random: at any moment."""
    return _rounds(MEASURE, "", PLACES, placed, random, "postgres")


def s3_rounds(placed: int, random: int) -> list[Round]:
    return _rounds(IN_S3, "S3 ", S3_PLACES, placed, random, "s3")


def _rounds(
    measure: str, prefix: str, places: Iterable[str], placed: int, random: int, lands_in: Kind
) -> list[Round]:
    at_places = [
        Round(measure, f"{prefix}kill at {place}", partial(kill_at, place=place), lands_in=lands_in)
        for place in places
        for _ in range(placed)
    ]
    anywhere = Round(measure, f"{prefix}kill at any moment", kill_at_random, lands_in=lands_in)
    return at_places + [anywhere] * random


def kill_at(rig: Rig, place: str) -> None:
    rig.load_any()
    chosen = rig.landing.places[place]
    hit = rig.dice.randint(1, _most(place)) if chosen.often else 1
    config = rig.config()
    rest = 0.5 if place in RARE else 0
    victim = rig.worker(config, chosen.failpoint("kill", hit), seconds_a_flush=rest).start()
    if place in RARE:
        _provoke(rig, place, victim, config)
    what = victim.wait_fired()
    victim.wait(30)
    at = time.monotonic()
    rig.struck_under_backlog(what)
    heir = rig.worker(config).start()
    rig.recovered(at)
    rig.finish(heir)


def _most(place: str) -> int:
    """So often a place is passed well before the backlog ends: it is 20 flushes, of 200 rows each."""
    return 2_000 if place == "copy.mid" else 3 if place.startswith("poll") else 8


def _provoke(rig: Rig, place: str, victim: FaultyWorker, config: object) -> None:
    """Let the victim come to a place that it only passes when it gives something up."""
    rig.wait_for_progress(1)
    if place == "revoke.in":
        rig.worker(config).start()  # type: ignore[arg-type]
    else:
        victim.stop()


def kill_at_random(rig: Rig) -> None:
    """Once or twice, from within the start to the middle of the backlog."""
    rig.load_any()
    config = rig.config()
    for _ in range(rig.dice.randint(1, 2)):
        victim = rig.worker(config, seconds_a_flush=0.05).start()
        if rig.dice.random() < 0.8:
            rig.wait_for_progress(1)
        time.sleep(rig.dice.uniform(0, 0.2))
        victim.kill()
        assert victim.wait() == -signal.SIGKILL, "it had ended by itself"
        rig.struck_under_backlog("kill -9")
    at = time.monotonic()
    heir = rig.worker(config).start()
    rig.recovered(at)
    rig.finish(heir)
