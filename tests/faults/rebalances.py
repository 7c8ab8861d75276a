"""Rounds of rebalances: workers come and go while there is much to read.

Owns who comes and goes, and when. That partitions moved each time, a crew proves.
"""

from __future__ import annotations

from functools import partial

from tests.faults.campaign import Round
from tests.faults.crew import COOPERATIVE, Crew
from tests.faults.rig import Rig

MEASURE = "rebalances"

EAGER = ("range", "roundrobin", "sticky")
STORM_EVERY_SECONDS = 2.0


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
    crew.wait_members()
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
        change = rig.dice.choice(["leave", "kill"]) if len(crew.workers) > 3 else "join"
        crew.change(change, STORM_EVERY_SECONDS)
    crew.settle()
    rig.finish(*crew.workers)
