"""Rounds of a network that fails between worker and Postgres.

Owns what breaks when. Whatever it is, the worker waits it out as a member of its group, reads nothing
from the group's offset, and counts no record as errant: it tolerates errors, and there must be none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from tests.faults.campaign import Round
from tests.faults.commits import IMPATIENT
from tests.faults.places import PLACES
from tests.faults.proxy import PostgresProxy
from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import free_port

MEASURE = "network faults"

TIMES = 3
"""So often a short fault strikes under one worker."""


def rounds(each: int) -> list[Round]:
    """each: so many rounds of every kind."""
    plays = {
        "Postgres cut": partial(break_often, how="cut"),
        "Postgres reset": partial(break_often, how="reset"),
        "Postgres half-closed": partial(break_often, how="half_close"),
        "Postgres cut in COPY": cut_in_copy,
        "Postgres silent": fall_silent,
        "Postgres late": partial(slow_down, how="delay"),
        "Postgres throttled": partial(slow_down, how="throttle"),
        "Postgres unreachable at start": start_without,
        "Postgres unreachable later": go_on_without,
        "abort after the offsets": partial(abort_at, place="cas.after"),
        "abort before COMMIT": partial(abort_at, place="commit.before"),
        "abort in the claim": partial(abort_at, place="claim.before"),
    }
    return [Round(MEASURE, name, play) for name, play in plays.items() for _ in range(each)]


@contextmanager
def a_proxy(rig: Rig) -> Iterator[PostgresProxy]:
    proxy = PostgresProxy(rig.postgres_server.port).start()
    try:
        yield proxy
    finally:
        proxy.close()


def break_often(rig: Rig, how: str) -> None:
    """At any moment, connections that exist, or for a while those that are made, too."""
    rig.load(6_000, table=rig.dice.choice(["inserted", "upserted"]))
    with a_proxy(rig) as proxy:
        worker = _worker(rig, proxy)
        breaks: dict[str, Callable[[], None]] = {
            "cut": partial(proxy.cut, rig.dice.choice(["present", "all"])),
            "reset": partial(proxy.reset, rig.dice.choice(["present", "all"])),
            "half_close": partial(proxy.half_close, rig.dice.choice(["to_server", "to_client"])),
        }  # type: ignore[arg-type]
        for count in range(1, TIMES + 1):
            rig.wait_for_progress(1)
            time.sleep(rig.dice.uniform(0, 0.1))
            at = time.monotonic()
            breaks[how]()
            rig.struck_under_backlog(proxy.wait_fired(how, count=count).name)
            time.sleep(rig.dice.uniform(0, 0.5))
            proxy.heal()
            rig.recovered(at)
        _finish(rig, worker)


def cut_in_copy(rig: Rig) -> None:
    """After any number of bytes of rows; each time in another way."""
    rig.load(6_000, table=rig.dice.choice(["inserted", "upserted"]))
    with a_proxy(rig) as proxy:
        worker = _worker(rig, proxy)
        for how in rig.dice.sample(["cut", "reset", "blackhole"], k=TIMES):
            fault = proxy.cut_copy_at(rig.dice.randrange(1, 60_000), how)  # type: ignore[arg-type]
            fired = fault.wait(30)
            at = time.monotonic()
            rig.struck_under_backlog(f"{how} in COPY after {fired.bytes} bytes of {fired.what}")
            rig.recovered(at)
        _finish(rig, worker)


def fall_silent(rig: Rig) -> None:
    """No connection ends; none says anything, the new ones neither."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    with a_proxy(rig) as proxy:
        worker = _worker(rig, proxy)
        rig.wait_for_progress(1)
        at = time.monotonic()
        proxy.blackhole(rig.dice.choice(["both", "to_server", "to_client"]))
        rig.struck_under_backlog(proxy.wait_fired("blackhole").name)
        worker.wait_for("trying again")
        proxy.heal()
        rig.recovered(at)
        _finish(rig, worker)


def slow_down(rig: Rig, how: str) -> None:
    """Nothing breaks; everything takes its time."""
    rig.load(2_000, table=rig.dice.choice(["inserted", "upserted"]))
    with a_proxy(rig) as proxy:
        worker = _worker(rig, proxy)
        rig.wait_for_progress(1)
        if how == "delay":
            proxy.delay(rig.dice.uniform(50, 150))
        else:
            proxy.throttle(rig.dice.uniform(30_000, 60_000))
        rig.struck_under_backlog(proxy.wait_fired(how).name)
        rig.wait_for_progress(400)
        proxy.heal()
        _finish(rig, worker)


def start_without(rig: Rig) -> None:
    """Only the check before the start is answered, and nobody at assignment. The group's offset, at the
    end of the log, is no start."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    _tell_the_group_that_all_is_read(rig)
    with a_proxy(rig) as proxy:
        ports = chain([rig.postgres_server.port], repeat(free_port()))
        proxy.target = partial(next, ports)
        worker = _worker(rig, proxy)
        worker.wait_for(" Assigned ")
        worker.wait_for("trying again", times=3)
        assert rig.stored() == {}, "nobody has claimed anything"
        rig.struck_under_backlog("unreachable at assignment")
        at = time.monotonic()
        proxy.target = rig.postgres_server.port
        rig.recovered(at)
        _finish(rig, worker)


def go_on_without(rig: Rig) -> None:
    """The connection is lost and cannot be made again for a while."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    with a_proxy(rig) as proxy:
        worker = _worker(rig, proxy)
        rig.wait_for_progress(1)
        proxy.refuse()
        proxy.cut()
        worker.wait_for("Connection refused", times=3)
        rig.struck_under_backlog(proxy.wait_fired("refuse").name)
        at = time.monotonic()
        proxy.heal()
        rig.recovered(at)
        _finish(rig, worker)


def abort_at(rig: Rig, place: str) -> None:
    """The worker's own end of the connection is shut down at a named place."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    chosen, port = PLACES[place], rig.postgres_server.port
    hit = rig.dice.randint(1, 8) if chosen.often else 1
    failpoint = chosen.failpoint("abort", hit, port)
    worker = rig.worker(
        rig.config(errors__tolerance="all"), failpoint, seconds_a_flush=0.05
    ).start()
    rig.struck_under_backlog(worker.wait_fired())
    rig.recovered(time.monotonic())
    _finish(rig, worker)


def _worker(rig: Rig, proxy: PostgresProxy) -> FaultyWorker:
    config = rig.config(postgres_port=proxy.port, errors__tolerance="all", **IMPATIENT)
    return rig.worker(config, seconds_a_flush=0.05).start()


def _finish(rig: Rig, worker: FaultyWorker) -> None:
    rig.finish(worker)
    rig.waited_out(worker)


def _tell_the_group_that_all_is_read(rig: Rig) -> None:
    ends = [TopicPartition(rig.topic, p, end) for p, end in rig.kafka.ends(rig.topic).items()]
    asked = ConsumerGroupTopicPartitions(f"connect-{rig.connector}", ends)
    (answer,) = rig.kafka.admin.alter_consumer_group_offsets([asked]).values()
    answer.result(20)
