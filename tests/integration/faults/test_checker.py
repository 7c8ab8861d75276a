"""The judge of fault rounds: it finds nothing wrong with what is right, and tells whatever is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.cargo import MARK, SECRET, Cargo
from tests.integration.faults.scene import CONNECTOR, Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

ALL = 2 * 14
"""Committed records."""


@pytest.fixture(params=["inserted", "upserted"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """Both tables, one after the other."""
    made: Scene = request.getfixturevalue(request.param)
    return made


# what is right


def test_a_table_that_holds_what_was_committed_is_exact(scene: Scene) -> None:
    scene.fill()
    scene.observe()
    scene.log("Opened alerts-0 at offset 0, epoch 1", "Stopped")
    verdict = scene.verdict()
    assert verdict.pop("snapshots") >= 1
    assert verdict == {"records": ALL, "aborted": 8, "anomalies": {}, "shown": []}


def test_a_worker_on_its_way_is_exact_and_only_what_it_stored_was_compared(scene: Scene) -> None:
    scene.fill(15, offset=scene.written.last - 1)
    scene.observe()
    verdict = scene.verdict(complete=False)
    assert (verdict["records"], verdict["shown"]) == (ALL - 2, [])


def test_an_empty_table_without_offsets_is_exact_as_long_as_it_need_not_be_complete(
    scene: Scene,
) -> None:
    scene.observe()
    verdict = scene.verdict(complete=False)
    assert (verdict["records"], verdict["shown"]) == (0, [])


def test_the_checker_is_a_program_that_prints_its_verdict(inserted: Scene, tmp_path: Path) -> None:
    inserted.fill()
    inserted.execute("DELETE FROM inserted WHERE p = 1 AND n = 3")
    file = tmp_path / "case.json"
    file.write_text(json.dumps(asdict(inserted.case())))
    command = [sys.executable, "-m", "tests.faults.checker", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == {
        "records": ALL, "aborted": 8, "snapshots": 0,
        "anomalies": {"lost": 1}, "shown": ["lost: partition 1 number 3"],
    }  # fmt: skip


def test_of_each_kind_five_are_shown_and_all_are_counted(inserted: Scene) -> None:
    inserted.fill()
    inserted.execute("DELETE FROM inserted WHERE p = 0 AND n < 7")
    verdict = inserted.verdict()
    assert verdict["anomalies"] == {"lost": 7}
    assert verdict["shown"] == [f"lost: partition 0 number {n}" for n in range(5)]


# rows


def test_a_missing_row_is_lost(scene: Scene) -> None:
    scene.fill()
    scene.execute(f"DELETE FROM {scene.written.table} WHERE p = 1 AND n = 13")
    assert scene.told() == ["lost: partition 1 number 13"]


def test_a_row_that_is_there_twice_is_duplicated(inserted: Scene) -> None:
    inserted.fill()
    inserted.store(inserted.committed(1, 15))
    assert inserted.told() == ["duplicated: partition 1 number 15: 2 times"]


def test_a_batch_that_was_written_again_is_duplicated_and_out_of_order(inserted: Scene) -> None:
    inserted.fill()
    for n in (0, 1):
        inserted.store(inserted.committed(0, n))
    assert sorted(inserted.told()) == [
        "duplicated: partition 0 number 0: 2 times",
        "duplicated: partition 0 number 1: 2 times",
        "order: partition 0: number 0 stands after 15",
    ]


def test_a_row_that_nobody_sent_is_a_phantom(scene: Scene) -> None:
    scene.fill()
    table = scene.written.table
    scene.execute(f"INSERT INTO {table} (p, n, k, body) VALUES (0, 99, 'k', 'b')")
    assert scene.told() == [f"phantom: partition 0 {Cargo(0, 99, 'k', 'b')}"]


def test_rows_of_a_partition_that_is_not_there_are_phantoms(scene: Scene) -> None:
    scene.fill()
    table = scene.written.table
    scene.execute(f"INSERT INTO {table} (p, n, k, body) VALUES (7, 0, 'k', 'b')")
    assert scene.told() == ["phantom: 1 rows of partition 7, which is not in the log"]


def test_a_row_past_the_stored_offset_is_a_phantom(inserted: Scene) -> None:
    inserted.fill(16, offset=inserted.written.last - 1)
    assert [line[:20] for line in inserted.told(complete=False)] == ["phantom: partition 0",
                                                                     "phantom: partition 1"]  # fmt: skip


def test_a_row_that_a_tombstone_deleted_is_a_phantom(upserted: Scene) -> None:
    upserted.fill()
    upserted.execute("DELETE FROM upserted WHERE k = '0-0'")
    upserted.execute("INSERT INTO upserted VALUES (0, 4, '0-0', 'b')")
    assert upserted.told() == [
        "lost: partition 0 number 12",
        f"phantom: partition 0 {Cargo(0, 4, '0-0', 'b')}",
    ]


def test_a_record_of_an_aborted_transaction_is_told_as_such(inserted: Scene) -> None:
    inserted.fill()
    record = inserted.written.aborted[-1]
    inserted.store(record)
    assert inserted.told() == [f"aborted: partition 1 {record}"]


def test_an_aborted_record_over_a_committed_one_is_told(upserted: Scene) -> None:
    upserted.fill()
    record = upserted.written.aborted[-1]
    upserted.store(record)
    assert upserted.told() == ["lost: partition 1 number 13", f"aborted: partition 1 {record}"]


@pytest.mark.parametrize("what", ["body = body || ' '", "k = k || ' '", "body = NULL"])
def test_a_row_with_another_key_or_body_is_changed(scene: Scene, what: str) -> None:
    scene.fill()
    scene.execute(f"UPDATE {scene.written.table} SET {what} WHERE p = 1 AND n = 14")
    assert scene.told() == ["changed: partition 1 number 14"]


def test_a_row_that_was_written_after_its_successor_is_out_of_order(inserted: Scene) -> None:
    inserted.fill()
    inserted.execute("DELETE FROM inserted WHERE p = 0 AND n = 3")
    inserted.store(inserted.committed(0, 3))
    assert inserted.told() == ["order: partition 0: number 3 stands after 15"]


# the ledger


def test_a_commit_that_the_ledger_lacks_is_told(inserted: Scene) -> None:
    inserted.fill(offset=10)
    for p in (0, 1):
        inserted.move(inserted.written.end, p)
    inserted.execute("DELETE FROM sinkworker_ledger WHERE to_offset = 10 AND partition = 1")
    assert inserted.told() == ["ledger: partition 1: a commit from 10 after 0"]


def test_a_ledger_that_ends_before_the_offset_is_told(inserted: Scene) -> None:
    inserted.fill()
    inserted.execute("DELETE FROM sinkworker_ledger WHERE kind = 'commit' AND partition = 0")
    assert inserted.told() == ["ledger: partition 0: it ends at 0, the offset is 22"]


def test_counts_that_do_not_add_up_are_told(inserted: Scene) -> None:
    inserted.fill()
    inserted.execute("UPDATE sinkworker_ledger SET errant = 1 WHERE kind = 'commit'")
    assert inserted.told() == [f"ledger: partition {p}: 0 to 22 counts 23" for p in (0, 1)]


# offsets


def test_an_offset_beyond_the_end_is_told(inserted: Scene) -> None:
    end = inserted.written.end
    inserted.fill()
    inserted.move(end + 1)
    for complete in (True, False):
        (told,) = inserted.told(complete=complete)
        assert told.startswith(f"offset: partition 0: {end + 1} is stored")


def test_an_offset_before_the_end_is_told_when_all_must_be_stored(inserted: Scene) -> None:
    last = inserted.written.last
    inserted.fill(offset=last)
    starts = [f"offset: partition {p}: {last} is stored" for p in (0, 1)]
    assert [t.startswith(s) for t, s in zip(inserted.told(), starts, strict=True)] == [True, True]


def test_an_offset_that_is_missing_is_told_when_all_must_be_stored(inserted: Scene) -> None:
    inserted.fill()
    inserted.change("next_offset = NULL, backend_pid = NULL, epoch = 2")
    assert inserted.verdict()["anomalies"] == {"offset": 1, "phantom": 14}


def test_an_offset_of_a_partition_that_is_not_there_is_told(inserted: Scene) -> None:
    inserted.fill()
    inserted.execute(
        "INSERT INTO sinkworker_offsets (connector, topic, partition, next_offset) "
        "VALUES (%s, %s, 7, 22)", CONNECTOR, inserted.written.topic,
    )  # fmt: skip
    assert inserted.told() == ["offset: partition 7: 22 is stored, there is no such log"]


def test_an_offset_that_moved_back_is_told(inserted: Scene) -> None:
    inserted.fill()
    inserted.move(3)
    inserted.move(inserted.written.end)
    assert inserted.told() == ["offset: partition 0: back from 22 to 3"]


def test_a_claim_that_moved_an_offset_back_is_told(inserted: Scene) -> None:
    inserted.fill()
    inserted.change("epoch = 2, next_offset = 3")
    inserted.move(inserted.written.end)
    assert inserted.told() == ["offset: partition 0: back from 22 to 3"]


def test_an_operator_may_move_an_offset_back(inserted: Scene) -> None:
    inserted.fill()
    inserted.change("epoch = 2, next_offset = 3, owner = NULL, backend_pid = NULL")
    inserted.change("epoch = 3, owner = 'worker', backend_pid = pg_backend_pid()")
    inserted.move(inserted.written.end)
    assert inserted.told() == []


# epochs


def test_a_commit_after_somebody_else_claimed_is_told(inserted: Scene) -> None:
    inserted.fill(offset=inserted.written.last)
    heir = inserted.other()
    for p in (0, 1):
        heir.change("epoch = 2, backend_pid = pg_backend_pid()", p=p)
    heir.move(heir.written.end, 1)
    inserted.move(inserted.written.end, 0)
    assert inserted.told() == [
        f"epoch: partition 0: 18 to 22 by server process {inserted.pid()}; "
        f"epoch 2 belongs to {heir.pid()}"
    ]
    heir.database.close()


def test_a_commit_after_somebody_else_claimed_without_a_new_epoch_is_told(inserted: Scene) -> None:
    inserted.fill(offset=inserted.written.last)
    heir = inserted.other()
    heir.change("backend_pid = pg_backend_pid()", p=1)
    inserted.move(inserted.written.end, 0)
    inserted.move(inserted.written.end, 1)
    assert inserted.told() == [
        f"epoch: partition 1: 18 to 22 by server process {inserted.pid()}; "
        f"epoch 1 belongs to {heir.pid()}"
    ]
    heir.database.close()


def test_an_epoch_that_falls_is_told(inserted: Scene) -> None:
    inserted.fill()
    inserted.change("epoch = 0")
    assert inserted.told() == ["epoch: partition 0: from 1 back to 0"]


def test_an_epoch_that_starts_again_with_a_new_row_is_told(inserted: Scene) -> None:
    inserted.fill()
    inserted.change("epoch = 2")
    inserted.execute("DELETE FROM sinkworker_offsets WHERE partition = 0")
    inserted.execute(
        "INSERT INTO sinkworker_offsets (connector, topic, partition, next_offset, epoch) "
        "VALUES (%s, %s, 0, 22, 1)", CONNECTOR, inserted.written.topic,
    )  # fmt: skip
    assert inserted.told() == ["epoch: partition 0: from 2 back to 1"]


# snapshots


def test_a_snapshot_of_rows_without_their_offset_is_torn(scene: Scene) -> None:
    scene.fill(15, offset=scene.written.last - 1)
    scene.store(scene.committed(0, 15))
    scene.observe()
    scene.store(scene.committed(1, 15))
    scene.move(scene.written.end, 0)
    scene.move(scene.written.end, 1)
    torn = set(scene.told())
    assert torn
    assert all(t.startswith("torn: snapshot ") and "partition 0 at offset 17" in t for t in torn)


def test_a_snapshot_of_an_offset_without_its_rows_is_torn(scene: Scene) -> None:
    scene.fill(15)
    scene.store(scene.committed(0, 15))
    scene.observe()
    scene.store(scene.committed(1, 15))
    torn = set(scene.told())
    assert torn
    assert all(t.startswith("torn: snapshot ") and "partition 1 at offset 22" in t for t in torn)


def test_a_snapshot_of_as_many_rows_with_another_body_is_torn(scene: Scene) -> None:
    scene.fill()
    where = f"{scene.written.table} SET body = %s || substr(body, 2) WHERE p = 0 AND n = 15"
    scene.execute(f"UPDATE {where}", "C")
    scene.observe()
    scene.execute(f"UPDATE {where}", MARK[0])
    torn = set(scene.told())
    assert torn
    assert all(t.startswith("torn: snapshot ") and "partition 0 at offset 22" in t for t in torn)


# logs


@pytest.mark.parametrize("canary", [SECRET, MARK])
def test_a_password_or_a_record_in_any_log_is_told_with_its_line(
    inserted: Scene, canary: str
) -> None:
    inserted.fill()
    inserted.log("Opened", "Stopped")
    inserted.log("Opened", f"connecting: {canary}!", "Stopped")
    assert inserted.told() == ["secret: worker-1.log:2"]
