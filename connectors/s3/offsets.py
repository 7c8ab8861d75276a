"""The engine's and the operator's view of the stored offsets: the newest entry of every chain.

Owns finding the chains of a connector. Must not know data files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from connectors.s3.bucket import Bucket
from connectors.s3.chain import Chain, Patience
from connectors.s3.lanes import Lanes
from connectors.s3.manifest import ROOT, BrokenChainError, Entry
from sinkworker.api import (
    Alteration,
    LedgerEntry,
    Offset,
    OffsetStore,
    StoredOffset,
    TopicPartition,
)


class Chains:
    """All chains of one connector."""

    def __init__(self, bucket: Bucket, connector: str, patience: Patience) -> None:
        self._bucket, self._connector, self._patience = bucket, connector, patience
        self._known: dict[TopicPartition, Chain] = {}

    def of(self, source: TopicPartition) -> Chain:
        if source not in self._known:
            self._known[source] = Chain(self._bucket, self._connector, source, self._patience)
        return self._known[source]

    def sources(self) -> list[TopicPartition]:
        return list(sources(self._bucket, self._connector))


def sources(bucket: Bucket, connector: str) -> Iterator[TopicPartition]:
    """Every partition that has a chain, in order."""
    root = f"{ROOT}{connector}/"
    for topic in bucket.folders(root):
        numbers = bucket.folders(f"{root}{topic}/")
        for number in numbers:
            if not number.isdecimal():
                raise BrokenChainError(f"{root}{topic}/{number} is no partition. Remove it.")
        yield from sorted(TopicPartition(topic, int(number)) for number in numbers)


class S3OffsetStore(OffsetStore):
    """A read is a request for each partition, and requests are paid for."""

    alters_seen_within_ms = 30_000

    def __init__(self, bucket: Bucket, chains: Chains, lanes: Lanes) -> None:
        self._bucket, self._chains, self._lanes = bucket, chains, lanes

    def read(self) -> Mapping[TopicPartition, StoredOffset]:
        found = self._chains.sources()
        newest = self._lanes.map(lambda source: self._chains.of(source).newest(), found)
        pairs = zip(found, newest, strict=True)
        return {source: entry.stored() for source, entry in pairs if entry is not None}

    def seed(self, starts: Mapping[TopicPartition, Offset]) -> None:
        self._lanes.map(lambda item: self._chains.of(item[0]).seed(item[1]), starts.items())

    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> Collection[TopicPartition]:
        """Each partition by itself: the store has no step that changes several."""
        entries = self._lanes.map(
            lambda item: self._chains.of(item[0]).alter(item[1]), changes.items()
        )
        return {source for source, entry in zip(changes, entries, strict=True) if entry is not None}

    def ledger(self, limit: int) -> Sequence[LedgerEntry]:
        """A request for each entry that is looked at, and every chain's newest ones are."""
        found = self._chains.sources()
        latest = self._lanes.map(lambda source: self._chains.of(source).latest(limit), found)
        steps = [
            step(source, entry)
            for source, entries in zip(found, latest, strict=True)
            for entry in entries
        ]
        return sorted(steps, key=lambda step: step.at_ms, reverse=True)[:limit]

    def close(self) -> None:
        self._lanes.close()
        self._bucket.close()


def step(source: TopicPartition, entry: Entry) -> LedgerEntry:
    """An entry, as one of a ledger."""
    counts = entry.counts
    return LedgerEntry(
        source, entry.type.value, entry.epoch, entry.from_offset, entry.next_offset,
        counts.records, counts.errant, counts.filtered, counts.gaps, entry.owner, entry.config,
        round(datetime.fromisoformat(entry.time).timestamp() * 1000),
    )  # fmt: skip
