"""The file sink's ledger: lines and offsets become durable together, or leave no trace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from connectors.file import ledger as ledger_module
from connectors.file.ledger import FileLedger
from sinkworker.api import (
    Advance,
    Alteration,
    Claim,
    ConnectError,
    FencedError,
    Offset,
    RetriableError,
    StoredOffset,
    TopicPartition,
)
from tests.services.process import wait_until

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "alerts.txt"


def ledger(file: Path, connector: str = "alerts-to-file") -> FileLedger:
    return FileLedger(connector, file)


def claim(file: Path, *partitions: TopicPartition, owner: str = "one") -> dict[Any, Claim]:
    return ledger(file).claim(dict.fromkeys(partitions or (P0,), Offset(0)), owner)


def append(
    file: Path, lines: bytes, to: int, claimed: Claim, partition: TopicPartition = P0
) -> Claim:
    """A flush from where the claim stands; returns where it stands then."""
    target = claimed.resume._replace(next=to)
    advance = Advance(claimed.epoch, claimed.resume.next, target, to - claimed.resume.next)
    ledger(file).append(lines, {partition: advance})
    return Claim(target, claimed.epoch)


def sidecar(file: Path) -> Path:
    return file.with_name(file.name + ".offsets.json")


def committed(file: Path) -> bytes:
    """What a reader sees."""
    return file.read_bytes()[: json.loads(sidecar(file).read_text())["length"]]


NOT_OURS = "it is not what this sink writes"
WITH_PARTITIONS = '{"version": 1, "connector": "alerts-to-file", "length": 0, "partitions": %s}'


class Killed(BaseException):
    """The process ended here."""


@contextmanager
def dying_before_the_rename(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lines are on the disk and the sidecar is not replaced yet."""

    def replace(self: Path, target: Path) -> Path:
        raise Killed

    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(Path, "replace", replace)
        yield
        raise AssertionError("it went on")


def test_lines_and_offset_move_together(file: Path) -> None:
    claimed = append(file, b"a\nb\n", 2, claim(file)[P0])
    append(file, b"c\n", 3, claimed)
    assert file.read_bytes() == b"a\nb\nc\n"
    assert ledger(file).read()[P0] == StoredOffset(3, None, None, None, 1, "one")


def test_an_offset_may_move_without_lines_and_makes_no_file(file: Path) -> None:
    append(file, b"", 7, claim(file)[P0])
    assert ledger(file).read()[P0].next == 7
    assert not file.exists()


def test_a_crash_between_append_and_rename_leaves_no_trace(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = append(file, b"a\n", 1, claim(file)[P0])
    with dying_before_the_rename(monkeypatch):
        append(file, b"never happened\n", 2, claimed)
    assert file.read_bytes() == b"a\nnever happened\n"
    assert committed(file) == b"a\n"

    again = claim(file, owner="two")[P0]
    assert again == Claim(Offset(1), 2)
    append(file, b"b\n", 2, again)
    assert file.read_bytes() == b"a\nb\n"


def test_a_crash_in_the_first_flush_leaves_no_trace(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = claim(file)[P0]
    with dying_before_the_rename(monkeypatch):
        append(file, b"a long line that never happened\n", 1, claimed)
    append(file, b"a\n", 1, claim(file)[P0])
    assert file.read_bytes() == b"a\n"


def test_a_crash_in_the_first_claim_leaves_no_trace(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dying_before_the_rename(monkeypatch):
        claim(file)
    assert ledger(file).read() == {}
    assert claim(file)[P0] == Claim(Offset(0), 1)


def test_content_that_was_there_before_the_first_claim_is_kept(file: Path) -> None:
    file.write_bytes(b"by hand\n")
    append(file, b"a\n", 1, claim(file)[P0])
    assert file.read_bytes() == committed(file) == b"by hand\na\n"


def test_a_later_owner_fences_the_earlier_one(file: Path) -> None:
    first = claim(file, owner="one")[P0]
    second = claim(file, owner="two")[P0]
    assert second == Claim(Offset(0), 2)
    with pytest.raises(FencedError) as fenced:
        append(file, b"stale\n", 1, first)
    assert str(fenced.value) == "alerts-0 was claimed by two"
    append(file, b"a\n", 1, second)
    assert file.read_bytes() == b"a\n"


def test_a_flush_from_another_offset_than_the_stored_one_is_refused(file: Path) -> None:
    claimed = claim(file)[P0]
    append(file, b"a\n", 1, claimed)
    with pytest.raises(FencedError):
        append(file, b"a\n", 1, claimed)
    assert file.read_bytes() == b"a\n"


def test_one_refused_partition_refuses_the_whole_flush(file: Path) -> None:
    claim(file, P0, P1)
    claim(file, P1, owner="two")
    advance = Advance(epoch=1, expected=0, to=Offset(1), records=1)
    with pytest.raises(FencedError):
        ledger(file).append(b"a\nb\n", {P0: advance, P1: advance})
    assert not file.exists()
    assert ledger(file).read()[P0].next == 0


def test_a_partition_nobody_claimed_is_refused(file: Path) -> None:
    with pytest.raises(FencedError) as fenced:
        append(file, b"a\n", 1, Claim(Offset(0), 1))
    assert str(fenced.value) == "alerts-0: its stored offset was changed from outside"


# operators


def test_a_seed_is_kept_and_never_replaced(file: Path) -> None:
    ledger(file).seed({P0: Offset(5), P1: Offset(6)})
    ledger(file).seed({P0: Offset(50)})
    assert ledger(file).read()[P0] == StoredOffset(5, None, None, None, 0, None)
    assert claim(file)[P0] == Claim(Offset(5), 1)


def test_an_alter_raises_the_epoch_and_fences_the_owner(file: Path) -> None:
    claimed = claim(file)[P0]
    assert ledger(file).alter({P0: Alteration(Offset(40))}) == {P0}
    assert ledger(file).read()[P0] == StoredOffset(40, None, None, None, 2, None)
    with pytest.raises(FencedError):
        append(file, b"stale\n", 1, claimed)


def test_an_alter_of_another_epoch_than_the_stored_one_changes_nothing(file: Path) -> None:
    claim(file, P0, P1)
    changed = ledger(file).alter(
        {P0: Alteration(Offset(40), epoch=0), P1: Alteration(Offset(40), epoch=1)}
    )
    assert changed == {P1}
    assert ledger(file).read()[P0].next == 0


def test_a_reset_forgets_the_ids_and_starts_anew_with_a_higher_epoch(file: Path) -> None:
    ledger(file).claim({P0: Offset(3, 1, "topic-id", "cluster")}, "one")
    ledger(file).alter({P0: Alteration(None)})
    assert ledger(file).read()[P0] == StoredOffset(None, None, None, None, 2, None)
    start = Offset(9, None, "another-id", "cluster")
    assert ledger(file).claim({P0: start}, "two") == {P0: Claim(start, 3)}


def test_a_claim_for_another_topic_of_the_same_name_changes_nothing(file: Path) -> None:
    ledger(file).claim({P0: Offset(3, None, "topic-id")}, "one")
    assert ledger(file).claim({P0: Offset(0, None, "another-id")}, "two") == {}
    assert ledger(file).read()[P0] == StoredOffset(3, None, "topic-id", None, 1, "one")


# what is refused


def test_a_file_of_another_connector_is_refused(file: Path) -> None:
    claim(file)
    with pytest.raises(ConnectError) as refused:
        ledger(file, "another").claim({P0: Offset(0)}, "two")
    assert str(refused.value) == (
        f"{file} belongs to connector alerts-to-file, not to another: give each connector a file "
        "of its own"
    )


@pytest.mark.parametrize("left", [None, b"", b"a\n"], ids=["removed", "emptied", "shortened"])
def test_a_file_that_somebody_shortened_is_refused(file: Path, left: bytes | None) -> None:
    """Appending at the sidecar's length would leave a hole of NULs."""
    claimed = append(file, b"a\nb\n", 2, claim(file)[P0])
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    with pytest.raises(ConnectError) as refused:
        append(file, b"c\n", 3, claimed)
    assert str(refused.value) == (
        f"{file} holds {len(left or b'')} bytes and its sidecar says 4: somebody shortened or "
        f"replaced it. Restore it, or remove it together with {sidecar(file)}."
    )
    assert ledger(file).read()[P0].next == 2
    assert (file.read_bytes() if file.exists() else None) == left


def test_a_sidecar_of_another_version_is_refused(file: Path) -> None:
    claim(file)
    content = json.loads(sidecar(file).read_text()) | {"version": 2}
    sidecar(file).write_text(json.dumps(content))
    with pytest.raises(ConnectError) as refused:
        claim(file)
    assert str(refused.value) == f"{sidecar(file)} was written by another version of this sink"


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ('{"version": 1, "conn', "Unterminated string starting at: line 1 column 16 (char 15)"),
        ("{}", NOT_OURS),
        ("[]", NOT_OURS),
        ("null", NOT_OURS),
        ('{"version": 1, "connector": "alerts-to-file", "length": 0}', NOT_OURS),
        (WITH_PARTITIONS % '["alerts"]', NOT_OURS),
        (WITH_PARTITIONS % '[{"topic": "alerts", "partition": 0}]', NOT_OURS),
        (WITH_PARTITIONS % "7", NOT_OURS),
    ],
)
def test_a_damaged_sidecar_is_refused(file: Path, content: str, flaw: str) -> None:
    claim(file)
    sidecar(file).write_text(content)
    with pytest.raises(ConnectError) as refused:
        claim(file)
    assert str(refused.value) == f"{sidecar(file)} is damaged: {flaw}"
    assert sidecar(file).read_text() == content


# the lock

HOLD = """
import sys
from pathlib import Path
from connectors.file.ledger import FileLedger
with FileLedger("alerts-to-file", Path(sys.argv[1]))._locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that is frozen while it holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"
    process.send_signal(signal.SIGSTOP)
    yield process
    process.kill()
    process.communicate()


def test_a_lock_that_a_frozen_process_holds_is_waited_for_and_names_it(
    file: Path, holder: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "LOCK_WITHIN_SECONDS", 0.1)
    with pytest.raises(RetriableError) as busy:
        claim(file)
    assert str(busy.value) == (f"{file}: process {holder.pid} holds the lock on {file}.lock")
    holder.kill()
    wait_until(lambda: holder.poll() is not None, 10, "the holder is gone")
    assert claim(file)[P0] == Claim(Offset(0), 1)


def test_reading_offsets_needs_no_lock(file: Path, holder: subprocess.Popen[bytes]) -> None:
    assert ledger(file).read() == {}
