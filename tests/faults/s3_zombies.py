"""Rounds of zombies and of late PUTs in S3: what somebody wrote who was replaced since.

Owns where a worker is frozen or its PUT held, and in which order it and its heir come to the store. That
nothing of it was committed by an old epoch is for the checker.
"""

from __future__ import annotations

import time
from functools import partial

from tests.faults import zombies
from tests.faults.campaign import Round
from tests.faults.rig import Rig
from tests.faults.s3_unknown import (
    REST,
    is_commit,
    is_stored,
    key_of,
    proxy_of,
    strike,
)
from tests.integration.s3.proxy import Fate, Request
from tests.services.process import wait_until

MEASURE, LATE = "S3 zombies", "S3 late PUTs"

ANYWHERE = ("data.before", "data.before", "data.after", "entry.before", "entry.before",
            "entry.before", "entry.after", "claim.after")  # fmt: skip
BEFORE_THE_FENCE = ("flush.before", "data.before", "data.after", "entry.before")


def rounds() -> list[Round]:
    plays = [
        *((MEASURE, f"zombie at {p}", partial(zombies.stop_at, place=p)) for p in ANYWHERE),
        (MEASURE, "zombie in its claim", partial(zombies.stop_unclaimed, place="claim.read")),
        (MEASURE, "zombie before its claim", partial(zombies.stop_unclaimed, place="claim.before")),
        *[(MEASURE, "zombie wakes up before its heir writes",
           partial(zombies.stop_both, places=BEFORE_THE_FENCE))] * 2,
        *[(LATE, "entry lands after a takeover", partial(land_late, is_entry=True))] * 2,
        (LATE, "data lands after a takeover", partial(land_late, is_entry=False)),
        *[(LATE, "entry lands within a takeover", land_within)] * 2,
    ]  # fmt: skip
    return [Round(measure, f"S3 {name}", play, lands_in="s3") for measure, name, play in plays]


def land_late(rig: Rig, is_entry: bool) -> None:
    """A PUT of a worker that was killed comes to the store when its heir has long gone on."""
    rig.load_any()
    with proxy_of(rig) as proxy:
        victim = rig.worker(rig.config(store__url=proxy.address), seconds_a_flush=REST).start()
        rig.wait_for_progress(1)
        which = is_commit if is_entry else _is_data
        put = strike(rig, proxy, lambda _: Fate.LATE, which)
        victim.kill()
        at = time.monotonic()
        heir = rig.worker(rig.config(), seconds_a_flush=REST).start()
        rig.recovered(at)
        wait_until(lambda: proxy.late, 10, "the PUT to be held")
        (status,) = set(proxy.release())
        assert status == (412 if is_entry else 200), f"the store answered {status}"
        assert not (is_entry and is_stored(rig, put)), f"{key_of(rig, put)} was overwritten"
        rig.struck_under_backlog(f"{'entry' if is_entry else 'data'} late: {status}")
        rig.finish(heir)


def land_within(rig: Rig) -> None:
    """A PUT lands after its heir has listed the chain and before it has put its claim: it counts, and
    the claim goes behind it."""
    rig.load_any()
    with proxy_of(rig) as proxy:
        victim = rig.worker(rig.config(store__url=proxy.address), seconds_a_flush=REST).start()
        rig.wait_for_progress(1)
        put = strike(rig, proxy, lambda _: Fate.LATE)
        victim.kill()
        at = time.monotonic()
        stop = rig.landing.places["claim.read"].failpoint("stop")
        heir = zombies.started(rig, rig.config(), stop)
        statuses = proxy.release()
        assert 200 in statuses, f"the store answered {statuses}"
        assert is_stored(rig, put)
        rig.struck_under_backlog(f"entry late, within {heir.fired()[0]}")
        heir.thaw()
        rig.recovered(at)
        rig.finish(heir)


def _is_data(request: Request) -> bool:
    return request.is_data and "/_sinkworker" not in request.path
