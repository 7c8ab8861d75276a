"""Entries of a chain: their numbers, their steps, and what a damaged one is called."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from connectors.s3 import manifest
from connectors.s3.manifest import BrokenChainError, Counts, DataFile, Entry, EntryType
from sinkworker.api import Advance, Alteration, Offset, TopicPartition

SOURCE = TopicPartition("alerts", 3)
START = Offset(5, None, "topic", "cluster")
KEY = manifest.folder("archive", SOURCE) + manifest.name(1)


def claim(last: Entry | None = None, owner: str = "me", start: Offset = START) -> Entry:
    entry = manifest.claimed(last, start, owner)
    assert entry is not None
    return entry


def file(first: int, last: int, count: int) -> DataFile:
    return DataFile(
        key="k", path="p", first=first, last=last, count=count, bytes=1, sha256="0" * 64
    )


def commit(last: Entry, to: int, *files: DataFile) -> Entry:
    records = sum(each.count for each in files)
    assert last.next_offset is not None
    gaps = to - last.next_offset - records
    advance = Advance(last.epoch, last.next_offset, Offset(to, 7), records, gaps=gaps)
    entry = manifest.committed(last, advance, files, Counts(records=records, gaps=gaps))
    assert entry is not None
    return entry


def test_the_newest_entry_is_the_first_of_a_listing() -> None:
    names = [manifest.name(seq) for seq in (1, 2, 9, 10, 11, 100_000)]
    assert sorted(names, reverse=True) == names
    assert names[0] == "09999999999999999998.json"


def test_a_number_is_read_back_from_a_key() -> None:
    assert manifest.sequence("a/b/" + manifest.name(77)) == 77


@pytest.mark.parametrize("name", ["hint", "1.json", "09999999999999999998.json.bak", ""])
def test_what_is_no_entry_is_named(name: str) -> None:
    with pytest.raises(BrokenChainError) as caught:
        manifest.sequence(f"folder/{name}")
    assert str(caught.value) == (
        f"folder/{name} is no entry, and stands where only entries may. Remove it."
    )


def test_an_entry_is_read_back_as_it_was_written() -> None:
    entry = commit(claim(), 9, file(5, 6, 2), file(8, 8, 1))
    key = manifest.folder("archive", SOURCE) + manifest.name(2)
    assert manifest.decode(key, entry.encode()) == entry


def test_an_entry_is_written_in_the_words_of_the_protocol() -> None:
    assert list(json.loads(claim().encode())) == [
        "v", "type", "seq", "id", "prev_id", "epoch", "owner", "config", "cluster_id", "topic_id",
        "from", "next_offset", "leader_epoch", "files", "errant", "counts", "time",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"v": 2}, "v: Input should be 1"),
        ({"epoch": -1}, "epoch: Input should be greater than or equal to 0"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
        ({"seq": 2, "prev_id": "x"}, "it says that its number is 2"),
        ({"prev_id": "x"}, "the first entry, and no other, follows none"),
        ({"type": "commit"}, "its counts do not add up to the distance from None to 5"),
    ],
)
def test_a_damaged_entry_is_named_with_its_flaw(change: dict[str, Any], flaw: str) -> None:
    content = json.loads(claim().encode()) | change
    with pytest.raises(BrokenChainError) as caught:
        manifest.decode(KEY, json.dumps(content).encode())
    assert str(caught.value) == f"{KEY} is damaged: {flaw}"


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b"{}", b"\xff"])
def test_garbage_is_no_entry(content: bytes) -> None:
    with pytest.raises(BrokenChainError, match="is damaged"):
        manifest.decode(KEY, content)


@pytest.mark.parametrize(
    "files", [[file(4, 5, 1)], [file(5, 9, 1)], [file(7, 6, 1)], [file(5, 5, 2)]]
)
def test_a_file_must_fit_into_the_commit_that_names_it(files: list[DataFile]) -> None:
    entry = commit(claim(), 9, *files)
    with pytest.raises(BrokenChainError, match="does not fit between 5 and 9"):
        manifest.decode(manifest.name(2), entry.encode())


@pytest.mark.parametrize(
    ("letters", "errant", "flaw"),
    [
        ([file(6, 7, 2)], 2, None),
        ([], 2, None),
        ([file(6, 6, 1)], 2, "its files do not hold as many dead letters as it counts"),
        ([file(4, 6, 2)], 2, "{key} does not fit between 5 and 9"),
    ],
)
def test_dead_letters_are_all_of_a_commit_s_or_not_kept_here(
    letters: list[DataFile], errant: int, flaw: str | None
) -> None:
    counts = Counts(records=2, errant=errant)
    entry = manifest.committed(
        claim(), Advance(1, 5, Offset(9), 2), [file(5, 8, 2)], counts, letters
    )
    assert entry is not None
    if flaw is None:
        assert manifest.decode(manifest.name(2), entry.encode()) == entry
        return
    with pytest.raises(BrokenChainError) as caught:
        manifest.decode(manifest.name(2), entry.encode())
    key = letters[0].key
    assert str(caught.value) == f"{manifest.name(2)} is damaged: {flaw.format(key=key)}"


def test_an_entry_of_a_version_without_dead_letters_can_be_read() -> None:
    content = json.loads(claim().encode()) | {"errant": {}}
    assert manifest.decode(KEY, json.dumps(content).encode()).errant.files == ()


def test_the_first_claim_keeps_the_start_it_was_given() -> None:
    entry = claim()
    assert (entry.seq, entry.prev_id, entry.epoch, entry.from_offset) == (1, None, 1, None)
    assert entry.stored() == (5, None, "topic", "cluster", 1, "me")


def test_a_claim_raises_the_epoch_and_goes_on_where_the_last_commit_ended() -> None:
    last = commit(claim(), 9, file(5, 8, 4))
    entry = claim(last, "other", Offset(0))
    assert (entry.seq, entry.prev_id, entry.epoch, entry.owner) == (3, last.id, 2, "other")
    assert (entry.from_offset, entry.next_offset, entry.leader_epoch) == (9, 9, 7)


def test_a_claim_of_another_log_makes_no_entry() -> None:
    assert manifest.claimed(claim(), Offset(0, None, "another", "cluster"), "me") is None


def test_a_seed_is_the_first_entry_or_none() -> None:
    seed = manifest.seeded(None, START)
    assert seed is not None
    assert seed.stored() == (5, None, "topic", "cluster", 0, None)
    assert manifest.seeded(seed, START) is None
    assert claim(seed).epoch == 1


def test_an_alteration_of_the_expected_epoch_only() -> None:
    last = claim()
    assert manifest.altered(last, Alteration(Offset(1), 2)) is None
    altered = manifest.altered(last, Alteration(None, 1))
    assert altered is not None
    assert altered.stored() == (None, None, None, None, 2, None)
    assert claim(altered, start=Offset(3)).stored() == (3, None, None, None, 3, "me")


@pytest.mark.parametrize("advance", [Advance(2, 5, Offset(6), 1), Advance(1, 4, Offset(6), 2)])
def test_a_commit_needs_the_epoch_and_the_offset_of_the_last_entry(advance: Advance) -> None:
    assert manifest.committed(claim(), advance, [], Counts()) is None


def test_nothing_is_committed_after_an_alteration_before_a_claim() -> None:
    altered = manifest.altered(claim(), Alteration(Offset(5)))
    assert altered is not None
    assert manifest.committed(altered, Advance(2, 5, Offset(6), 1), [], Counts()) is None


def test_every_step_follows_the_one_before() -> None:
    first = claim()
    second = commit(first, 9, file(5, 8, 4))
    altered = manifest.altered(second, Alteration(Offset(2)))
    assert altered is not None
    chain = [first, second, altered, claim(altered)]
    for older, newer in pairwise(chain):
        manifest.check_link(older, newer, "")


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"seq": 4}, "its number is 4 and not 3"),
        ({"prev_id": "x"}, "it follows x, and that is {id}"),
        ({"type": EntryType.SEED}, "a seed is always the first"),
        ({"epoch": 2}, "its epoch is 2 and not 1"),
        ({"from_offset": 8}, "it goes on from 8, and that one ends at 9"),
        ({"owner": "other"}, "other commits, and me had claimed"),
        (
            {"type": EntryType.CLAIM, "epoch": 2, "next_offset": 12},
            "a claim moves the offset to 12",
        ),
    ],
)
def test_an_entry_that_does_not_follow_says_why(change: dict[str, Any], flaw: str) -> None:
    older = commit(claim(), 9, file(5, 8, 4))
    newer = commit(older, 10, file(9, 9, 1)).model_copy(update=change)
    with pytest.raises(BrokenChainError) as caught:
        manifest.check_link(older, newer, "here/")
    name = manifest.name(newer.seq)
    assert str(caught.value) == (
        f"here/{name} does not follow the one before: {flaw.format(id=older.id)}"
    )


def test_a_listing_with_a_gap_is_refused() -> None:
    keys = [manifest.name(seq) for seq in (5, 4, 2)]
    assert list(manifest.check_order(keys[:2])) == [5, 4]
    with pytest.raises(BrokenChainError) as caught:
        list(manifest.check_order(keys))
    assert str(caught.value) == f"The entry before {keys[1]} is missing: the next one is 2"
