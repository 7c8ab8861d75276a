"""Rounds with bad records in the backlog, and a place for their letters: a table, a topic, or files.

Owns what strikes when. In a table and in files each letter is there once, whatever happens; in a topic
it is there before its offset is committed, and may be there again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from tests.faults import commits, history, s3_unknown
from tests.faults.campaign import Round
from tests.faults.landing import Kind
from tests.faults.letters import FILES, TABLE, TOPIC
from tests.faults.places import LETTER_PLACES, PLACES, S3_PLACES, Place
from tests.faults.proxy import Then, Trigger, Where
from tests.faults.rig import Rig

MEASURE = "dead letters"

KILLS = {
    TABLE: ("rows.after", "letters.stored", "commit.before", "commit.after"),
    TOPIC: ("letters.sending", "letters.sent", "commit.before", "commit.after"),
    FILES: ("data.after", "entry.before", "entry.after"),
}
UNKNOWN = {
    TABLE: commits.lose_several,
    TOPIC: commits.lose_several,
    FILES: s3_unknown.lose_several,
}  # fmt: skip

TIMES = 3


def rounds() -> list[Round]:
    made = []
    for letters, places in KILLS.items():
        of_sink = S3_PLACES if letters == FILES else PLACES
        for name in places:
            place = LETTER_PLACES.get(name) or of_sink[name]
            made.append(_round(letters, f"kill at {name}", partial(kill_at, place=place)))
    for letters, play in UNKNOWN.items():
        made.append(_round(letters, "unknown commit, landed", partial(play, landed=True)))
        made.append(_round(letters, "unknown commit, not landed", partial(play, landed=False)))
    made.append(_round(TOPIC, "Produce lost", partial(lose_produce, where="request")))
    made.append(_round(TOPIC, "Produce unanswered", partial(lose_produce, where="answer")))
    made.append(_round(TOPIC, "no broker for letters", have_outage))
    return made


def _round(letters: str, name: str, play: Callable[[Rig], None]) -> Round:
    lands_in: Kind = "s3" if letters == FILES else "postgres"
    return Round(MEASURE, f"letters in {letters}: {name}", partial(_play, letters, play),
                 lands_in=lands_in)  # fmt: skip


def _play(letters: str, play: Callable[[Rig], None], rig: Rig) -> None:
    rig.letters = letters
    play(rig)


def kill_at(rig: Rig, place: Place) -> None:
    """Twice, at any of the first flushes of a worker."""
    rig.load_any(8_000)
    config = rig.config()
    for _ in range(2):
        failpoint = place.failpoint("kill", rig.dice.randint(1, 4))
        victim = rig.worker(config, failpoint, seconds_a_flush=0.05).start()
        what = victim.wait_fired()
        victim.wait(30)
        at = time.monotonic()
        rig.struck_under_backlog(what)
    heir = rig.worker(config).start()
    rig.recovered(at)
    rig.finish(heir)


def lose_produce(rig: Rig, where: Where) -> None:
    """A letter on its way, or the answer that it is there."""
    rig.load_any(8_000)
    worker = rig.worker(rig.config(kafka=rig.proxy.bootstrap), seconds_a_flush=0.05).start()
    for _ in range(TIMES):
        rig.wait_for_progress(1)
        how: Then = rig.dice.choice(["cut", "reset", "blackhole"])
        trigger = rig.proxy.at_request("Produce", rig.dice.randint(1, 4), where, how)
        at = trigger.wait(30).at
        rig.struck_under_backlog(f"{how} at {where} of Produce")
        rig.recovered(at)
    rig.finish(worker)


def have_outage(rig: Rig) -> None:
    """Nothing is committed that has no letter yet; flushes become smaller after a failure, and may be
    without bad records. The worker stays, and goes on where it was."""
    rig.load_any(6_000)
    worker = rig.worker(rig.config(kafka=rig.proxy.bootstrap), seconds_a_flush=0.05).start()
    rig.wait_for_progress(1)
    before: dict[int, int] = {}
    produce = _swallow_produce(rig)
    while len(worker.log_lines("Sending dead letters to topic")) < 2:
        produce.wait(30)
        produce = _swallow_produce(rig)
        before = before or rig.stored()
    assert _bad_between(rig, before, rig.stored()) == [], "committed without their letters"
    rig.struck_under_backlog("no answer to Produce")
    at = time.monotonic()
    rig.proxy.disarm()
    rig.proxy.heal()
    rig.recovered(at)
    rig.finish(worker)
    assert len(worker.assignments()) == 1, worker.assignments()


def _swallow_produce(rig: Rig) -> Trigger:
    """The next one. The worker waits a second for the answer before it sends another: until then the
    next trap has to be set, also where the processors are busy."""
    return rig.proxy.at_request("Produce", 1, "request", "blackhole")


def _bad_between(rig: Rig, first: Mapping[int, int], past: Mapping[int, int]) -> list[object]:
    """Partitions and offsets of bad records."""
    log = history.read(rig.kafka, rig.topic, rig.table)
    return [
        (p, offset)
        for p, partition in log.partitions.items()
        for offset, _ in partition.bad
        if first.get(p, 0) <= offset < past.get(p, 0)
    ]
