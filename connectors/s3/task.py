"""One task: files in the making, and the commits that name them.

Owns when a partition is committed and the order within a flush: data files first, then one entry a
partition, which is the commit. Must not know formats, nor how an entry gets into its slot.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from connectors.s3.bucket import Body, Bucket
from connectors.s3.budget import Budget
from connectors.s3.config import S3SinkConfig
from connectors.s3.deadline import Deadline
from connectors.s3.lanes import Lanes
from connectors.s3.layout import Layout
from connectors.s3.letters import letter_file
from connectors.s3.manifest import Counts, DataFile, Entry
from connectors.s3.naming import FileNames
from connectors.s3.offsets import Chains
from connectors.s3.open_file import EncodedFile
from connectors.s3.partition_writer import PartitionWriter
from sinkworker.api import (
    Advance,
    Advances,
    Claim,
    Claims,
    FencedError,
    Offset,
    RetriableError,
    SinkRecord,
    SinkTask,
    SinkTaskContext,
    Starts,
    TopicPartition,
)

# An entry is kept for ever, so an offset that moves without records is stored only so often.
IDLE_COMMIT_MS = 60_000
# Of a flush's time, the share in which its last request begins; the rest is for its answer, and for
# asking again.
BEGUN_WITHIN = 0.75


class Pending(NamedTuple):
    """A file that will be part of a commit, and what the entry is to say of it."""

    file: EncodedFile
    named: DataFile
    source: TopicPartition
    is_data: bool


class S3SinkTask(SinkTask):
    """The chains that this task has claimed, and what is being written for each."""

    reports_from_put_only = True

    def __init__(
        self, config: S3SinkConfig, bucket: Bucket, chains: Chains, names: FileNames,
        names_of_letters: FileNames | None, context: SinkTaskContext,
    ) -> None:  # fmt: skip
        """names_of_letters: of the files for dead letters; None: they are not kept here."""
        self._bucket, self._chains, self._context = bucket, chains, context
        self._names, self._names_of_letters = names, names_of_letters
        self._layout, self._budget = Layout.of(config), Budget.shared(config.buffer_memory)
        self._lanes = Lanes()
        self._newest: dict[TopicPartition, Entry] = {}
        self._writers: dict[TopicPartition, PartitionWriter] = {}
        self._looked_at_ms: dict[TopicPartition, int] = {}

    def open(self, starts: Starts) -> Claims:
        owner, config = self._context.owner, self._context.config_hash or None
        entries = self._lanes.map(
            lambda item: self._chains.of(item[0]).claim(item[1], owner, config), starts.items()
        )
        claimed = {s: entry for s, entry in zip(starts, entries, strict=True) if entry is not None}
        for source, entry in claimed.items():
            self._begin(source, entry)
        return {source: _claim(entry) for source, entry in claimed.items()}

    def _begin(self, source: TopicPartition, entry: Entry) -> None:
        self._newest[source] = entry
        self._writers[source] = PartitionWriter(
            source, self._layout, self._budget, self._context.report
        )

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        self._writers[source].put(records)

    def due(self, now_ms: int) -> Collection[TopicPartition]:
        wall_ms = time.time_ns() // 1_000_000
        return [
            source
            for source, writer in self._writers.items()
            if writer.due(now_ms, wall_ms) or (writer.is_empty and self._is_time(source, now_ms))
        ]

    def _is_time(self, source: TopicPartition, now_ms: int) -> bool:
        """Whether to store an offset that may have moved without records; the engine knows if it did."""
        looked_at_ms = self._looked_at_ms.setdefault(source, now_ms)
        if now_ms - looked_at_ms < IDLE_COMMIT_MS:
            return False
        self._looked_at_ms[source] = now_ms
        return True

    def flush(self, advances: Advances) -> None:
        """Each partition's commit is atomic by itself; after a failure each chain says how far it is."""
        self._check(advances)
        deadline = Deadline(self._context.flush_timeout_ms / 1000 * BEGUN_WITHIN)
        with ExitStack() as bodies:
            files = [file for source, advance in advances.items()
                     for file in self._pending(source, advance)]  # fmt: skip
            for pending in files:
                bodies.callback(pending.file.body.close)
            self._lanes.map(lambda pending: self._upload(pending, deadline), files)
        of = {source: [f for f in files if f.source == source] for source in advances}

        def commit(item: tuple[TopicPartition, Advance]) -> None:
            deadline.check(f"committing {item[0]}")
            self._commit(*item, of[item[0]])

        self._lanes.map(commit, advances.items())

    def _check(self, advances: Advances) -> None:
        for source, advance in advances.items():
            newest = self._newest.get(source)
            if newest is None or (newest.epoch, newest.next_offset) != (
                advance.epoch, advance.expected
            ):  # fmt: skip
                raise FencedError(f"S3: {source} is not held at offset {advance.expected}")

    def _pending(self, source: TopicPartition, advance: Advance) -> Iterable[Pending]:
        yield from self._finished(source, advance)
        yield from self._letters(source, advance)

    def _finished(self, source: TopicPartition, advance: Advance) -> Iterable[Pending]:
        for file in self._writers[source].finish():
            place = f"{file.topic}/{file.path}"
            key = self._names.key(place, source, file.first, advance.epoch, file.extension)
            yield Pending(file, _named(file, key), source, is_data=True)

    def _letters(self, source: TopicPartition, advance: Advance) -> Iterable[Pending]:
        if self._names_of_letters is None or not advance.errant:
            return
        file = letter_file(advance.errant, self._context.name, self._context.task)
        key = self._names_of_letters.key(
            file.topic, source, file.first, advance.epoch, file.extension
        )
        yield Pending(file, _named(file, key), source, is_data=False)

    def _upload(self, pending: Pending, deadline: Deadline) -> None:
        said = pending.named
        check = partial(deadline.check, f"writing {said.key} ({said.bytes} bytes)")
        metadata = {"connector": self._context.name, "first": str(said.first),
                    "last": str(said.last), "count": str(said.count)}  # fmt: skip
        check()
        try:
            body = Body(pending.file.body, said.bytes, said.sha256, metadata, check)
            self._bucket.upload(said.key, body)
        except RetriableError:
            check()  # says better why
            raise

    def _commit(self, source: TopicPartition, advance: Advance, pending: Sequence[Pending]) -> None:
        files = [each.named for each in pending if each.is_data]
        letters = [each.named for each in pending if not each.is_data]
        counts, chain = _counts(advance, files), self._chains.of(source)
        self._newest[source] = chain.commit(self._newest[source], advance, files, counts, letters)

    def close(self, partitions: Collection[TopicPartition]) -> None:
        for source in partitions:
            writer = self._writers.pop(source, None)
            if writer is not None:
                writer.discard()
            self._newest.pop(source, None)
            self._looked_at_ms.pop(source, None)

    def stop(self) -> None:
        self.close(list(self._writers))
        self._lanes.close()
        self._bucket.close()


def _claim(entry: Entry) -> Claim:
    assert entry.next_offset is not None, "a claim always decides where to start"
    resume = Offset(entry.next_offset, entry.leader_epoch, entry.topic_id, entry.cluster_id)
    return Claim(resume, entry.epoch)


def _named(file: EncodedFile, key: str) -> DataFile:
    return DataFile(key=key, path=file.path, first=file.first, last=file.last,
                    count=file.count, bytes=file.bytes, sha256=file.sha256)  # fmt: skip


def _counts(advance: Advance, files: Iterable[DataFile]) -> Counts:
    """Records that were not written, and not reported, were left out by `behavior.on.null.values`."""
    written = sum(file.count for file in files)
    return Counts(
        records=written,
        filtered=advance.filtered + advance.records - written,
        errant=len(advance.errant),
        gaps=advance.gaps,
    )
