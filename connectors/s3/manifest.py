"""The entries of a chain: what is in one, how it is numbered, and how it follows the one before.

Owns the format of entries and every rule that a chain must keep. Pure: must not know any store.

The newest entry is the first one of a listing, because entries are numbered downward.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sinkworker.api import (
    Advance,
    Alteration,
    ConnectError,
    Offset,
    StoredOffset,
    TopicPartition,
    next_claim,
)

ROOT = "_sinkworker/"
LAST = 10**19 - 1
NAME = re.compile(r"(\d{20})\.json")


class BrokenChainError(ConnectError):
    """The chain is not what its writers wrote. Nothing is guessed; somebody must look at it."""


class EntryType(StrEnum):
    """SEED: the start of a partition that nobody has claimed yet; always the first entry."""

    SEED = "seed"
    CLAIM = "claim"
    COMMIT = "commit"
    ALTER = "alter"


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class DataFile(_Stored):
    """One committed file. first, last: the offsets of its first and its last record."""

    key: str
    first: int = Field(ge=0)
    last: int = Field(ge=0)
    count: int = Field(gt=0)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    path: str


class Counts(_Stored):
    """What became of the offsets between `from` and `next_offset`. gaps: no record was there."""

    records: int = Field(default=0, ge=0)
    filtered: int = Field(default=0, ge=0)
    errant: int = Field(default=0, ge=0)
    gaps: int = Field(default=0, ge=0)

    @property
    def distance(self) -> int:
        return self.records + self.filtered + self.errant + self.gaps


class Errant(_Stored):
    """files: the dead letters of this commit, where they are kept here."""

    files: tuple[DataFile, ...] = ()


class Entry(_Stored):
    """One step of one partition. seq: from 1. next_offset: the next to read; None after a reset.

    config: names the configuration of the task that claimed.
    """

    v: Literal[1] = 1
    type: EntryType
    seq: int = Field(ge=1, lt=LAST)
    id: str = Field(default_factory=lambda: uuid.uuid4().hex)
    prev_id: str | None
    epoch: int = Field(ge=0)
    owner: str | None
    config: str | None = None
    cluster_id: str | None
    topic_id: str | None
    from_offset: int | None = Field(validation_alias="from", serialization_alias="from")
    next_offset: int | None
    leader_epoch: int | None
    files: tuple[DataFile, ...] = ()
    errant: Errant = Errant()
    counts: Counts = Counts()
    time: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="microseconds"))

    def encode(self) -> bytes:
        return self.model_dump_json(by_alias=True).encode()

    def stored(self) -> StoredOffset:
        return StoredOffset(
            self.next_offset, self.leader_epoch, self.topic_id, self.cluster_id, self.epoch, self.owner
        )  # fmt: skip


# names


def folder(connector: str, source: TopicPartition) -> str:
    return f"{ROOT}{connector}/{source.topic}/{source.partition}/"


def name(seq: int) -> str:
    return f"{LAST - seq:020d}.json"


def sequence(key: str) -> int:
    """The number of the entry with this key."""
    found = NAME.fullmatch(key.rpartition("/")[2])
    if found is None:
        raise BrokenChainError(f"{key} is no entry, and stands where only entries may. Remove it.")
    return LAST - int(found[1])


def decode(key: str, content: bytes) -> Entry:
    """The entry that stands under this key."""
    try:
        entry = Entry.model_validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise BrokenChainError(f"{key} is damaged: {where}: {first['msg']}") from None
    if entry.seq != sequence(key):
        raise BrokenChainError(f"{key} is damaged: it says that its number is {entry.seq}")
    flaw = _flaw_of(entry)
    if flaw:
        raise BrokenChainError(f"{key} is damaged: {flaw}")
    return entry


# steps: each returns the entry to put after `last`, or None when there is nothing to be put


def seeded(last: Entry | None, start: Offset) -> Entry | None:
    return None if last is not None else _entry(EntryType.SEED, None, 0, None, start)


def claimed(
    last: Entry | None, start: Offset, owner: str, config: str | None = None
) -> Entry | None:
    """None: what is stored belongs to another topic or cluster."""
    claim = next_claim(last.stored() if last is not None else None, start)
    if claim is None:
        return None
    entry = _entry(EntryType.CLAIM, last, claim.epoch, owner, claim.resume)
    return entry.model_copy(update={"config": config})


def altered(last: Entry | None, change: Alteration) -> Entry | None:
    """None: the epoch is not the expected one."""
    epoch = last.epoch if last is not None else 0
    if change.epoch not in (None, epoch):
        return None
    return _entry(EntryType.ALTER, last, epoch + 1, None, change.to)


def committed(
    last: Entry,
    advance: Advance,
    files: Sequence[DataFile],
    counts: Counts,
    letters: Sequence[DataFile] = (),
) -> Entry | None:
    """None: the epoch or the offset is not the expected one."""
    if (last.epoch, last.next_offset) != (advance.epoch, advance.expected) or last.owner is None:
        return None
    entry = _entry(EntryType.COMMIT, last, last.epoch, last.owner, advance.to)
    errant = Errant(files=tuple(letters))
    new = {"files": tuple(files), "counts": counts, "errant": errant, "config": last.config}
    return entry.model_copy(update=new)


def _entry(
    kind: EntryType, last: Entry | None, epoch: int, owner: str | None, to: Offset | None
) -> Entry:
    next_offset, leader_epoch, topic_id, cluster_id = to or (None, None, None, None)
    return Entry(
        type=kind,
        seq=last.seq + 1 if last is not None else 1,
        prev_id=last.id if last is not None else None,
        epoch=epoch,
        owner=owner,
        cluster_id=cluster_id,
        topic_id=topic_id,
        from_offset=last.next_offset if last is not None else None,
        next_offset=next_offset,
        leader_epoch=leader_epoch,
    )


# checks


def check_order(keys: Iterable[str]) -> Iterator[int]:
    """The numbers of these keys, as a listing gives them, as long as none is missing between."""
    newer: str | None = None
    for key in keys:
        number = sequence(key)
        if newer is not None and number != sequence(newer) - 1:
            raise BrokenChainError(f"The entry before {newer} is missing: the next one is {number}")
        yield number
        newer = key


def check_link(older: Entry, newer: Entry, where: str) -> None:
    """That one entry follows the other."""
    for is_wrong, flaw in _flaws_of_link(older, newer):
        if is_wrong:
            raise BrokenChainError(
                f"{where}{name(newer.seq)} does not follow the one before: {flaw}"
            )


def _flaws_of_link(older: Entry, newer: Entry) -> Iterator[tuple[bool, str]]:
    raises_epoch = newer.type in (EntryType.CLAIM, EntryType.ALTER)
    epoch = older.epoch + raises_epoch
    yield newer.seq != older.seq + 1, f"its number is {newer.seq} and not {older.seq + 1}"
    yield newer.prev_id != older.id, f"it follows {newer.prev_id}, and that is {older.id}"
    yield newer.type is EntryType.SEED, "a seed is always the first"
    yield newer.epoch != epoch, f"its epoch is {newer.epoch} and not {epoch}"
    yield (
        newer.from_offset != older.next_offset,
        (f"it goes on from {newer.from_offset}, and that one ends at {older.next_offset}"),
    )
    yield (
        newer.type is EntryType.CLAIM and older.next_offset not in (None, newer.next_offset),
        f"a claim moves the offset to {newer.next_offset}",
    )
    yield (
        newer.type is EntryType.COMMIT and newer.owner != older.owner,
        f"{newer.owner} commits, and {older.owner} had claimed",
    )


def _flaw_of(entry: Entry) -> str | None:
    """What is wrong with an entry by itself, if anything."""
    if (entry.seq == 1) != (entry.prev_id is None):
        return "the first entry, and no other, follows none"
    files = (*entry.files, *entry.errant.files)
    if entry.type is not EntryType.COMMIT:
        return "only a commit has files" if files else None
    return next(_flaws_of_commit(entry, files), None)


def _flaws_of_commit(entry: Entry, files: Sequence[DataFile]) -> Iterator[str]:
    begin, end = entry.from_offset, entry.next_offset
    if begin is None or end is None or entry.counts.distance != end - begin:
        yield f"its counts do not add up to the distance from {begin} to {end}"
        return
    if entry.counts.records != sum(file.count for file in entry.files):
        yield "its files do not hold as many records as it counts"
    if sum(file.count for file in entry.errant.files) not in (0, entry.counts.errant):
        yield "its files do not hold as many dead letters as it counts"
    for file in files:
        if not (
            begin <= file.first <= file.last < end and file.count <= file.last - file.first + 1
        ):
            yield f"{file.key} does not fit between {begin} and {end}"
