"""Rounds of entries whose PUT is never answered: some landed, some did not.

Owns how a PUT is held on its way to the store, and the proof of how it ended. In some rounds the worker
asks again, in some it gives up and claims anew, in some it dies and another one takes over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Lock

from tests.faults.campaign import Round
from tests.faults.rig import Rig
from tests.integration.s3.proxy import Fate, Proxy, Request
from tests.services.process import wait_until

LANDED, NOT_LANDED = "S3 unknown PUT, landed", "S3 unknown PUT, not landed"

REST = 0.1
FEW_SECONDS = {"consumer__override__max__poll__interval__ms": "16000"}
"""The time limit of a request is a part of this: a silent store is asked again after 1.6 s."""
BY_BOTO = "amz-sdk-request"
"""In this header boto3 tells which of its own attempts a request is."""
IMPATIENT = {"consumer__override__max__poll__interval__ms": "6000"}


def rounds(several: int, silent: int, given_up: int, killed: int) -> list[Round]:
    """Rounds of each kind, half of them landed. Those of several PUTs have three."""
    return [
        Round(LANDED if landed else NOT_LANDED, f"S3 {name}, {'' if landed else 'not '}landed",
              partial(play, landed=landed), lands_in="s3")
        for landed in (True, False)
        for name, play, count in (
            ("PUT and connection lost", lose_several, several),
            ("PUT and silence", fall_silent, silent),
            ("PUT given up", give_up, given_up),
            ("killed with PUT in flight", kill_in_flight, killed),
        )
        for _ in range(count)
    ]  # fmt: skip


def lose_several(rig: Rig, landed: bool) -> None:
    """Three times, under the same worker: it puts the same bytes again, and knows."""
    rig.load_any(6_000)
    with proxy_of(rig) as proxy:
        worker = rig.worker(rig.config(store__url=proxy.address), seconds_a_flush=REST).start()
        for _ in range(3):
            rig.wait_for_progress(1)
            put = strike(rig, proxy, lambda _: Fate.UNANSWERED if landed else Fate.LOST)
            _prove_repeated(rig, proxy, put, landed, "connection lost")
        rig.finish(worker)
        assert not worker.log_lines(" refused the flush"), "it took its own entry for another's"


def fall_silent(rig: Rig, landed: bool) -> None:
    """Nothing comes any more, and nothing is closed."""
    rig.load_any()
    with proxy_of(rig) as proxy:
        config = rig.config(store__url=proxy.address, **FEW_SECONDS)
        worker = rig.worker(config, seconds_a_flush=REST).start()
        rig.wait_for_progress(1)
        at, heard = time.monotonic(), Event()

        def keep_silent(request: Request) -> Fate:
            if landed:
                proxy.forward(request)
            heard.wait(30)
            return Fate.LOST

        put = strike(rig, proxy, keep_silent)
        _prove_repeated(rig, proxy, put, landed, "silence")
        heard.set()
        rig.recovered(at)
        rig.finish(worker)
        assert not worker.log_lines(" refused the flush"), "it took its own entry for another's"


def give_up(rig: Rig, landed: bool) -> None:
    """Until the worker's patience is over: it claims anew, and finds out."""
    rig.load_any()
    with proxy_of(rig) as proxy:
        config = rig.config(store__url=proxy.address, **IMPATIENT)
        worker = rig.worker(config, seconds_a_flush=REST).start()
        rig.wait_for_progress(1)
        at = time.monotonic()
        with _every_put_of_a_slot(proxy, Fate.UNANSWERED if landed else Fate.LOST) as struck:
            wait_until(struck, 30, "an entry's PUT")
            worker.wait_for("; trying again")
            _prove_stored(rig, struck()[0], landed, "given up")
        rig.recovered(at)
        rig.finish(worker)


def kill_in_flight(rig: Rig, landed: bool) -> None:
    """The worker is gone before its PUT ends; the heir finds what is there."""
    rig.load_any()
    with proxy_of(rig) as proxy:
        config, held = rig.config(store__url=proxy.address), Event()

        def hold(request: Request) -> Fate:
            if landed:
                proxy.forward(request)
            held.wait(30)
            return Fate.LOST

        victim = rig.worker(config, seconds_a_flush=REST).start()
        rig.wait_for_progress(1)
        put = strike(rig, proxy, hold)
        if landed:
            wait_until(lambda: is_stored(rig, put), 10, "the PUT to land")
        victim.kill()
        at = time.monotonic()
        held.set()
        _prove_stored(rig, put, landed, "killed")
        heir = rig.worker(rig.config()).start()
        rig.recovered(at)
        rig.finish(heir)


# a PUT on its way


@contextmanager
def proxy_of(rig: Rig) -> Iterator[Proxy]:
    proxy = Proxy(rig.s3.server.url)
    try:
        yield proxy
    finally:
        proxy.close()


def is_commit(request: Request) -> bool:
    return request.is_entry and b'"type":"commit"' in request.body


def strike(
    rig: Rig, proxy: Proxy, do: Callable[[Request], Fate | int | None],
    which: Callable[[Request], bool] = is_commit,
) -> Request:  # fmt: skip
    """Do this to one of the next requests of a kind; which one it was."""
    struck: list[Request] = []
    lock, skipped = Lock(), rig.dice.randint(0, 2)

    def script(request: Request) -> Fate | int | None:
        nonlocal skipped
        with lock:
            if struck or not which(request):
                return None
            skipped -= 1
            if skipped >= 0:
                return None
            struck.append(request)
        return do(request)

    proxy.script = script
    wait_until(lambda: struck, 30, "a request to strike")
    return struck[0]


@contextmanager
def _every_put_of_a_slot(proxy: Proxy, fate: Fate) -> Iterator[Callable[[], list[Request]]]:
    """Of the first commit that comes, as often as it is tried."""
    struck: list[Request] = []

    def script(request: Request) -> Fate | None:
        if is_commit(request) and (not struck or request.path == struck[0].path):
            struck.append(request)
            return fate
        return None

    proxy.script = script
    yield lambda: struck
    proxy.script = lambda _: None


def key_of(rig: Rig, put: Request) -> str:
    return put.path.removeprefix(f"/{rig.s3.bucket}/").partition("?")[0]


def is_stored(rig: Rig, put: Request) -> bool:
    return rig.s3.chains(rig.connector, rig.topic).get(key_of(rig, put)) == put.body


def _prove_stored(rig: Rig, put: Request, landed: bool, how: str) -> None:
    assert is_stored(rig, put) == landed, f"{key_of(rig, put)} is to be {landed}"
    rig.struck_under_backlog(f"PUT {'landed' if landed else 'not landed'}, {how}")


def _prove_repeated(rig: Rig, proxy: Proxy, put: Request, landed: bool, how: str) -> None:
    """The same bytes came again, and it was them that the store has."""

    def tries() -> list[Request]:
        return [each for each in proxy.seen if each.is_entry and each.path == put.path]

    wait_until(lambda: len(tries()) > 1, 30, "the same PUT again")
    assert {each.body for each in tries()} == {put.body}, "other bytes were put"
    assert all("attempt=1" in each.headers[BY_BOTO] for each in tries()), "boto3 put it again"
    wait_until(lambda: is_stored(rig, put), 10, "the PUT to land")
    rig.struck_under_backlog(f"PUT {'landed' if landed else 'not landed'}, {how}")
