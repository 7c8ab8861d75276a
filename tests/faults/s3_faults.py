"""Rounds of a store that refuses, damages and loses requests, and of many writers of one object.

Owns what becomes of requests. The store itself stays whole, so that other rounds may use it, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from botocore.exceptions import ClientError

from tests.faults.campaign import Round
from tests.faults.chains import client
from tests.faults.rig import Rig
from tests.faults.s3_unknown import IMPATIENT, REST, is_commit, proxy_of
from tests.integration.s3.proxy import Fate, Proxy, Request
from tests.services.process import wait_until

MEASURE = "S3 faults"
WRITERS, RACES, AT_ONCE = 32, 50, 10
REFUSALS = {"PreconditionFailed", "ConditionalRequestConflict"}


def rounds() -> list[Round]:
    plays = {
        **{f"entries answered {each}": partial(refuse, fate=each, which=is_commit)
           for each in (409, 429, 500, 503)},
        "files answered 503": partial(refuse, fate=503, which=is_data),
        "files lost": partial(refuse, fate=Fate.LOST, which=is_data),
        "files unanswered": partial(refuse, fate=Fate.UNANSWERED, which=is_data),
        "files damaged on their way": partial(refuse, fate=Fate.DAMAGED, which=is_data),
        "an outage": have_outage,
        "32 writers of one object": race,
    }  # fmt: skip
    return [Round(MEASURE, f"S3 {name}", play, lands_in="s3") for name, play in plays.items()]


def is_data(request: Request) -> bool:
    return request.is_data and "/_sinkworker" not in request.path


def refuse(rig: Rig, fate: Fate | int, which: Callable[[Request], bool]) -> None:
    """Three times, one to three requests in a row."""
    rig.load_any()
    with proxy_of(rig) as proxy:
        worker = rig.worker(rig.config(store__url=proxy.address), seconds_a_flush=REST).start()
        for _ in range(3):
            rig.wait_for_progress(1)
            at, times = time.monotonic(), rig.dice.randint(1, 3)
            struck = _strike_next(proxy, fate, which, times)
            wait_until(lambda s=struck, t=times: len(s) == t, 30, "requests to strike")  # type: ignore[misc]
            rig.struck_under_backlog(f"{fate}, {times} times")
            rig.recovered(at)
        rig.finish(worker)


def _strike_next(
    proxy: Proxy, fate: Fate | int, which: Callable[[Request], bool], times: int
) -> list[Request]:
    struck: list[Request] = []

    def script(request: Request) -> Fate | int | None:
        if len(struck) >= times or not which(request):
            return None
        struck.append(request)
        return fate

    proxy.script = script
    return struck


def have_outage(rig: Rig) -> None:
    """For longer than a flush may take: the worker waits, and loses nothing."""
    rig.load_any()
    with proxy_of(rig) as proxy:
        config = rig.config(store__url=proxy.address, **IMPATIENT)
        worker = rig.worker(config, seconds_a_flush=REST).start()
        rig.wait_for_progress(1)
        proxy.script = lambda _: rig.dice.choice([500, 503, Fate.LOST])
        worker.wait_for("; trying again", times=3)
        rig.struck_under_backlog("outage")
        at = time.monotonic()
        proxy.script = lambda _: None
        rig.recovered(at)
        rig.finish(worker)


def race(rig: Rig) -> None:
    """Of many writers that put one object if it is absent, exactly one is told that it did; while a
    worker is at work."""
    rig.load_any()
    worker = rig.worker(rig.config(), seconds_a_flush=REST).start()
    rig.wait_for_progress(1)
    writers = [client(rig.s3.server.url) for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS * AT_ONCE) as pool, ThreadPoolExecutor(AT_ONCE) as lanes:
        wrong = [
            each for each in lanes.map(partial(_race, rig, writers, pool), range(RACES)) if each
        ]
    assert not wrong, wrong
    rig.struck(f"{RACES} races of {WRITERS} writers")
    rig.finish(worker)


def _race(rig: Rig, writers: list[Any], pool: ThreadPoolExecutor, number: int) -> str | None:
    """What is wrong with its end."""
    key, start = f"{rig.connector}-races/{number}", Barrier(WRITERS, timeout=60)

    def write(writer: int) -> bool:
        start.wait()
        put = {"Bucket": rig.s3.bucket, "Key": key, "Body": str(writer), "IfNoneMatch": "*"}
        try:
            writers[writer].put_object(**put)
        except ClientError as error:
            assert error.response["Error"]["Code"] in REFUSALS, error
            return False
        return True

    won = [writer for writer, has_won in enumerate(pool.map(write, range(WRITERS))) if has_won]
    stored = rig.s3.chains(rig.connector, rig.topic).get(key)
    return None if [str(each).encode() for each in won] == [stored] else f"{key}: {won}, {stored!r}"
