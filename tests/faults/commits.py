"""Rounds of COMMITs whose end the worker never learns: some landed, some did not.

Owns how a COMMIT is held on its way, and the proof of how it ended: what the next claim found in the
database. In some rounds the worker dies or freezes meanwhile, and another one takes over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal, NamedTuple

from tests.faults.campaign import Round
from tests.faults.proxy import PostgresProxy, Trigger
from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import wait_until

LANDED, NOT_LANDED = "unknown COMMIT, landed", "unknown COMMIT, not landed"

CLAIMS = (
    "SELECT DISTINCT ON (partition) partition, next_before FROM moves "
    "WHERE seq > %s AND epoch > epoch_before AND connector = %s ORDER BY partition, seq"
)
"""What the first claim of each partition after that move found."""

A_CLAIM_WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock' AND query ILIKE '%INSERT INTO%sinkworker_offsets%'"
)

IMPATIENT = {"consumer__override__max__poll__interval__ms": "6000"}
"""The time limit of an answer is a part of this: a silent connection is given up within seconds."""


def rounds(several: int, silent: int, killed: int, frozen: int) -> list[Round]:
    """Rounds of each kind, half of them landed. Those of several COMMITs have three."""
    return [
        Round(LANDED if landed else NOT_LANDED, f"{name}, {'' if landed else 'not '}landed",
              partial(play, landed=landed))
        for landed in (True, False)
        for name, play, count in (
            ("COMMIT and connection lost", lose_several, several),
            ("COMMIT and silence", fall_silent, silent),
            ("killed with COMMIT in flight", partial(strike_in_flight, how="kill"), killed),
            ("frozen with COMMIT in flight", partial(strike_in_flight, how="stop"), frozen),
        )
        for _ in range(count)
    ]  # fmt: skip


class Held(NamedTuple):
    """A COMMIT that waits in the proxy. before: the offsets, move: the last move before it ends."""

    trigger: Trigger
    before: dict[int, int]
    move: int


def lose_several(rig: Rig, landed: bool) -> None:
    """Three times, under the same worker."""
    rig.load(6_000, table=rig.dice.choice(["inserted", "upserted"]))
    with _proxy(rig) as proxy:
        worker = rig.worker(rig.config(postgres_port=proxy.port), seconds_a_flush=0.05).start()
        for _ in range(3):
            held, how = _hold(rig, proxy), rig.dice.choice(["cut", "reset"])
            at = time.monotonic()
            if landed:
                _land_unanswered(rig, proxy, held)
                proxy.cut() if how == "cut" else proxy.reset()
                proxy.heal()
            else:
                held.trigger.release(how)  # type: ignore[arg-type]
            rig.recovered(at)
            _prove(rig, held, landed, how)
        rig.finish(worker)


def fall_silent(rig: Rig, landed: bool) -> None:
    """Nothing comes any more, and nothing is closed: the worker has to give up by itself."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    with _proxy(rig) as proxy:
        config = rig.config(postgres_port=proxy.port, **IMPATIENT)
        worker = rig.worker(config, seconds_a_flush=0.05).start()
        held, at = _hold(rig, proxy), time.monotonic()
        if landed:
            _land_unanswered(rig, proxy, held)
            proxy.heal()
        else:
            held.trigger.release("blackhole")
        rig.recovered(at)
        _prove(rig, held, landed, "blackhole")
        rig.finish(worker)


def strike_in_flight(rig: Rig, landed: bool, how: Literal["kill", "stop"]) -> None:
    """The worker is gone before its COMMIT ends, and its heir comes before or after that."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    with _proxy(rig) as proxy:
        config = rig.config(postgres_port=proxy.port)
        of_victim = rig.config(postgres_port=proxy.port, **IMPATIENT)
        victim = rig.worker(of_victim, seconds_a_flush=0.05).start()
        held, at = _hold(rig, proxy), time.monotonic()
        victim.kill() if how == "kill" else victim.freeze()
        heir_waits = rig.dice.random() < 0.6
        if heir_waits:
            heir = rig.worker(config, seconds_a_flush=0.05).start()
            _wait_for_its_claim(rig, heir)
        held.trigger.release(None if landed else rig.dice.choice(["cut", "reset", "blackhole"]))
        if not heir_waits:
            heir = rig.worker(config, seconds_a_flush=0.05).start()
        wait_until(lambda: len(_found(rig, held)) == rig.partitions, 30, "the heir's claims")
        _prove(rig, held, landed, how)
        rig.recovered(at)
        rig.finish(heir, *_thawed(victim))


def _wait_for_its_claim(rig: Rig, heir: FaultyWorker) -> None:
    """Until it waits for the end of the COMMIT; it does so for two seconds at most."""

    def waits() -> bool:
        found = bool(rig.database.one(A_CLAIM_WAITS))
        assert found or " Opened " not in heir.log(), f"it did not wait:\n{heir.log()[-3000:]}"
        return found

    wait_until(waits, 60, "a claim to wait for the COMMIT")


def _thawed(victim: FaultyWorker) -> list[FaultyWorker]:
    """The victim, if it lives on, has to find out that it was replaced."""
    if not victim.is_running():
        return []
    victim.thaw()
    return [victim]


# a COMMIT on its way


@contextmanager
def _proxy(rig: Rig) -> Iterator[PostgresProxy]:
    proxy = PostgresProxy(rig.postgres_server.port).start()
    try:
        yield proxy
    finally:
        proxy.close()


def _hold(rig: Rig, proxy: PostgresProxy) -> Held:
    trigger = proxy.hold_commit(nth=rig.dice.randint(1, 3), after_copy=True)
    trigger.wait(30)
    return Held(trigger, rig.stored(), rig.database.one("SELECT max(seq) FROM moves"))


def _land_unanswered(rig: Rig, proxy: PostgresProxy, held: Held) -> None:
    """The server commits; what it answers goes nowhere."""
    proxy.blackhole("to_client", on="present")
    held.trigger.release()
    wait_until(lambda: rig.stored() != held.before, 20, "the COMMIT to land")
    proxy.wait_fired("blackhole")


def _prove(rig: Rig, held: Held, landed: bool, how: str) -> None:
    """What the next claims found is what was stored before the COMMIT, or not."""
    found = _found(rig, held)
    assert len(found) == rig.partitions, f"claimed anew: {found}"
    assert (found != held.before) == landed, f"before: {held.before}, then: {found}"
    rig.struck_under_backlog(f"COMMIT {'landed' if landed else 'not landed'}, {how}")


def _found(rig: Rig, held: Held) -> dict[int, int]:
    return dict(rig.database.execute(CLAIMS, [held.move, rig.connector]))  # type: ignore[arg-type]
