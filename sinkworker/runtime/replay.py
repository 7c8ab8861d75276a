"""Dead letters once more through the converters and transforms of today.

Owns how a letter becomes a record again, and what of it is told. Must not know where letters are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from sinkworker.api import DeadLetter, DeadLetterStore, ErrantRecord, SinkRecord, TopicPartition
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Fetched

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Raw:
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    leader_epoch: int | None = None


@dataclass
class Replayed:
    """What became of some letters. errant: those that stay, with their new errors."""

    written: int = 0
    filtered: int = 0
    errant: list[ErrantRecord] = field(default_factory=list)


def replay(
    letters: Iterable[DeadLetter], store: DeadLetterStore, pipeline: Pipeline
) -> Iterator[Replayed]:
    """A step at a time: each is written and removed by itself. pipeline: it tolerates errors."""
    remaining = iter(letters)
    while some := list(islice(remaining, AT_ONCE)):
        records: dict[TopicPartition, Sequence[SinkRecord]] = {}
        errant: list[ErrantRecord] = []
        filtered = 0
        for source, of_source in groupby(some, key=lambda letter: letter.source):
            processed = pipeline.process(source, _fetched(list(of_source)), None)
            records[source] = processed.records
            errant += processed.delivery.errant
            filtered += processed.delivery.filtered
        stayed = list(store.replay(some, records, errant))
        yield Replayed(len(some) - len(stayed) - filtered, filtered, stayed)


def _fetched(letters: Sequence[DeadLetter]) -> Fetched:
    """In the order of their offsets."""
    raws = [
        _Raw(each.offset, -1 if each.timestamp is None else each.timestamp, each.key, each.value,
             each.headers)
        for each in letters
    ]  # fmt: skip
    return Fetched(raws[0].offset, raws, raws[-1].offset + 1)
