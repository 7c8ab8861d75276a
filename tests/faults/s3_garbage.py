"""Rounds of `sinkworker s3 gc` beside workers at work: it may only take what nobody ever commits.

Owns what is left lying about, and by whom. That nothing else went is for the checker, which reads every
file that an entry names.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.faults import zombies
from tests.faults.campaign import Round
from tests.faults.rig import Rig
from tests.faults.s3_unknown import REST
from tests.faults.s3_users import alter
from tests.services.process import wait_until

MEASURE = "S3 gc"
REMOVED = re.compile(r"Removed (\d+) file")


def rounds() -> list[Round]:
    plays = {
        "beside two connectors": collect_beside,
        "beside a slow worker": collect_beside_a_slow_worker,
        "beside a zombie": collect_beside_a_zombie,
        "after a rewind": collect_after_rewind,
    }
    return [Round(MEASURE, f"S3 gc {name}", play, lands_in="s3") for name, play in plays.items()]


def collect_beside(rig: Rig) -> None:
    """Of one connector that is killed between files and entry again and again, while another one reads
    the same topic into the same folders."""
    rig.load_any()
    config = rig.config()
    other = f"{rig.connector}-b"
    rig.beside.append(other)
    others = rig.config(name=other, topics__dir=rig.connector)
    beside = rig.worker(others, seconds_a_flush=REST).start()
    for _ in range(3):
        rig.send(800)
        _leave_orphans(rig, config)
        at = time.monotonic()
        heir = rig.worker(config, seconds_a_flush=REST).start()
        collect(rig, others)
        _must_remove(rig, config)
        rig.recovered(at)
        heir.kill()
    rig.finish(rig.worker(config).start(), beside)


def collect_beside_a_slow_worker(rig: Rig) -> None:
    """Its files are there, and its entry is not yet. Nobody replaces it meanwhile."""
    rig.load_any()
    config = rig.config()
    place = rig.landing.places["entry.before"]
    slow = zombies.started(rig, config, place.failpoint("stop", rig.dice.randint(1, 6)))
    collect(rig, config)
    rig.struck_under_backlog(f"gc beside {slow.fired()[0]}")
    slow.thaw()
    rig.finish(slow)


def collect_beside_a_zombie(rig: Rig) -> None:
    """What it wrote goes while it sleeps; its entry is refused, and what the heir writes stays."""
    rig.load_any()
    config = rig.config()
    place = rig.landing.places["entry.before"]
    zombie = zombies.started(rig, config, place.failpoint("stop", rig.dice.randint(1, 6)))
    collect(rig, config)  # it might go on: nothing of it may go
    heir = zombies.heir_of(rig, config)
    _must_remove(rig, config)
    zombies.wake(rig, zombie, zombie.fired()[0])
    collect(rig, config)
    rig.finish(heir, zombie)


def collect_after_rewind(rig: Rig) -> None:
    """What was committed stays, though its offsets come again; what is written anew stays, too."""
    rig.load_any()
    config = rig.config()
    worker = rig.worker(config, seconds_a_flush=REST).start()
    rig.wait_for_progress(800)
    worker.kill()
    alter(rig, rig.dice.choice([0, 0.5]))
    collect(rig, config)
    _leave_orphans(rig, config)
    at = time.monotonic()
    heir = rig.worker(config, seconds_a_flush=REST).start()
    rig.recovered(at)
    _must_remove(rig, config)
    alter(rig, rig.dice.choice([0, 0.5]))
    collect(rig, config)
    rig.finish(heir)


def _leave_orphans(rig: Rig, config: Path) -> None:
    place = rig.landing.places["entry.before"]
    victim = rig.worker(config, place.failpoint("kill", rig.dice.randint(1, 4))).start()
    victim.wait_fired()
    victim.wait(30)


def collect(rig: Rig, config: Path) -> int:
    """Run the command; how many files it removed."""
    told = rig.command("s3", "gc", str(config))
    found = REMOVED.search(told)
    assert found is not None, told
    return int(found[1])


def _must_remove(rig: Rig, config: Path) -> None:
    """As soon as an heir has claimed, what was not committed may go; while more is to be read."""
    removed = 0

    def has_removed() -> bool:
        nonlocal removed
        rig.send(1_000)
        removed += collect(rig, config)
        return removed > 0

    wait_until(has_removed, 30, "orphans to go")
    rig.send(1_000)
    rig.struck_under_backlog(f"gc: {removed} files")
