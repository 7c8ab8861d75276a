"""Rounds in which a step fails, or takes long, in a worker that lives on: it must begin anew.

Owns errors and delays at failpoints. Nothing that was read before may survive one.
"""

from __future__ import annotations

import time
from functools import partial

from tests.faults.campaign import Round
from tests.faults.places import PLACES
from tests.faults.rig import Rig

MEASURE = "errors and delays"


def rounds() -> list[Round]:
    """One for each place that is passed at every flush."""
    names = [name for name, place in PLACES.items() if place.often]
    return [Round(MEASURE, f"error at {name}", partial(fail_at, place=name)) for name in names]


def fail_at(rig: Rig, place: str) -> None:
    """Several errors, and a delay beyond the session time-out between them."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    first = 300 if place == "copy.mid" else 3
    hits = [first * (n + 1) + rig.dice.randrange(first) for n in range(3)]
    errors = [PLACES[place].failpoint("raise", hit) for hit in hits]
    delay = PLACES[place].failpoint("sleep", hits[0] + 1, rig.dice.uniform(1, 3))
    worker = rig.worker(rig.config(), *errors, delay).start()
    worker.wait_fired()
    at = time.monotonic()
    rig.struck_under_backlog(worker.fired()[0])
    rig.recovered(at)
    rig.finish(worker)
    rig.outcome.faults += worker.fired()[1:]
