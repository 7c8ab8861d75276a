"""Rounds in which Kafka itself does something: brokers that restart, transactions, partitions, gaps.

Owns what of it a worker simply waits for, or reads on through. Where records are lost for good is in
`kafka_gone.py` and `kafka_damage.py`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults import kafka_damage, kafka_gone, segments
from tests.faults.campaign import Round
from tests.faults.rig import FaultyWorker, Rig
from tests.faults.standing import SMALL_FETCHES
from tests.services.process import wait_until

MEASURE = "Kafka faults"


def rounds() -> list[Round]:
    """Those that need a broker for themselves have one; the others only break their own topic."""
    own: list[tuple[str, Callable[[Rig], None]]] = [
        ("broker stop", partial(restart, how="stop", workers=1)),
        ("broker kill", partial(restart, how="kill", workers=1)),
        ("broker kill, two workers", partial(restart, how="kill", workers=2)),
        ("hanging transaction, its time", partial(hanging_transaction, end="time-out")),
        ("hanging transaction, its heir", partial(hanging_transaction, end="heir")),
        ("compaction gaps", compaction),
    ]
    shared: list[tuple[str, Callable[[Rig], None]]] = [
        ("aborted transactions", partial(aborted_transactions, workers=1)),
        ("aborted transactions, two workers", partial(aborted_transactions, workers=2)),
        ("added partitions", added_partitions),
    ]
    made = [Round(MEASURE, name, play, own_kafka=True) for name, play in own]
    made += [Round(MEASURE, name, play) for name, play in shared]
    return made + kafka_gone.rounds(MEASURE) + kafka_damage.rounds(MEASURE)


# brokers


def restart(rig: Rig, how: str, workers: int) -> None:
    rig.load(6_000)
    crew = _crew(rig, workers)
    rig.wait_for_progress(1)
    before = _joins(crew)
    getattr(rig.kafka_server, how)()
    rig.kafka_server.start()
    rig.meet_kafka_again()
    at = time.monotonic()
    rig.struck_under_backlog(f"broker {how}")
    rig.recovered(at)
    rig.send(1_000)
    rig.finish(*crew)
    assert _joins(crew) - before <= 2 * workers, "a rebalance storm after the broker came back"


def _crew(rig: Rig, workers: int, **keys: Any) -> list[FaultyWorker]:
    """Workers at their work, with a backlog that lasts."""
    config = rig.config(**SMALL_FETCHES, **keys)
    crew = [rig.worker(config, seconds_a_flush=0.1).start() for _ in range(workers)]
    for worker in crew:
        worker.wait_for("Opened")
    return crew


def _joins(crew: list[FaultyWorker]) -> int:
    return sum(len(worker.log_lines(" Assigned ")) for worker in crew)


# transactions


def aborted_transactions(rig: Rig, workers: int) -> None:
    rig.load(2_000)
    crew = _crew(rig, workers)
    made, aborted = [], 0
    for number in range(60):
        commits = rig.dice.random() >= 0.3 and number < 58
        values = [each.encoded() for each in rig.made(20, partitions=[number % 2])]
        made.append((number % 2, values, commits))
        aborted += 0 if commits else 20
    rig.kafka.produce_in_transactions(rig.topic, made)
    rig.struck_under_backlog(f"{aborted} records in aborted transactions")
    rig.finish(*crew)
    assert rig.outcome.aborted == aborted


def hanging_transaction(rig: Rig, end: str) -> None:
    """Its records and all after them wait, the other partition does not; then all flows."""
    rig.load(1_000)
    (worker,) = _crew(rig, 1)
    name, open_from = uuid.uuid4().hex, rig.kafka.ends(rig.topic)[0]
    patience = 6_000 if end == "time-out" else 60_000
    _leave_open(rig, name, patience)
    rig.send(600)
    rig.struck_under_backlog("an open transaction")
    all_but_hidden = {0: open_from}
    rig.wait_until_stored(20, [worker], all_but_hidden)
    rig.send(200, partitions=[1])
    rig.wait_until_stored(20, [worker], all_but_hidden)
    if end == "heir":
        rig.kafka.producer(transactional_id=name).init_transactions(30)
    at = time.monotonic()
    rig.recovered(at)
    rig.finish(worker)
    assert rig.outcome.aborted == 20


def _leave_open(rig: Rig, name: str, patience_ms: int) -> None:
    """A producer that begins a transaction in partition 0, and is gone without a word."""
    producer = rig.kafka.producer(transactional_id=name, transaction_timeout_ms=patience_ms)
    producer.init_transactions(30)
    producer.begin_transaction()
    for record in rig.made(20, partitions=[0]):
        producer.produce(rig.topic, record.encoded(), partition=0)
    assert producer.flush(30) == 0


# partitions


def added_partitions(rig: Rig) -> None:
    """New ones are read from their first record although the connector starts at the end."""
    rig.load(0)
    crew = _crew(rig, rig.dice.randint(1, 2), offset__start="latest")
    wait_until(lambda: len(rig.stored()) == 2, 20, "both partitions claimed")
    rig.send(3_000)
    rig.grow(2 + rig.dice.randint(1, 3))
    rig.send(1_000)
    rig.struck_under_backlog(f"{rig.partitions - 2} partitions added")
    rig.finish(*crew)


# compaction


def compaction(rig: Rig) -> None:
    """The worker ends within the gaps and is followed by another."""
    table = rig.dice.choice(["inserted", "upserted"])
    rig.load(0, table=table, cleanup_policy="compact", segment_ms="100",
             min_cleanable_dirty_ratio="0.01")  # fmt: skip
    for _ in range(4):
        rig.send(600, keys=200)
        time.sleep(0.11)  # or the next records would go to the same segment
    rig.send(20, keys=200)
    folders = [rig.kafka_server.data / f"{rig.topic}-{p}" for p in range(2)]
    wait_until(lambda: all(map(partial(_is_compacted, rig), folders)), 40, "compaction")
    tails = sum(len(_headless(rig, folder)) for folder in folders)
    assert tails, "no batch has lost its last record"
    config = rig.config(batch__size="10", **SMALL_FETCHES)
    victim = rig.worker(config, seconds_a_flush=0.1).start()
    rig.wait_for_progress(1)
    victim.kill()
    rig.struck_under_backlog(f"{tails} batches without their last record")
    heir = rig.worker(config).start()
    rig.finish(heir)


def _offsets_and_keys(rig: Rig, folder: Path) -> dict[int, bytes]:
    messages = rig.kafka.read(rig.topic)[int(folder.name.rpartition("-")[2])]
    return {message.offset(): message.key() for message in messages}


def _is_compacted(rig: Rig, folder: Path) -> bool:
    """Wherever it can be: from now on the log stays as it is."""
    active = segments.active_base(folder)
    keys = [key for at, key in _offsets_and_keys(rig, folder).items() if at < active]
    return bool(keys) and len(keys) == len(set(keys))


def _headless(rig: Rig, folder: Path) -> list[segments.Batch]:
    """Batches that end with an offset that no record has any more."""
    there = _offsets_and_keys(rig, folder)
    return [batch for batch in segments.batches(folder) if batch.last not in there]
