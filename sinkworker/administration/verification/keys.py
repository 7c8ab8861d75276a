"""Which keys live, by the log and the converters and transforms of today.

Owns what one partition's records make of their keys. Must not know any sink or Kafka client.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from sinkworker.administration.verification.passes import joined, passes
from sinkworker.api import Audit, Counted, DataError, LedgerEntry, SinkRecord, TopicPartition
from sinkworker.api.audit import KeyOf
from sinkworker.runtime.log_range import Range
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Fetched


def committed(
    source: TopicPartition, audit: Audit, history: Mapping[TopicPartition, Sequence[LedgerEntry]]
) -> list[Range]:
    """What was ever committed, ascending: not what operators skipped, nor what lay before the start."""
    steps = history[source]
    found: list[Range] = []
    for each in passes(steps):
        found = joined(Range(each.start, each.end), found)
    remembered = sum(
        s.records + s.errant + s.filtered + s.gaps for s in steps if s.kind == "commit"
    )
    older = sum(audit.counted.get(source, Counted(0, 0, 0, 0))) - remembered
    first = next((step.from_offset for step in steps if step.kind != "replay"), None)
    if first is None or older <= 0:
        return found
    return joined(Range(max(0, first - older), first), found)


@dataclass
class Keys:
    """One partition's. unsure: records of which the sink cannot tell the row. began_at: where the log
    does."""

    pipeline: Pipeline
    key_of: KeyOf
    committed: Sequence[Range]
    live: set[Hashable] = field(default_factory=set)
    unsure: int = 0
    began_at: int = 0

    @property
    def is_complete(self) -> bool:
        return self.began_at <= min((part.start for part in self.committed), default=self.began_at)

    def see(self, source: TopicPartition, fetched: Fetched) -> None:
        for record in self.pipeline.process(source, fetched, None).records:
            if any(start <= record.offset < end for start, end in self.committed):
                self._see(source, record)

    def _see(self, source: TopicPartition, record: SinkRecord) -> None:
        try:
            found = self.key_of(source, record)
        except DataError:
            self.unsure += 1
            return
        if found is None:
            return
        key, is_removed = found
        if is_removed:
            self.live.discard(key)
        else:
            self.live.add(key)
