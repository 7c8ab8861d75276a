"""Rounds of zombies: a worker is frozen past its session time-out, an heir takes over, it wakes up.

Owns where a worker is frozen, and what it must say when it is back. That it wrote nothing by its old
epoch is for the checker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from sinkworker.failpoints import Failpoint
from tests.faults.campaign import Round
from tests.faults.places import CONSUMER, PLACES
from tests.faults.proxy import PostgresProxy, Where
from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import wait_until

MEASURE, IN_COPY = "zombies", "zombies in COPY"

REST = 0.15

ANYWHERE = ("convert.before", "put.after", "flush.before", "cas.after", "commit.before",
            "mirror.before", "claim.after")  # fmt: skip

BEFORE_THE_FENCE = ("convert.before", "put.after", "flush.before", "cas.before")
"""From here a worker goes on to its flush without asking anybody whether it may."""

IN_COPY_NOW = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state = 'active' AND query LIKE 'COPY%' AND wait_event = 'ClientRead'"
)


def rounds(in_copy: int) -> list[Round]:
    """in_copy: how many of them in the middle of COPY."""
    return [
        *[Round(IN_COPY, "zombie at copy.mid", partial(stop_at, place="copy.mid"))] * in_copy,
        *(Round(MEASURE, f"zombie at {p}", partial(stop_at, place=p)) for p in ANYWHERE),
        Round(
            MEASURE, "zombie whose COMMIT is on its way", partial(stop_in_commit, held="request")
        ),
        Round(MEASURE, "zombie whose COMMIT has landed", partial(stop_in_commit, held="answer")),
        *[Round(MEASURE, "zombie wakes up before its heir writes", stop_both)] * 2,
        Round(MEASURE, "zombie that was assigned", partial(stop_unclaimed, place="assign.in")),
        Round(MEASURE, "zombie before its claim", partial(stop_unclaimed, place="claim.before")),
        Round(MEASURE, "zombie that has to prove its membership", stop_before_the_proof),
        Round(MEASURE, "zombie with fixed partitions", partial(stop_fixed, place="flush.before")),
        Round(
            MEASURE, "zombie in COPY with fixed partitions", partial(stop_fixed, place="copy.mid")
        ),
    ]


def stop_at(rig: Rig, place: str) -> None:
    config = loaded(rig)
    zombie = stopped_at(rig, config, place)
    if place == "copy.mid":
        wait_until(lambda: rig.database.one(IN_COPY_NOW), 10, "a server process in COPY")
    heir = heir_of(rig, config)
    wake(rig, zombie, zombie.fired()[0])
    rig.finish(heir, zombie)


def stop_in_commit(rig: Rig, held: Where) -> None:
    """It sleeps while its COMMIT, or the answer to it, is on its way."""
    config = loaded(rig)
    with closing(PostgresProxy(rig.postgres_server.port)) as proxy:
        proxy.start()
        commit = proxy.hold_commit(rig.dice.randint(1, 6), held, after_copy=True)
        through_proxy = rig.config(postgres_port=proxy.port)
        zombie = rig.worker(through_proxy, seconds_a_flush=REST).start()
        commit.wait()
        zombie.freeze()
        zombie.wait_frozen()
        heir = heir_of(rig, config)
        if rig.dice.random() < 0.5:
            commit.release()
        wake(rig, zombie, f"stop with COMMIT's {held} held", commit.release)
        rig.finish(heir, zombie)


def stop_both(rig: Rig, places: Sequence[str] = BEFORE_THE_FENCE) -> None:
    """The heir has claimed and done nothing yet: the zombie's flush finds the offset that it expects,
    and only the epoch is another."""
    loaded(rig)
    config = rig.config(**rig.landing.at_every_poll)
    zombie = stopped_at(rig, config, rig.dice.choice(places))
    epochs, stored = rig.epochs(), rig.stored()
    claims = rig.partitions if rig.landing.claims_apart else 1
    heir = started(rig, config, rig.landing.places["claim.after"].failpoint("stop", claims))
    _wait_taken(rig, epochs, heir)
    assert rig.stored() == stored, "the heir was to claim and no more"
    rig.struck_under_backlog(f"{zombie.fired()[0]}; heir: {heir.fired()[0]}")
    zombie.thaw()
    zombie.wait_for(" refused the flush")
    heir.thaw()
    _wait_back(zombie, 0)
    rig.finish(heir, zombie)


def stop_unclaimed(rig: Rig, place: str) -> None:
    """It wakes up with an assignment that it has yet to claim: that it may do once, unasked."""
    config = loaded(rig)
    zombie = started(rig, config, rig.landing.places[place].failpoint("stop"))
    heir = heir_of(rig, config)
    woken = wake(rig, zombie, zombie.fired()[0])
    assert woken.partition("Lost ")[0].count("Opened") <= rig.partitions, woken
    rig.finish(heir, zombie)


def stop_before_the_proof(rig: Rig) -> None:
    """It was about to claim again, and is no member any more: it must not."""
    config = loaded(rig)
    failure = PLACES["flush.before"].failpoint("raise", rig.dice.randint(2, 5))
    proof = Failpoint(f"{CONSUMER}.commit", "before", "stop")
    zombie = started(rig, config, failure, proof)
    heir = heir_of(rig, config)
    woken = wake(rig, zombie, zombie.fired()[1])
    assert "Opened" not in woken.partition("Lost ")[0], woken
    rig.finish(heir, zombie)


def stop_fixed(rig: Rig, place: str) -> None:
    """No group divides the work: the later claim counts, and who was overtaken says by whom."""
    loaded(rig)
    every = ",".join(f"{rig.topic}:{p}" for p in range(rig.partitions))
    config = rig.config(topics="", topics__partitions=every)
    zombie = stopped_at(rig, config, place)
    heir = heir_of(rig, config)
    rig.struck_under_backlog(zombie.fired()[0])
    zombie.thaw()
    wait_until(lambda: not (zombie.is_running() and heir.is_running()), 30, "one to give up")
    loser, winner = (heir, zombie) if zombie.is_running() else (zombie, heir)
    loser.wait_failed()
    (told,) = loser.log_lines("The task failed")
    assert re.search(rf"was claimed by \S+:{winner.pid}:", told), told
    rig.finish(winner)


# the steps of a round


def loaded(rig: Rig) -> Path:
    rig.load_any()
    return rig.config()


def stopped_at(rig: Rig, config: Path, place: str) -> FaultyWorker:
    most = 1_000 if place == "copy.mid" else 1 if place == "claim.after" else 6
    return started(
        rig, config, rig.landing.places[place].failpoint("stop", rig.dice.randint(1, most))
    )


def started(rig: Rig, config: Path, *failpoints: Failpoint) -> FaultyWorker:
    """A worker that has come to all of these; the last one stopped it."""
    worker = rig.worker(config, *failpoints, seconds_a_flush=REST).start()
    worker.wait_fired()
    worker.wait_frozen()
    return worker


def heir_of(rig: Rig, config: Path) -> FaultyWorker:
    """A second worker that has claimed everything and written something."""
    epochs = rig.epochs()
    heir = rig.worker(config, seconds_a_flush=REST).start()
    _wait_taken(rig, epochs, heir)
    rig.wait_for_progress(1)
    return heir


def _wait_taken(rig: Rig, epochs: Mapping[int, int], heir: FaultyWorker) -> None:
    """By this heir, from whoever had these epochs."""
    everything = dict.fromkeys(range(rig.partitions), heir.pid)
    wait_until(lambda: rig.owners() == everything, 60, "the heir's claims")
    now = rig.epochs()
    assert all(now[p] > epochs.get(p, 0) for p in now), f"{epochs} → {now}"


def wake(
    rig: Rig, zombie: FaultyWorker, what: str, then: Callable[[], object] = lambda: None
) -> str:
    """Under a backlog; what it logged until it was a member again."""
    assert zombie.is_frozen()
    rig.struck_under_backlog(what)
    mark = len(zombie.log())
    zombie.thaw()
    then()
    _wait_back(zombie, mark)
    return zombie.log()[mark:]


def _wait_back(zombie: FaultyWorker, mark: int) -> None:
    """Until it has lost what it had, and has been given something anew."""
    wait_until(lambda: "Opened" in zombie.log()[mark:].partition("Lost ")[2], 60, "a member again")
