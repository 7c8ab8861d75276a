"""Moving stored offsets: to earliest, latest, an offset, a time, by a number, or reset.

Owns what each rule means for a partition, and that only offsets which the log holds are stored. Must
not know who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from sinkworker.api import Alteration, Offset, OffsetStore, StoredOffset, TopicPartition
from sinkworker.rest.port import OffsetMove, OffsetRule, RefusedError
from sinkworker.runtime.ports import Bounds, Consumer
from sinkworker.runtime.start import EARLIEST, LATEST, AtTime, Start, milliseconds

Rules: TypeAlias = Mapping[TopicPartition, OffsetRule] | OffsetRule
Stored: TypeAlias = Mapping[TopicPartition, StoredOffset]
Connect: TypeAlias = Callable[[Collection[TopicPartition]], Consumer]

NOTHING_STORED = "No offsets are stored for connector {name} yet: name topic and partition"
ALTERED = "{partition}: a worker claimed it just now; nothing was changed there. Try again."


def move(
    name: str, store: OffsetStore, connect: Connect, rules: Rules, *, dry_run: bool
) -> list[OffsetMove]:
    """Plan, and unless it is a dry run, store. connect: a consumer of these partitions, which knows
    where their logs begin and end; not called when all that is wanted is a reset."""
    stored = store.read()
    chosen = _chosen(name, rules, stored)
    if all(rule.kind == "reset" for rule in chosen.values()):
        moves = [_move(p, stored, None) for p in chosen]
        changes = dict.fromkeys(chosen)
    else:
        moves, changes = _resolved(connect, chosen, stored)
    if not dry_run:
        _apply(store, stored, changes)
    return moves


def _chosen(name: str, rules: Rules, stored: Stored) -> dict[TopicPartition, OffsetRule]:
    if not isinstance(rules, OffsetRule):
        return dict(rules)
    if not stored:
        raise RefusedError(400, NOTHING_STORED.format(name=name))
    return dict.fromkeys(sorted(stored), rules)


def _resolved(
    connect: Connect, chosen: Mapping[TopicPartition, OffsetRule], stored: Stored
) -> tuple[list[OffsetMove], dict[TopicPartition, Offset | None]]:
    partitions = [p for p, rule in chosen.items() if rule.kind != "reset"]
    consumer = connect(partitions)
    try:
        consumer.stable_ends(partitions)  # so that the client knows these topics' ids
        bounds = consumer.bounds(partitions)
        found = {p: _next(consumer, p, chosen[p], stored, bounds[p]) for p in partitions}
        identities = {p: consumer.identity(p.topic) for p in partitions}
    finally:
        consumer.close()
    changes: dict[TopicPartition, Offset | None] = {
        p: Offset(found[p], None, *identities[p]) if p in found else None for p in chosen
    }
    return [_move(p, stored, found.get(p)) for p in chosen], changes


def _next(
    consumer: Consumer, partition: TopicPartition, rule: OffsetRule, stored: Stored, bounds: Bounds
) -> int:
    if rule.kind == "offset":
        return _within(partition, int(rule.argument or 0), bounds)
    if rule.kind == "shift":
        return _shifted(partition, int(rule.argument or 0), stored.get(partition), bounds)
    start: Start = AtTime(_milliseconds(rule)) if rule.kind == "datetime" else _ends(rule)
    return start.offsets(consumer, [partition])[partition]


def _ends(rule: OffsetRule) -> Start:
    return EARLIEST if rule.kind == "earliest" else LATEST


def _milliseconds(rule: OffsetRule) -> int:
    try:
        return max(0, milliseconds(str(rule.argument)))
    except ValueError as error:
        raise RefusedError(400, str(error)) from None


def _within(partition: TopicPartition, offset: int, bounds: Bounds) -> int:
    if bounds.start <= offset <= bounds.end:
        return offset
    raise RefusedError(
        400, f"{partition}: Kafka holds the offsets {bounds.start} to {bounds.end}, not {offset}"
    )


def _shifted(partition: TopicPartition, by: int, held: StoredOffset | None, bounds: Bounds) -> int:
    if held is None or held.next is None:
        raise RefusedError(400, f"{partition}: there is no stored offset to shift by {by}")
    return min(max(held.next + by, bounds.start), bounds.end)


def _move(partition: TopicPartition, stored: Stored, new: int | None) -> OffsetMove:
    held = stored.get(partition)
    old = held.next if held is not None else None
    difference = new - old if new is not None and old is not None else None
    return OffsetMove(partition, old, new, difference, held.epoch if held is not None else 0)


def _apply(
    store: OffsetStore, stored: Stored, changes: Mapping[TopicPartition, Offset | None]
) -> None:
    alterations = {
        p: Alteration(to, stored[p].epoch if p in stored else None) for p, to in changes.items()
    }
    altered = store.alter(alterations)
    missed = [p for p in changes if p not in altered]
    if missed:
        raise RefusedError(409, "\n".join(ALTERED.format(partition=p) for p in missed))


def next_moves(moves: Sequence[OffsetMove]) -> tuple[int, int]:
    """How many offsets are read again, and how many are skipped."""
    differences = [move.difference or 0 for move in moves]
    return -sum(d for d in differences if d < 0), sum(d for d in differences if d > 0)
