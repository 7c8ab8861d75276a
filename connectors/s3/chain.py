"""The chain of one partition in a bucket: claim, commit, alter, seed.

Owns how an entry gets into its slot exactly once, whatever happens to requests and answers: the same
bytes under the same key if absent, again and again, until it is known who stands there. Must not know
what files hold.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Sequence

from connectors.s3 import manifest
from connectors.s3.bucket import Bucket
from connectors.s3.manifest import Counts, DataFile, Entry
from sinkworker.api import (
    Advance,
    Alteration,
    FencedError,
    Offset,
    RetriableError,
    TopicPartition,
)

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 3.0

Make = Callable[[Entry | None], Entry | None]


class Patience:
    """How long an unknown answer is asked for again before the partition is reopened instead."""

    def __init__(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._seconds, self._sleep = seconds, sleep

    def attempts(self) -> Iterator[bool]:
        """Whether this attempt is the last one, for each; waits between them."""
        deadline, wait = time.monotonic() + self._seconds, FIRST_WAIT_SECONDS
        while time.monotonic() + wait < deadline:
            yield False
            self._sleep(random.uniform(wait / 2, wait))
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        yield True


class Chain:
    """One partition's entries of one connector."""

    def __init__(
        self, bucket: Bucket, connector: str, source: TopicPartition, patience: Patience
    ) -> None:
        self._bucket, self.source, self._patience = bucket, source, patience
        self.folder = manifest.folder(connector, source)

    def newest(self) -> Entry | None:
        """Two requests. A listing that is behind does no harm: what is put next is put if absent."""
        keys = self._bucket.keys(self.folder, 2)
        if not keys:
            return None
        numbers = list(manifest.check_order(keys))
        if len(numbers) == 1 and numbers != [1]:
            raise manifest.BrokenChainError(
                f"The entry before {keys[0]} is missing, and all others"
            )
        return self._read(keys[0])

    def latest(self, limit: int) -> list[Entry]:
        """The newest entries, newest first: one request for all of them, and one for each."""
        keys = self._bucket.keys(self.folder, limit)
        return [self._read(key) for key, _ in zip(keys, manifest.check_order(keys), strict=True)]

    def claim(self, start: Offset, owner: str, config: str | None = None) -> Entry | None:
        """None when what is stored belongs to another topic or cluster; nothing is changed then."""
        return self._extend(lambda last: manifest.claimed(last, start, owner, config))

    def alter(self, change: Alteration) -> Entry | None:
        return self._extend(lambda last: manifest.altered(last, change))

    def seed(self, start: Offset) -> Entry | None:
        return self._extend(lambda last: manifest.seeded(last, start))

    def commit(
        self,
        last: Entry,
        advance: Advance,
        files: Sequence[DataFile],
        counts: Counts,
        letters: Sequence[DataFile] = (),
    ) -> Entry:
        """One request, if it is answered. FencedError when another entry stands in the slot."""
        entry = manifest.committed(last, advance, files, counts, letters)
        if entry is None:
            raise FencedError(f"S3: {self.source} is not at offset {advance.expected} any more")
        there = self._put(entry)
        if there.id != entry.id:
            manifest.check_link(last, there, self.folder)
            raise FencedError(f"S3 refused the flush of {self.source}: {_who(there)}")
        return entry

    def _extend(self, make: Make) -> Entry | None:
        """Put what `make` makes of the newest entry behind it; None when it makes nothing."""
        last = self.newest()
        while (entry := make(last)) is not None:
            there = self._put(entry)
            if there.id == entry.id:
                return entry
            if last is not None:
                manifest.check_link(last, there, self.folder)
            last = there
        return None

    def _put(self, entry: Entry) -> Entry:
        """The entry that stands in this entry's slot, for ever: this one, or another's."""
        key, content = self.folder + manifest.name(entry.seq), entry.encode()
        digest = hashlib.sha256(content).hexdigest()
        for is_last_attempt in self._patience.attempts():
            try:
                is_ours = self._bucket.put_if_absent(key, content, digest)
                return entry if is_ours else self._read(key)
            except RetriableError:
                if is_last_attempt:
                    raise
        raise AssertionError("there is always a last attempt")

    def _read(self, key: str) -> Entry:
        content = self._bucket.get(key)
        if content is None:
            raise RetriableError(f"S3: {key} is there, and cannot be read")
        return manifest.decode(key, content)


def _who(entry: Entry) -> str:
    if entry.owner is None:
        return "its offset was changed from outside"
    return f"it was claimed by {entry.owner}"
