"""Rounds of what users and operators do to a bucket: broken chains, moved offsets, cleaning up.

Owns what they do.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from connectors.s3.connector import S3SinkConnector
from sinkworker.api import Alteration, Offset, TopicPartition
from tests.faults import zombies
from tests.faults.campaign import Round
from tests.faults.rig import Rig
from tests.faults.s3_faults import MEASURE
from tests.faults.s3_landing import S3Landing
from tests.faults.s3_unknown import REST
from tests.services.process import wait_until

GARBAGE = "S3 gc"
REMOVED = re.compile(r"Removed (\d+) file")


def rounds() -> list[Round]:
    plays = {
        "a chain with a hole": (MEASURE, partial(break_chain, damage=make_hole)),
        "a chain with a damaged entry": (MEASURE, partial(break_chain, damage=damage_newest)),
        "a stranger in a chain": (MEASURE, partial(break_chain, damage=add_stranger)),
        "rewound under a worker": (MEASURE, rewind),
        "gc beside two connectors": (GARBAGE, collect_beside),
        "gc beside a slow worker": (GARBAGE, collect_beside_a_slow_worker),
        "gc beside a zombie": (GARBAGE, collect_beside_a_zombie),
        "gc after a rewind": (GARBAGE, collect_after_rewind),
    }
    return [Round(m, f"S3 {name}", play, lands_in="s3") for name, (m, play) in plays.items()]


Mend = Callable[[], object]


def break_chain(rig: Rig, damage: Callable[[Rig, str, str], tuple[str, Mend]]) -> None:
    """Nothing is guessed: no worker goes on until somebody has mended it."""
    rig.load_any()
    config = rig.config()
    victim = rig.worker(config, seconds_a_flush=REST).start()
    rig.wait_for_progress(800)
    victim.kill()
    chains = rig.s3.chains(rig.connector, rig.topic)
    newest, older = list(chains.keys(rig.dice.randrange(rig.partitions)))[:2]
    told, mend = damage(rig, newest, older)
    refused = rig.worker(config).start()
    refused.wait_failed()
    assert told in refused.log(), refused.log()[-3000:]
    rig.struck_under_backlog("broken chain")
    mend()
    at = time.monotonic()
    heir = rig.worker(config).start()
    rig.recovered(at)
    rig.finish(heir)


def make_hole(rig: Rig, newest: str, older: str) -> tuple[str, Mend]:
    content = _take(rig, older)
    return f"The entry before {newest} is missing", lambda: _put(rig, older, content)


def damage_newest(rig: Rig, newest: str, older: str) -> tuple[str, Mend]:
    content = _take(rig, newest)
    _put(rig, newest, content.replace(b'"epoch":', b'"epoch":-', 1))
    return f"{newest} is damaged: epoch", lambda: _put(rig, newest, content)


def add_stranger(rig: Rig, newest: str, older: str) -> tuple[str, Mend]:
    stranger = newest.rpartition("/")[0] + "/.DS_Store"
    _put(rig, stranger, b"")
    return f"{stranger} is no entry", lambda: _take(rig, stranger)


def _take(rig: Rig, key: str) -> bytes:
    chains = rig.s3.chains(rig.connector, rig.topic)
    content = chains.get(key)
    assert content is not None
    chains.client.delete_object(Bucket=chains.bucket, Key=key)
    return content


def _put(rig: Rig, key: str, content: bytes) -> None:
    chains = rig.s3.chains(rig.connector, rig.topic)
    chains.client.put_object(Bucket=chains.bucket, Key=key, Body=content)


def rewind(rig: Rig) -> None:
    """As an operator does it, under a worker that is at work: its next commit is refused."""
    rig.load_any()
    worker = rig.worker(rig.config(), seconds_a_flush=REST).start()
    rig.wait_for_progress(800)
    at = time.monotonic()
    alter(rig, rig.dice.choice([0, 0.5, 2]))
    worker.wait_for("its offset was changed from outside")
    rig.struck_under_backlog("offset moved from outside")
    rig.recovered(at)
    rig.finish(worker)


def alter(rig: Rig, share: float) -> None:
    """Move the offset of the partition that has come furthest to this share of itself."""
    stored = rig.stored()
    p = max(stored, key=lambda each: stored[each])
    keys = {**rig.landing.keys(rig.table, rig.connector), "aws.secret.access.key": _secret(rig)}
    own = {k: v for k, v in keys.items() if not k.startswith(("consumer.", "connector."))}
    connector = S3SinkConnector(rig.connector, S3SinkConnector.config_class.model_validate(own))
    store = connector.offset_store()
    target = min(int(stored[p] * share), rig.kafka.ends(rig.topic)[p])
    source = TopicPartition(rig.topic, p)
    assert store.alter({source: Alteration(Offset(target))}) == {source}
    store.close()


def _secret(rig: Rig) -> str:
    return rig.landing.environment["S3_SECRET"]


# cleaning up


def collect_beside(rig: Rig) -> None:
    """Of one connector that is killed between files and entry again and again, while another one reads
    the same topic into the same folders."""
    rig.load_any(6_000)
    config = rig.config()
    other = f"{rig.connector}-b"
    rig.beside.append(other)
    others = rig.config(name=other, topics__dir=rig.connector)
    beside = rig.worker(others, seconds_a_flush=REST).start()
    for _ in range(3):
        _leave_orphans(rig, config)
        at = time.monotonic()
        heir = rig.worker(config, seconds_a_flush=REST).start()
        collect(others)
        _must_remove(rig, config)
        rig.recovered(at)
        heir.kill()
    rig.finish(rig.worker(config).start(), beside)


def collect_beside_a_slow_worker(rig: Rig) -> None:
    """Its files are there, and its entry is not yet."""
    rig.load_any()
    config = rig.config()
    place = rig.landing.places["entry.before"]
    slow = rig.worker(config, place.failpoint("sleep", rig.dice.randint(2, 6), 5)).start()
    rig.struck_under_backlog(slow.wait_fired())
    collect(config)
    rig.finish(slow)


def collect_beside_a_zombie(rig: Rig) -> None:
    """What it wrote goes while it sleeps; its entry is refused, and what the heir writes stays."""
    rig.load_any()
    config = rig.config()
    place = rig.landing.places["entry.before"]
    zombie = zombies.started(rig, config, place.failpoint("stop", rig.dice.randint(1, 6)))
    collect(config)  # it might go on: nothing of it may go
    heir = zombies.heir_of(rig, config)
    _must_remove(rig, config)
    zombies.wake(rig, zombie, zombie.fired()[0])
    collect(config)
    rig.finish(heir, zombie)


def collect_after_rewind(rig: Rig) -> None:
    """What was committed stays, though its offsets come again; what is written anew stays, too."""
    rig.load_any()
    config = rig.config()
    worker = rig.worker(config, seconds_a_flush=REST).start()
    rig.wait_for_progress(800)
    worker.kill()
    alter(rig, rig.dice.choice([0, 0.5]))
    collect(config)
    _leave_orphans(rig, config)
    at = time.monotonic()
    heir = rig.worker(config, seconds_a_flush=REST).start()
    rig.recovered(at)
    _must_remove(rig, config)
    alter(rig, rig.dice.choice([0, 0.5]))
    collect(config)
    rig.finish(heir)


def _leave_orphans(rig: Rig, config: Path) -> None:
    place = rig.landing.places["entry.before"]
    victim = rig.worker(config, place.failpoint("kill", rig.dice.randint(1, 4))).start()
    victim.wait_fired()
    victim.wait(30)


def collect(config: Path) -> int:
    """Run the command; how many files it removed."""
    command = [sys.executable, "-m", "sinkworker", "s3", "gc", str(config)]
    environment = dict(os.environ) | S3Landing.environment
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert run.returncode == 0, run.stderr
    found = REMOVED.search(run.stdout)
    assert found is not None, run.stdout
    return int(found[1])


def _must_remove(rig: Rig, config: Path) -> None:
    """As soon as an heir has claimed, what was not committed may go."""
    removed = 0

    def has_removed() -> bool:
        nonlocal removed
        removed += collect(config)
        return removed > 0

    wait_until(has_removed, 30, "orphans to go")
    rig.struck_under_backlog(f"gc: {removed} files")
