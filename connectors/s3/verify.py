"""Whether what is committed is there: chains without a gap, files of the right size and content.

Owns what is compared. Must not know what to do about a difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from connectors.s3.bucket import Bucket
from connectors.s3.lanes import Lanes
from connectors.s3.manifest import BrokenChainError
from connectors.s3.offsets import step
from connectors.s3.reader import CommittedFile, S3Reader
from sinkworker.api import ConnectError, LedgerEntry, StoredOffset, TopicPartition

PIECE = 1 << 20


@dataclass
class Finding:
    """What is known of one partition. flaws: empty when all is well. stored: as its last entry says."""

    source: TopicPartition
    entries: int
    files: int
    records: int
    bytes: int
    next_offset: int | None
    flaws: list[str]
    stored: StoredOffset | None = None
    steps: list[LedgerEntry] = field(default_factory=list)


def verify(reader: S3Reader, bucket: Bucket, lanes: Lanes, *, contents: bool) -> Iterator[Finding]:
    """One finding for each partition. contents: read every file; else only their sizes are seen."""
    for source in reader.partitions():
        finding = Finding(source, 0, 0, 0, 0, None, [])
        look = partial(_flaw, bucket, contents=contents)
        for flaw in lanes.stream(look, _walk(reader, finding)):
            if flaw is not None:
                finding.flaws.append(flaw)
        yield finding


def _walk(reader: S3Reader, finding: Finding) -> Iterator[CommittedFile]:
    """The partition's files, counted; those up to where the chain is broken, if it is."""
    try:
        for entry in reader.entries(finding.source):
            finding.entries, finding.next_offset = entry.seq, entry.next_offset
            finding.stored = entry.stored()
            finding.steps.append(step(finding.source, entry))
            for file in entry.files:
                finding.files += 1
                finding.records += file.count
                finding.bytes += file.bytes
                yield reader.committed(finding.source, entry, file)
            for letters in entry.errant.files:
                yield reader.committed(finding.source, entry, letters)
    except BrokenChainError as error:
        finding.flaws.append(str(error))


def _flaw(bucket: Bucket, file: CommittedFile, *, contents: bool) -> str | None:
    try:
        size, digest = _measured(bucket, file.key, contents=contents)
    except ConnectError as error:
        return f"{file.key}: {error}"
    if size is None:
        return f"{file.key} is missing"
    if size != file.bytes:
        return f"{file.key} has {size} bytes and not {file.bytes}"
    if digest is not None and digest != file.sha256:
        return f"{file.key} has another content than the one that was committed"
    return None


def _measured(bucket: Bucket, key: str, *, contents: bool) -> tuple[int | None, str | None]:
    size = bucket.size(key)
    if size is None or not contents:
        return size, None
    digest = hashlib.sha256()
    with bucket.stream(key) as body:
        for piece in body.iter_chunks(PIECE):
            digest.update(piece)
    return size, digest.hexdigest()
