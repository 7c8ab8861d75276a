"""Files that no entry names and none will ever name: finding and removing them.

Owns the rule by which a file may go. A worker that was killed, or fenced, between its files and its
entry leaves such files behind; readers never see them. Entries are kept, all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def find(
    bucket: Bucket, reader: S3Reader, names: FileNames, letters: FileNames | None = None
) -> Garbage:
    """Of the data, and of the dead letters."""
    found = [_find(bucket, reader, each) for each in (names, letters) if each is not None]
    return Garbage(
        tuple(file for garbage in found for file in garbage.files),
        tuple(upload for garbage in found for upload in garbage.uploads),
    )


def _find(bucket: Bucket, reader: S3Reader, names: FileNames) -> Garbage:
    """Safe while workers write: what is listed first and then not found in a chain read after it,
    under a claim that is over or at an offset that is passed, cannot be committed any more."""
    files = [listed for listed in bucket.listing(names.folder) if names.named(listed.key)]
    uploads = [each for each in bucket.abandoned_uploads(names.folder) if names.named(each[0])]
    unnamed = {listed.key for listed in files} | {key for key, _ in uploads}
    newest = _read_chains(reader, names, unnamed)

    def is_garbage(key: str) -> bool:
        return key in unnamed and _will_never_be_named(names.named(key), newest)

    return Garbage(
        tuple(listed for listed in files if is_garbage(listed.key)),
        tuple(upload for upload in uploads if is_garbage(upload[0])),
    )


def remove(bucket: Bucket, garbage: Garbage) -> None:
    bucket.delete([each.key for each in garbage.files])
    for key, upload_id in garbage.uploads:
        bucket.abort_upload(key, upload_id)


def _read_chains(
    reader: S3Reader, names: FileNames, unnamed: set[str]
) -> Mapping[TopicPartition, Entry]:
    """The newest entry of each chain that these keys may be from. Those that it names are taken out."""
    newest = {}
    for source in {named.source for key in unnamed if (named := names.named(key)) is not None}:
        for entry in reader.entries(source):
            unnamed.difference_update(file.key for file in (*entry.files, *entry.errant.files))
            newest[source] = entry
    return newest


def _will_never_be_named(file: Named | None, chains: Mapping[TopicPartition, Entry]) -> bool:
    """Whoever wrote it was fenced since, or has committed past it without it.

    A file without any chain was not written by this protocol, and is left alone.
    """
    newest = chains.get(file.source) if file is not None else None
    if file is None or newest is None:
        return False
    is_past = newest.next_offset is not None and file.first < newest.next_offset
    return file.epoch < newest.epoch or (file.epoch == newest.epoch and is_past)
