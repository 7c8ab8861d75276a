"""Stored offsets: Kafka Connect's way, for stopped connectors, and ours, for all.

Owns the bodies of both. Ours takes what Kafka Connect's takes, and says more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sinkworker.api import StoredOffset, TopicPartition
from sinkworker.rest.message import Answer, Request
from sinkworker.rest.port import Administration, ClusterRow, OffsetMove, OffsetRule, RefusedError

NEEDED = "Partitions / offsets need to be provided for an alter offsets request"
TOPIC, PARTITION, OFFSET = "kafka_topic", "kafka_partition", "kafka_offset"
NO_PARTITION = (
    f"The partition for a sink connector offset must contain the keys '{TOPIC}' and '{PARTITION}'"
)
NO_TOPIC = "{text!a} is no topic: a name consists of 1 to 249 of A-Z a-z 0-9 . _ -"
NO_OFFSET = f"The offset for a sink connector should either be null or contain the key '{OFFSET}'"
NO_NUMBER = (
    "Failed to parse the following Kafka {what} value in the provided offsets: '{text}'. "
    "{What} values for sink connectors need to be integers."
)


# as Kafka Connect has them


def get(worker: Administration, request: Request, name: str) -> Answer:
    return Answer(200, {"offsets": [
        {"partition": partition_content(p), "offset": {OFFSET: stored.next}}
        for p, stored in sorted(worker.offsets(name).items())
        if stored.next is not None
    ]})  # fmt: skip


def patch(worker: Administration, request: Request, name: str) -> Answer:
    worker.info(name)
    rules = _rules(request.json_object())
    worker.move_offsets(name, rules, only_stopped=True)
    return _message("The offsets for this connector have been altered successfully")


def delete(worker: Administration, request: Request, name: str) -> Answer:
    rule = OffsetRule("reset")
    if name in worker.connectors() and not worker.offsets(name):
        worker.move_offsets(name, {}, only_stopped=True)
    else:
        worker.move_offsets(name, rule, only_stopped=True)
    return _message("The offsets for this connector have been reset successfully")


def _message(text: str) -> Answer:
    return Answer(200, {"message": text})


def _rules(content: dict[str, Any]) -> dict[TopicPartition, OffsetRule]:
    entries = content.get("offsets")
    if not isinstance(entries, list) or not entries:
        raise RefusedError(400, NEEDED)
    return dict(_rule(entry) for entry in entries)


def _rule(entry: Any) -> tuple[TopicPartition, OffsetRule]:
    if not isinstance(entry, dict):
        raise RefusedError(400, NEEDED)
    partition = partition_of(entry.get("partition"))
    offset = entry.get("offset")
    if offset is None:
        return partition, OffsetRule("reset")
    if not isinstance(offset, dict) or OFFSET not in offset:
        raise RefusedError(400, NO_OFFSET)
    return partition, OffsetRule("offset", offset_of(offset[OFFSET]))


def partition_of(content: Any) -> TopicPartition:
    if not isinstance(content, dict) or TOPIC not in content or PARTITION not in content:
        raise RefusedError(400, NO_PARTITION)
    topic, number = str(content[TOPIC]), str(content[PARTITION])
    if not re.fullmatch(r"[\w.-]{1,249}", topic, re.ASCII):
        raise RefusedError(400, NO_TOPIC.format(text=topic))
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise RefusedError(400, NO_NUMBER.format(what="partition", text=number, What="Partition"))
    return TopicPartition(topic, int(number))


def offset_of(content: Any) -> int:
    text = str(content)
    if isinstance(content, bool) or not re.fullmatch(r"-?[0-9]{1,19}", text):
        raise RefusedError(400, NO_NUMBER.format(what="offset", text=text, What="Offset"))
    if int(text) < 0:
        raise RefusedError(400, f"The offset {text} is negative")
    return int(text)


# ours


def get_stored(worker: Administration, request: Request, name: str) -> Answer:
    """What `offsets get` prints, and `offsets set` takes."""
    stored = worker.offsets(name)
    ends = _ends(worker, name)
    return Answer(200, {"offsets": [
        _stored_content(p, each, ends.get(p)) for p, each in sorted(stored.items())
    ]})  # fmt: skip


def _ends(worker: Administration, name: str) -> dict[TopicPartition, int]:
    return {
        partition: each.end
        for task, status in worker.statuses().items()
        if task.connector == name
        for partition, each in status.partitions.items()
        if each.end is not None
    }


def _stored_content(p: TopicPartition, stored: StoredOffset, end: int | None) -> dict[str, Any]:
    lag = end - stored.next if end is not None and stored.next is not None else None
    return {
        "partition": partition_content(p),
        "offset": {OFFSET: stored.next} if stored.next is not None else None,
        "end": end, "lag": lag, "epoch": stored.epoch, "owner": stored.owner,
        "topic_id": stored.topic_id, "cluster_id": stored.cluster_id,
    }  # fmt: skip


def move(worker: Administration, request: Request, name: str) -> Answer:
    """`{"to": "earliest"}`, `{"to": {"shift": -10}}` …, with `"partitions"`; or Kafka Connect's body."""
    content = request.json_object()
    worker.info(name)
    if "offsets" in content:
        rules: Any = _rules(content)
    else:
        rules = _one_rule(content.get("to"))
        chosen = content.get("partitions")
        if chosen is not None:
            rules = dict.fromkeys(_partitions(chosen), rules)
    moves = worker.move_offsets(name, rules, dry_run=request.flag("dry_run"))
    return Answer(200, {"dry_run": request.flag("dry_run"), "moves": moves_content(moves)})


def _one_rule(to: Any) -> OffsetRule:
    if to in ("earliest", "latest", "reset"):
        return OffsetRule(to)
    if isinstance(to, dict) and len(to) == 1:
        kind, argument = next(iter(to.items()))
        if kind == "datetime" and isinstance(argument, str):
            return OffsetRule(kind, argument)
        if kind == "offset":
            return OffsetRule(kind, offset_of(argument))
        if kind == "shift" and isinstance(argument, int) and not isinstance(argument, bool):
            return OffsetRule(kind, argument)
    raise RefusedError(
        400, 'Expected "to": "earliest", "latest", "reset", {"offset": 5}, {"shift": -10} or '
        '{"datetime": "2026-11-21T08:00:00Z"}'
    )  # fmt: skip


def _partitions(content: Any) -> list[TopicPartition]:
    if not isinstance(content, list) or not content:
        raise RefusedError(400, '"partitions" must be a list that is not empty')
    return [partition_of(each) for each in content]


def moves_content(moves: Sequence[OffsetMove]) -> list[dict[str, Any]]:
    return [
        {
            "partition": partition_content(each.partition),
            "old": each.old,
            "new": each.new,
            "read_again": max(0, -(each.difference or 0)),
            "skipped": max(0, each.difference or 0),
        }
        for each in moves
    ]


def cluster(worker: Administration, request: Request) -> Answer:
    rows, problems = worker.cluster()
    return Answer(200, {"partitions": [_row(row) for row in rows], "problems": list(problems)})


def _row(row: ClusterRow) -> dict[str, Any]:
    return {"connector": row.connector, **_stored_content(row.partition, row.stored, None)}


def partition_content(partition: TopicPartition) -> dict[str, Any]:
    return {TOPIC: partition.topic, PARTITION: partition.partition}
