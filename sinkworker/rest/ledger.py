"""The ledger of a connector: what became of its offsets, step by step.

Owns the parameters of the question and the body of the answer. Must not know how a sink keeps it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sinkworker.api import LedgerEntry, TopicPartition
from sinkworker.rest.message import Answer, Request
from sinkworker.rest.offsets import partition_content
from sinkworker.rest.port import Administration, LedgerQuestion, RefusedError
from sinkworker.runtime.start import milliseconds

DEFAULT_LIMIT, MOST = 20, 10_000


def get(worker: Administration, request: Request, name: str) -> Answer:
    """The newest steps, newest last."""
    steps = worker.ledger(name, _question(request))
    return Answer(200, {"steps": [_content(step) for step in steps]})


def _question(request: Request) -> LedgerQuestion:
    since = request.query.get("since")
    try:
        since_ms = milliseconds(since[-1]) if since else None
    except ValueError as error:
        raise RefusedError(400, str(error)) from None
    partitions = frozenset(map(_partition, request.query.get("partition", ())))
    return LedgerQuestion(limit(request), partitions, since_ms)


def limit(request: Request) -> int:
    text = request.query.get("limit", (str(DEFAULT_LIMIT),))[-1]
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= MOST:
        raise RefusedError(400, f"limit must be a number from 1 to {MOST}")
    return int(text)


def _partition(text: str) -> TopicPartition:
    topic, _, number = text.rpartition(":")
    if not topic or not number.isascii() or not number.isdecimal():
        raise RefusedError(400, f"partition must be <topic>:<number>, not {text}")
    return TopicPartition(topic, int(number[:9]))


def _content(step: LedgerEntry) -> dict[str, Any]:
    """As a move of the offset tells it: a rewind has records that are read again."""
    is_move = step.kind == "alter" and None not in (step.from_offset, step.to_offset)
    moved = (step.to_offset or 0) - (step.from_offset or 0) if is_move else 0
    return {
        "partition": partition_content(step.source), "step": step.kind,
        "from": step.from_offset, "to": step.to_offset,
        "records": step.records, "errant": step.errant, "filtered": step.filtered,
        "gaps": step.gaps, "read_again": max(0, -moved), "skipped": max(0, moved),
        "epoch": step.epoch, "owner": step.owner, "config": step.config, "at": _time(step.at_ms),
    }  # fmt: skip


def _time(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
