"""Reading what is committed: exactly the files that the chains name.

PUBLIC. A bare listing of the bucket may show files that never were committed, left by a worker that
was killed; these have no entry. Owns walking the chains. Must not know what files hold.

    reader = S3Reader("audit-to-s3", s3_bucket_name="archive", store_url="http://localhost:8333")
    for file in reader.files():
        print(file.url, file.first, file.last, file.count)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

from connectors.s3 import manifest
from connectors.s3.bucket import Bucket
from connectors.s3.lanes import Lanes
from connectors.s3.manifest import BrokenChainError, DataFile, Entry, EntryType
from connectors.s3.offsets import sources
from connectors.s3.store_config import StoreConfig
from sinkworker.api import ConnectError, TopicPartition

REQUEST_TIMEOUT_MS = 30_000
# Entries are small: their reading is waiting for answers.
ENTRIES_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """One file. topic, partition: where its records were read; first, last: their offsets there.

    seq: the number of the commit; files of one commit became visible in one step, committed_at.
    """

    topic: str
    partition: int
    seq: int
    committed_at: str
    key: str
    url: str
    path: str
    first: int
    last: int
    count: int
    bytes: int
    sha256: str


class S3Reader:
    """What one connector has committed to one bucket. For one thread."""

    def __init__(self, connector: str, config: StoreConfig | None = None, **keys: Any) -> None:
        """The store by its keys, as `s3_bucket_name=…`, or by the connector's own configuration."""
        self.connector = connector
        self._bucket = Bucket(config or StoreConfig(**keys), REQUEST_TIMEOUT_MS)
        self._lanes = Lanes(ENTRIES_AT_ONCE)

    def __enter__(self) -> S3Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        self._lanes.close()
        self._bucket.close()

    def partitions(self) -> list[TopicPartition]:
        """Every partition that this connector ever claimed."""
        return list(sources(self._bucket, self.connector))

    def files(self, *topics: str) -> Iterator[CommittedFile]:
        """Every committed file, once: partition by partition, in the order of the commits.

        Raises BrokenChainError where a chain is not what its writers wrote; nothing is guessed.
        """
        for source in self.partitions():
            if not topics or source.topic in topics:
                yield from self.files_of(source)

    def files_of(self, source: TopicPartition) -> Iterator[CommittedFile]:
        for entry in self.entries(source):
            for file in entry.files:
                yield self.committed(source, entry, file)

    def letter_files(self, *topics: str) -> Iterator[CommittedFile]:
        """The files of dead letters, in the same order: a line of JSON each."""
        for source in self.partitions():
            if not topics or source.topic in topics:
                for entry in self.entries(source):
                    for file in entry.errant.files:
                        yield self.committed(source, entry, file)

    def open(self, file: CommittedFile) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file, as they are stored."""
        return self._bucket.stream(file.key)

    def entries(self, source: TopicPartition) -> Iterator[Entry]:
        """The whole chain of a partition, oldest first, every link checked."""
        folder = manifest.folder(self.connector, source)
        keys = (folder + manifest.name(seq) for seq in range(1, self._length(folder) + 1))
        last: Entry | None = None
        for entry in self._lanes.stream(self._read, keys):
            if last is not None:
                manifest.check_link(last, entry, folder)
            last = entry
            yield entry

    def _length(self, folder: str) -> int:
        """How many entries there are. A listing begins with the newest; a reader with the oldest, and
        knows its name."""
        newest = oldest = 0
        for oldest in manifest.check_order(each.key for each in self._bucket.listing(folder)):
            newest = newest or oldest
        if oldest > 1:
            first = folder + manifest.name(oldest)
            raise BrokenChainError(f"The entries before {first} are missing")
        return newest

    def _read(self, key: str) -> Entry:
        content = self._bucket.get(key)
        if content is None:
            raise ConnectError(f"{key} was listed, and is gone")
        return manifest.decode(key, content)

    def committed(self, source: TopicPartition, entry: Entry, file: DataFile) -> CommittedFile:
        assert entry.type is EntryType.COMMIT
        return CommittedFile(
            source.topic, source.partition, entry.seq, entry.time, file.key,
            f"s3://{self._bucket.name}/{file.key}", file.path, file.first, file.last, file.count,
            file.bytes, file.sha256,
        )  # fmt: skip
