"""Rounds in which the network between a worker and Kafka breaks, anywhere or at one kind of request.

Owns what breaks when. Everything goes through the proxy before one listener of the broker; the worker
must come back by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sinkworker.failpoints import Failpoint
from tests.faults.campaign import Round
from tests.faults.places import CONSUMER, PLACES
from tests.faults.proxy import KafkaProxy, Then, Trigger, Where
from tests.faults.proxy.link import Direction
from tests.faults.rig import FaultyWorker, Rig
from tests.faults.standing import SMALL_FETCHES
from tests.services.process import wait_until

MEASURE = "network faults"

IMPATIENT = {
    "consumer__override__request__timeout__ms": "2000",
    "consumer__override__default__api__timeout__ms": "4000",
    "consumer__override__max__poll__interval__ms": "5000",
} | SMALL_FETCHES
"""It does not wait half a minute for an answer; nor, as every client does when it joins, as long as all
others may take to come to the next poll."""

SHORT, LONG = 0.7, 3.0
"""Seconds of an outage, below and above the session time-out (1.5 s)."""

DEAFEN = partial(KafkaProxy.blackhole, direction="to_client")
THROTTLE = partial(KafkaProxy.throttle, bytes_per_second=200_000, direction="to_client")

JOINING = ("FindCoordinator", "JoinGroup", "SyncGroup", "ListOffsets")
WORKING = ("Fetch", "Heartbeat", "OffsetCommit", "Metadata")


def rounds() -> list[Round]:
    made: list[tuple[str, Callable[[Rig], None]]] = [
        ("cut, reset, half-close", losses),
        ("short blackhole", partial(outage, strike=KafkaProxy.blackhole, seconds=SHORT)),
        ("long blackhole", partial(outage, strike=KafkaProxy.blackhole, seconds=LONG)),
        ("answers blackholed", partial(outage, strike=DEAFEN, seconds=LONG)),
        ("freeze", partial(outage, strike=KafkaProxy.freeze, seconds=LONG)),
        ("refuse", partial(outage, strike=_refuse, seconds=LONG)),
        ("refuse at start", refused_at_start),
        ("delay", partial(slowly, strike=partial(KafkaProxy.delay, milliseconds=150))),
        ("throttle", partial(slowly, strike=THROTTLE)),
        ("commit of a reopen", commit_of_a_reopen),
    ]
    made += [(f"{api} at start", partial(at_start, api=api)) for api in JOINING]
    made += [(api, partial(at_work, api=api)) for api in WORKING]
    return [Round(MEASURE, f"Kafka {name}", play) for name, play in made]


# of any connection


def losses(rig: Rig) -> None:
    """What is over in a moment, one after the other."""
    worker = _working(rig)
    ways = [KafkaProxy.cut, KafkaProxy.reset, _half_close("to_client"), _half_close("to_server")]
    rig.dice.shuffle(ways)
    for strike in ways:
        wait_until(lambda: rig.proxy.connections, 20, "a connection")
        count, at = len(rig.proxy.fired), time.monotonic()
        strike(rig.proxy)
        _struck(rig, count)
        rig.recovered(at)
    rig.finish(worker)


def outage(rig: Rig, strike: Callable[[KafkaProxy], object], seconds: float) -> None:
    worker, proxy = _working(rig), rig.proxy
    count = len(proxy.fired)
    strike(proxy)
    time.sleep(seconds)
    proxy.heal()
    at = time.monotonic()
    _struck(rig, count)
    rig.recovered(at)
    rig.finish(worker)


def slowly(rig: Rig, strike: Callable[[KafkaProxy], object]) -> None:
    """It goes on, only slower."""
    worker, proxy = _working(rig), rig.proxy
    count, at = len(proxy.fired), time.monotonic()
    strike(proxy)
    rig.recovered(at)
    rig.wait_for_progress(1_000, 60)
    _struck(rig, count)
    proxy.heal()
    rig.finish(worker)


def refused_at_start(rig: Rig) -> None:
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    proxy = rig.proxy
    count = len(proxy.fired)
    proxy.refuse()
    worker = rig.worker(_config(rig)).start()
    assert worker.wait(30) != 0, "who starts workers may do so again"
    assert worker.log_lines("No Kafka broker answers at bootstrap.servers=")
    proxy.heal()
    at = time.monotonic()
    _struck(rig, count)
    worker.start()
    rig.recovered(at)
    rig.finish(worker)


# at a request


def at_start(rig: Rig, api: str) -> None:
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    trigger = _trigger(rig, api, most=1)
    worker = rig.worker(_config(rig), seconds_a_flush=0.1).start()
    at = trigger.wait(20).at
    rig.struck_under_backlog(_told(trigger))
    rig.recovered(at)
    rig.finish(worker)


def at_work(rig: Rig, api: str) -> None:
    worker = _working(rig)
    trigger = _trigger(rig, api, most=2)
    at = trigger.wait(20).at
    rig.struck_under_backlog(_told(trigger))
    rig.recovered(at)
    rig.finish(worker)


def commit_of_a_reopen(rig: Rig) -> None:
    """Without an accepted commit it must not claim again; it tries until it has one."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    failure = PLACES["cas.after"].failpoint("raise", hit=rig.dice.randint(2, 6))
    rest = Failpoint(f"{CONSUMER}.commit", "before", "sleep", 1, argument=1.5)  # to arm in time
    worker = rig.worker(_config(rig), failure, rest, seconds_a_flush=0.2).start()
    worker.wait_fired()
    where: Where = rig.dice.choice(["request", "answer"])
    triggers = [
        rig.proxy.at_request("OffsetCommit", 1 if where == "request" else nth, where, "cut")
        for nth in (1, 2, 3)
    ]
    wait_until(lambda: sum(t.has_fired for t in triggers) >= 2, 20, "two commits lost")
    at = time.monotonic()
    rig.struck_under_backlog(f"cut at {where} of commits after {worker.fired()[0]}")
    rig.recovered(at)
    rig.finish(worker)
    if rig.client == "kafka-python":  # librdkafka sends it again by itself
        waiting = worker.log().partition("failpoint connectors")[2].partition(" Opened ")[0]
        assert "Error sending OffsetCommitRequest" in waiting, "opened before a commit was lost"


# what they share


def _config(rig: Rig) -> Path:
    return rig.config(kafka=rig.proxy.bootstrap, **IMPATIENT)


def _working(rig: Rig) -> FaultyWorker:
    rig.load(8_000, table=rig.dice.choice(["inserted", "upserted"]))
    worker = rig.worker(_config(rig), seconds_a_flush=0.15).start()
    rig.wait_for_progress(1)
    return worker


def _struck(rig: Rig, before: int) -> None:
    """Something has fired since there were so many firings."""
    wait_until(lambda: len(rig.proxy.fired) > before, 20, "the fault to meet a connection")
    met = rig.proxy.fired[before:]
    rig.struck_under_backlog(f"{met[0].name} of {len(met)} connections")


def _trigger(rig: Rig, api: str, most: int) -> Trigger:
    """At a request before the broker has it, or at the answer to one that it has obeyed."""
    wheres: list[Where] = ["request", "answer"]
    ways: list[Then] = ["cut", "reset", "blackhole"]
    return rig.proxy.at_request(
        api, rig.dice.randint(1, most), rig.dice.choice(wheres), rig.dice.choice(ways)
    )


def _told(trigger: Trigger) -> str:
    return f"{trigger.then} at {trigger.where} of {trigger.name}"


def _half_close(direction: Direction) -> Callable[[KafkaProxy], object]:
    return lambda proxy: proxy.half_close(direction)


def _refuse(proxy: KafkaProxy) -> None:
    proxy.refuse()
    proxy.cut()
