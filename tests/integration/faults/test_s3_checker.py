"""The judge of rounds in S3: it finds nothing wrong with what is right, and tells whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.faults.bucket_scene import FIRST, FOLDER, SECOND, BucketScene, record
from tests.services.store import Store

pytestmark = pytest.mark.s3
NEWEST = f"{FOLDER}{10**19 - 4:020d}.json"


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> BucketScene:
    return BucketScene(store, tmp_path)


def test_a_chain_that_commits_the_whole_log_is_exact(scene: BucketScene) -> None:
    scene.observe()
    told, stored, snapshots = scene.examine()
    assert (told, stored) == ([], {0: 10})
    assert snapshots >= 1


def test_an_operator_may_move_the_offset_back_and_what_comes_again_is_right(
    scene: BucketScene,
) -> None:
    altered = scene.entries[0] | {
        "type": "alter", "seq": 4, "id": "id-4", "prev_id": "id-3", "epoch": 2, "owner": None,
        "from": 10, "next_offset": 6,
    }  # fmt: skip
    claim = altered | {
        "type": "claim", "seq": 5, "id": "id-5", "prev_id": "id-4", "epoch": 3, "from": 6,
        "owner": "host:2:b",
    }  # fmt: skip
    again = claim | {"type": "commit", "seq": 6, "id": "id-6", "prev_id": "id-5", "next_offset": 10}
    scene.files["data/again.json"] = scene.files[SECOND]
    scene.name(again, "data/again.json")
    for entry in (altered, claim, again):
        scene.put(entry)
    scene.observe()
    assert scene.told() == []


# records


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([6, 7, 9], ["lost: partition 0 number 8"]),
        ([6, 7, 7, 8, 9], ["duplicated: partition 0 number 7: 2 times"]),
        ([6, 7, 8, 9, 12], [f"phantom: partition 0 {record(12)}"]),
        ([4, 6, 7, 8, 9], [f"aborted: partition 0 {record(4)}"]),
        ([5, 6, 7, 8, 9], [f"phantom: partition 0 {record(5)}"]),
        ([6, 8, 7, 9], ["order: partition 0: number 7 stands after 8"]),
    ],
    ids=["lost", "duplicated", "phantom", "aborted", "of the commit before", "order"],
)
def test_a_commit_that_does_not_hold_its_range_is_told(
    scene: BucketScene, records: list[int], told: list[str]
) -> None:
    scene.files[SECOND] = [record(n) for n in records]
    scene.name(scene.entries[2], SECOND)
    scene.put(scene.entries[2])
    found = [each for each in scene.told() if not each.startswith(("chain:", "changed:"))]
    assert found == told


def test_a_record_with_another_body_is_changed(scene: BucketScene) -> None:
    scene.files[SECOND][1] = record(7, "another one")
    scene.name(scene.entries[2], SECOND)
    scene.put(scene.entries[2])
    assert scene.told() == ["changed: partition 0 number 7"]


def test_a_file_that_is_gone_is_missing_and_its_records_are_lost(scene: BucketScene) -> None:
    scene.store.delete(SECOND)
    told = scene.told()
    assert told[0] == f"missing: partition 0 entry 3: {SECOND}"
    assert sorted(told[1:]) == [f"lost: partition 0 number {n}" for n in (6, 7, 8, 9)]


def test_a_file_with_other_bytes_is_changed(scene: BucketScene) -> None:
    scene.store.put(SECOND, scene.store.get(SECOND).replace(b'{"p"', b'{ "p"', 1))
    assert scene.told() == [f"changed: partition 0 entry 3: {SECOND} has other bytes"]


def test_a_file_that_two_entries_name_is_told(scene: BucketScene) -> None:
    scene.put(scene.entries[2], files=scene.entries[1]["files"])
    assert f"duplicated: partition 0 entry 3: {FIRST} was named before" in scene.told()


# the chain


def test_a_hole_is_told(scene: BucketScene) -> None:
    scene.take(scene.entries[1])
    assert scene.told() == [
        f"chain: partition 0 entry 3: {NEWEST} says (3, 'id-2', 6) instead of (2, 'id-1', 0)"
    ]


def test_an_entry_that_was_overwritten_is_told_by_the_one_behind_it(scene: BucketScene) -> None:
    scene.put(scene.entries[1], id="id-of-another")
    assert scene.told() == [
        f"chain: partition 0 entry 3: {NEWEST} says (3, 'id-2', 6) instead of "
        "(3, 'id-of-another', 6)"
    ]


def test_a_commit_by_an_older_epoch_is_told(scene: BucketScene) -> None:
    scene.put(scene.entries[2], epoch=0)
    assert scene.told() == ["epoch: partition 0 entry 3: commit by 0 instead of 1"]


def test_a_commit_by_somebody_who_had_not_claimed_is_told(scene: BucketScene) -> None:
    scene.put(scene.entries[2], owner="host:2:b")
    assert scene.told() == ["epoch: partition 0 entry 3: by host:2:b under host:1:a's claim"]


def test_a_claim_that_does_not_raise_the_epoch_is_told(scene: BucketScene) -> None:
    claim = scene.entries[0] | {"seq": 4, "id": "id-4", "prev_id": "id-3", "from": 10}
    scene.put(claim | {"next_offset": 10})
    assert scene.told() == ["epoch: partition 0 entry 4: claim by 1 instead of 2"]


# snapshots


def test_an_entry_that_could_be_read_before_its_files_is_torn(scene: BucketScene) -> None:
    content = scene.store.get(SECOND)
    scene.store.delete(SECOND)
    scene.observe()
    scene.store.put(SECOND, content)
    told = scene.told()
    assert told
    assert all(each.startswith("torn: snapshot ") and "at offset 10" in each for each in told)


def test_an_entry_that_was_another_one_when_it_was_seen_is_told(scene: BucketScene) -> None:
    scene.observe()
    scene.put(scene.entries[2], id="id-of-another")
    told = scene.told()
    assert told
    assert all(each.endswith(": entry 3 of 0 was another one") for each in told)
