"""Rounds in which records are gone from Kafka, or others stand there: retention, new topics, clusters.

Owns what a worker must refuse, and in which words: the range and the number of what is gone. The
judge goes by a copy of the log that was made before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from confluent_kafka import TopicCollection

from tests.faults import cargo
from tests.faults.campaign import Round
from tests.faults.rig import FaultyWorker, Rig
from tests.faults.standing import ADVICE, at_work, quarantined
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until


def rounds(measure: str) -> list[Round]:
    shared: list[tuple[str, Callable[[Rig], None]]] = [
        (f"retention {'under a worker ' * is_running}{policy}",
         partial(retention, is_running=is_running, policy=policy))
        for is_running in (False, True) for policy in ("fail", "earliest")
    ]  # fmt: skip
    shared += [
        ("topic recreated", partial(recreation, is_running=False, is_refilled=False)),
        ("topic recreated and refilled", partial(recreation, is_running=False, is_refilled=True)),
        ("topic recreated under a worker", partial(recreation, is_running=True, is_refilled=None)),
    ]
    made = [Round(measure, name, play) for name, play in shared]
    return [*made, Round(measure, "another cluster", another_cluster, own_kafka=True)]


# retention


def retention(rig: Rig, is_running: bool, policy: str) -> None:
    config, worker = at_work(rig, policy=policy)
    if not is_running:
        assert worker.stop() == 0
    start = rig.dice.randint(1_000, 1_450)
    rig.kafka.delete_records(rig.topic, 0, start)
    assert rig.stored()[0] < start - 300, "the worker may have read all that is gone"
    rig.struck_under_backlog(f"partition 0 has lost its offsets before {start}")
    if not is_running:
        worker = rig.worker(config).start()
    lost_from = _lost_from(worker, rig, start, policy)
    rig.send(500)
    stopped = {0: lost_from} if policy == "fail" else None
    rig.finish(worker, stopped=stopped, gone=[(0, lost_from, start)])


def _lost_from(worker: FaultyWorker, rig: Rig, start: int, policy: str) -> int:
    """Where the worker stood: it must say so itself, and what it means."""
    worker.wait_for(f"the log now starts at {start}")
    (line,) = worker.log_lines(f"the log now starts at {start}")
    found = re.search(r"the stored offset is (\d+)", line)
    assert found is not None, line
    at = int(found[1])
    name = f"{rig.topic}-0"
    said = (
        f"{name}: offsets {at} to {start - 1} are gone from Kafka: the stored offset is {at}, the log "
        f"now starts at {start}; up to {start - at} records are lost."
    )
    if policy == "fail":
        quarantined(worker, name, f"{said} Nothing is skipped unless you say so. {ADVICE}")
        assert rig.stored()[0] == at
    else:
        assert said in line
        worker.wait_for(f"{name}: going on at offset {start}, as offset.out.of.range={policy} says")
    return at


# another topic, another cluster


def recreation(rig: Rig, is_running: bool, is_refilled: bool | None) -> None:
    """is_refilled: past the stored offsets. None: as the dice fall."""
    is_refilled = rig.dice.random() < 0.5 if is_refilled is None else is_refilled
    config, worker = at_work(rig)
    if not is_running:
        assert worker.stop() == 0
    unread, old = rig.backlog(), _topic_id(rig)
    assert unread > 0
    rig.kafka.delete_topic(rig.topic)
    if is_running:  # a topic that comes back before anybody looked at the metadata is not claimed
        gone = ("Revoked ", "Lost ")  # librdkafka may meet it in a request of its own
        wait_until(lambda: any(map(worker.log_lines, gone)), 30, "the partitions are gone")
    rig.kafka.create_topic(rig.topic, partitions=2)
    rig.send(4_000 if is_refilled else 100)
    rig.struck(f"topic recreated while {unread} offsets were not read")
    if not is_running:
        worker = rig.worker(config).start()
    new = _topic_id(rig)
    for p in range(2):
        worker.wait_for(f"Quarantined {rig.topic}-{p}. ")
        quarantined(
            worker, f"{rig.topic}-{p}",
            f"{rig.topic}-{p}: the topic was deleted and created again: the stored offset "
            f"{rig.stored()[p]} belongs to topic id {old}, the topic is now {new}. Nothing is read. "
            "Reset the offset to read the new topic.",
        )  # fmt: skip
    rig.finish(worker, stopped=rig.stored())


def _topic_id(rig: Rig) -> str:
    described = rig.kafka.admin.describe_topics(TopicCollection([rig.topic]))
    identifier = str(described[rig.topic].result(20).topic_id)
    return identifier.replace("+", "-").replace("/", "_")  # as Kafka's own tools print it


def another_cluster(rig: Rig) -> None:
    """The other one has a topic of that name; it is not read, and the right one is read on."""
    _, worker = at_work(rig)
    assert worker.stop() == 0
    other = KafkaTools(rig.servers.kafka().bootstrap)
    other.create_topic(rig.topic, partitions=2)
    cargo.send(other, rig.topic, rig.made(4_000))
    rig.struck_under_backlog("bootstrap.servers of another cluster")
    stray = rig.worker(rig.config(kafka=other.bootstrap)).start()
    right, wrong = (kafka.admin.list_topics().cluster_id for kafka in (rig.kafka, other))
    for p, offset in rig.stored().items():
        quarantined(
            stray, f"{rig.topic}-{p}",
            f"{rig.topic}-{p}: the stored offset {offset} belongs to Kafka cluster {right}, and "
            f"bootstrap.servers leads to cluster {wrong}. Nothing is read. Point bootstrap.servers "
            "at the old cluster, or reset the offset.",
        )  # fmt: skip
    assert stray.stop() == 0
    rig.finish()
