"""Rounds in which the files of a partition are damaged: the newest batches lost, a bit turned.

Owns what a worker must notice, and in which words. The judge goes by a copy of the log that was made
before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tests.faults import segments
from tests.faults.campaign import Round
from tests.faults.rig import Rig
from tests.faults.standing import ADVICE, at_work, quarantined


def rounds(measure: str) -> list[Round]:
    made: list[tuple[str, Callable[[Rig], None]]] = [
        ("log cut off", partial(truncation, is_running=False, is_refilled=False)),
        ("log cut off and refilled", partial(truncation, is_running=False, is_refilled=True)),
        ("log cut off under a worker", partial(truncation, is_running=True, is_refilled=None)),
        ("corrupt batch", corruption),
    ]
    return [Round(measure, name, play, own_kafka=True) for name, play in made]


def truncation(rig: Rig, is_running: bool, is_refilled: bool | None) -> None:
    """is_refilled: past the stored offset. None: as the dice fall."""
    is_refilled = rig.dice.random() < 0.5 if is_refilled is None else is_refilled
    config, worker = at_work(rig)
    rig.wait_for_progress(500)
    if not is_running:
        assert worker.stop() == 0
    rig.struck_under_backlog("the newest batches of partition 0 lost")
    rig.kafka_server.kill()
    end = segments.cut(_folder(rig), rig.dice.randint(100, rig.stored()[0] - 1))
    rig.kafka_server.start()
    rig.meet_kafka_again()
    assert rig.kafka.ends(rig.topic)[0] == end
    if is_refilled:
        rig.send(4_000)
    if not is_running:
        worker = rig.worker(config).start()
    worker.wait_for(f"Quarantined {rig.topic}-0. ")
    at = rig.stored()[0]
    ends = range(end, at) if is_running else [] if is_refilled else [end]
    words = _words_of_truncation(f"{rig.topic}-0", at, end, ends)
    quarantined(worker, f"{rig.topic}-0", *words)
    rig.send(500, partitions=[1])
    rig.finish(worker, stopped={0: at})


def _words_of_truncation(name: str, at: int, end: int, ends: Iterable[int]) -> list[str]:
    """By the leader epochs, or by the log's end, where it was looked at before others stood in the
    place of what is lost. ends: what that may have been."""
    epochs = (
        f"{name}: the log was truncated (an unclean leader election, or lost disks): from offset {end} "
        "on records that were read and committed are no longer in Kafka, and others stand in their "
        "place. Nothing is read. Compare the sink with the topic, then set the offset."
    )
    return [epochs] + [
        f"{name}: the stored offset {at} is beyond the log's end {each}: {at - each} offsets that were "
        f"read are no longer in Kafka; the log was truncated. Nothing is read. {ADVICE}"
        for each in ends
    ]


def corruption(rig: Rig) -> None:
    config, worker = at_work(rig)
    is_running = rig.dice.random() < 0.5
    if not is_running:
        assert worker.stop() == 0
    rig.kafka_server.stop()
    batch = segments.damage(_folder(rig), rig.dice.randint(1_000, 1_450))
    rig.kafka_server.start()
    rig.meet_kafka_again()
    rig.struck_under_backlog(f"the batch of offsets {batch.base} to {batch.last} damaged")
    if not is_running:
        worker = rig.worker(config).start()
    name = f"{rig.topic}-0"
    quarantined(
        worker, name,
        f"{name}: the record batch at offset {batch.base} fails its checksum: its bytes in Kafka are "
        "damaged. Everything before it is committed; nothing is skipped. To go on without it, set the "
        "offset to what follows it.",
    )  # fmt: skip
    rig.send(500)
    rig.finish(worker, stopped={0: batch.base})


def _folder(rig: Rig) -> Path:
    return rig.kafka_server.data / f"{rig.topic}-0"
