"""Files that no entry names and none will ever name: finding and removing them.

Owns the rule by which a file may go. A worker that was killed, or fenced, between its files and its
entry leaves such files behind; readers never see them. Entries are kept, all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.s3.bucket import Bucket, Listed
from connectors.s3.manifest import Entry
from connectors.s3.naming import FileNames, Named
from connectors.s3.reader import S3Reader
from sinkworker.api import TopicPartition

Upload = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Garbage:
    """files: committed by nobody. uploads: (key, id) of parts that never became a file."""

    files: tuple[Listed, ...]
    uploads: tuple[Upload, ...]


@dataclass(frozen=True, slots=True)
class _Chain:
    newest: Entry
    named: frozenset[str]

    def will_never_name(self, key: str, file: Named) -> bool:
        """Whoever wrote it was fenced since, or has committed past it without it."""
        if key in self.named:
            return False
        next_offset = self.newest.next_offset
        is_past = next_offset is not None and file.first < next_offset
        return file.epoch < self.newest.epoch or (file.epoch == self.newest.epoch and is_past)


def find(bucket: Bucket, reader: S3Reader, names: FileNames) -> Garbage:
    """Safe while workers write: what is listed first and then not found in a chain read after it,
    under a claim that is over or at an offset that is passed, cannot be committed any more."""
    files = {listed: named for listed in bucket.listing(names.folder)
             if (named := names.named(listed.key)) is not None}  # fmt: skip
    uploads = {upload: named for upload in bucket.abandoned_uploads(names.folder)
               if (named := names.named(upload[0])) is not None}  # fmt: skip
    chains = _chains(reader, {named.source for named in (*files.values(), *uploads.values())})
    return Garbage(
        tuple(each for each, named in files.items() if _is_garbage(each.key, named, chains)),
        tuple(each for each, named in uploads.items() if _is_garbage(each[0], named, chains)),
    )


def remove(bucket: Bucket, garbage: Garbage) -> None:
    bucket.delete([each.key for each in garbage.files])
    for key, upload_id in garbage.uploads:
        bucket.abort_upload(key, upload_id)


def _chains(reader: S3Reader, sources: Iterable[TopicPartition]) -> Mapping[TopicPartition, _Chain]:
    chains = {}
    for source in sources:
        entries = list(reader.entries(source))
        if entries:
            named = frozenset(file.key for entry in entries for file in entry.files)
            chains[source] = _Chain(entries[-1], named)
    return chains


def _is_garbage(key: str, named: Named, chains: Mapping[TopicPartition, _Chain]) -> bool:
    """A file without any chain was not written by this protocol, and is left alone."""
    chain = chains.get(named.source)
    return chain is not None and chain.will_never_name(key, named)
