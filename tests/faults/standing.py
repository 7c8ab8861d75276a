"""A worker that stands far from the end, and the sentence with which it then refuses to go on.

Owns what rounds need in which Kafka no longer has what was there. Must not know what happened to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import wait_until

ADVICE = "Set offset.out.of.range=earliest or latest, or set the offset."

SMALL_FETCHES = {"consumer__override__max__partition__fetch__bytes": "16384"}
"""A worker must ask again and again, and cannot live on what it has already fetched."""


def at_work(rig: Rig, policy: str = "fail") -> tuple[Path, FaultyWorker]:
    """A worker that has stored something of both partitions and is far from their ends.

    The judge has a copy of the log.
    """
    rig.load(3_000)
    rig.keep()
    config = rig.config(offset__out__of__range=policy, **SMALL_FETCHES)
    worker = rig.worker(config, seconds_a_flush=0.2).start()
    wait_until(lambda: _least(rig.stored()) >= 100, 30, "100 offsets stored of each partition")
    return config, worker


def _least(stored: Mapping[int, int]) -> int:
    return min(stored.get(p, 0) for p in range(2))


def quarantined(worker: FaultyWorker, name: str, *words: str) -> None:
    """This partition, with one of these sentences."""
    start = f"Quarantined {name}. "
    worker.wait_for(start)
    said = worker.log_lines(start)[0].partition(start)[2].rpartition(" (sinkworker.")[0]
    assert said in words, f"said: {said}\ninstead of: {words}"
