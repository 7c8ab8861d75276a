"""`sinkworker demo` as users run it: what it proves, what it leaves behind, and that it can fail."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.services.process import wait_until

PLUGINS = Path(__file__).parent / "plugins"
RECORDS = 4_000


class Demo:
    """One run. Everything it starts inherits a mark, by which it is found again."""

    def __init__(self, place: Path, *options: str) -> None:
        self.place, self._mark = place, uuid.uuid4().hex
        self._output = place.with_suffix(f".{self._mark}")
        environment = {"TMPDIR": str(place), "MARK": self._mark, "PYTHONPATH": str(PLUGINS)}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sinkworker", "demo", *options],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=os.environ | environment,
            )  # fmt: skip

    def wait(self) -> int:
        return self.process.wait(120)

    def output(self) -> str:
        return self._output.read_text()

    def told(self, word: str) -> str:
        """What the step with this word says."""
        (text,) = re.findall(rf"^{word} +(.*)$", self.output(), re.MULTILINE)
        return str(text)

    def proof(self) -> list[str]:
        _, _, lines = self.output().partition("\nproof ")
        return [line.strip() for line in lines.splitlines()]

    def at_the_kill(self) -> tuple[int, int]:
        """Rows, and the sum of stored offsets."""
        told = self.told("kill -9")
        found = re.search(rf"(\d+) of {RECORDS} rows landed, stored offsets sum to (\d+)$", told)
        assert found is not None, told
        return int(found[1]), int(found[2])

    def processes(self) -> list[psutil.Process]:
        return [each for each in psutil.process_iter() if self._is_marked(each)]

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("MARK") == self._mark
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def runs(self, command: str) -> bool:
        """Whether a process of it has this in its command line."""
        with suppress(psutil.NoSuchProcess):  # ended while we asked
            return any(command in " ".join(process.cmdline()) for process in self.processes())
        return False

    def left_behind(self) -> list[object]:
        """Processes and files."""
        return [*self.processes(), *self.place.iterdir()]

    def end(self) -> None:
        for process in self.processes():
            process.kill()
        self._output.unlink()


Start = Callable[..., Demo]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts demos in a folder that is theirs alone, and that Postgres may pass as somebody else."""
    demos: list[Demo] = []
    with tempfile.TemporaryDirectory(prefix="demos-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)

        def begin(*options: str) -> Demo:
            folder = Path(place) / str(len(demos))
            folder.mkdir(mode=0o755)
            demos.append(Demo(folder, *options))
            return demos[-1]

        yield begin
        for demo in demos:
            demo.end()


def test_two_demos_side_by_side_are_killed_go_on_and_prove_that_nothing_is_lost(
    start: Start, tmp_path: Path
) -> None:
    demos = [
        start("--records", str(RECORDS), "--seed", seed, "--report", str(tmp_path / seed))
        for seed in ("1", "2")
    ]
    for demo in demos:
        assert demo.wait() == 0, demo.output()
        assert demo.proof()[:3] == [
            f"produced {RECORDS}  rows {RECORDS}  missing 0  duplicates 0",
            "unknown 0  out of order 0  partitions stored up to their ends 16 of 16",
            "holds: every record is there once, and in order",
        ]
        assert demo.proof()[-1] == "16 partition(s), no gap, no overlap, 0 rewind(s)."
        rows, stored = demo.at_the_kill()
        assert 0 < rows == stored < RECORDS
        assert demo.told("stop") == "the worker ended with exit code 0"
        assert demo.left_behind() == []
    assert {path.name for path in (tmp_path / "1").iterdir()} == {
        "coverage.svg", "epochs.svg", "rates.svg", "lag.svg",
    }  # fmt: skip
    assert " epochs of 2 owner(s)" in (tmp_path / "1" / "epochs.svg").read_text()


def test_with_files_in_s3_it_is_killed_goes_on_and_proves_by_the_chains_that_nothing_is_lost(
    start: Start,
) -> None:
    demo = start("--sink", "s3", "--records", str(RECORDS))
    assert demo.wait() == 0, demo.output()
    assert demo.proof() == [
        f"produced {RECORDS}  rows {RECORDS}  missing 0  duplicates 0",
        "unknown 0  out of order 0  partitions stored up to their ends 16 of 16",
        "holds: every record is there once, and in order",
    ]
    rows, stored = demo.at_the_kill()
    assert 0 < rows == stored < RECORDS
    assert demo.told("s3").startswith("SeaweedFS ")
    assert demo.told("stop") == "the worker ended with exit code 0"
    assert demo.left_behind() == []


def test_a_worker_that_stores_offsets_before_rows_fails_the_proof(start: Start) -> None:
    """The same run with another sink: the proof can fail, and the kill is what makes it fail."""
    demo = start("--records", str(RECORDS), "--set", "connector.class=CommitsTooEarlySink")
    assert demo.wait() == 1, demo.output()
    rows, stored = demo.at_the_kill()
    lost = stored - rows
    assert lost > 0
    assert demo.proof() == [
        f"produced {RECORDS}  rows {RECORDS - lost}  missing {lost}  duplicates 0",
        "unknown 0  out of order 0  partitions stored up to their ends 16 of 16",
        "does not hold",
    ]
    assert demo.left_behind() == []


def test_what_is_before_a_failing_record_is_committed_and_can_be_looked_at_when_kept(
    start: Start,
) -> None:
    demo = start("--scenario", "failing-record", "--keep")
    assert demo.wait() == 0, demo.output()
    assert demo.told("failed").startswith(
        "Quarantined kinaction_alert-0. kinaction_alert-0 offset 3 failed in TASK_PUT: invalid text "
        "representation (22P02) in column stage_id."
    )
    assert demo.told("committed").startswith("alerts [0, 1, 2], and 3 as the next offset to read")

    query = "SELECT next_offset FROM sinkworker_offsets WHERE partition = 0"
    psql = [*shlex.split(demo.told("look")), "-tAc", query]
    assert subprocess.run(psql, capture_output=True, text=True, check=True).stdout == "3\n"
    assert demo.told("go on").startswith("sinkworker start ")
    assert demo.left_behind() != []
    subprocess.run(demo.told("end it"), shell=True, check=True)
    wait_until(lambda: not demo.left_behind(), 10, "nothing is left behind")


def test_files_with_what_is_before_a_failing_record_are_committed_and_listed_when_kept(
    start: Start,
) -> None:
    demo = start("--sink", "s3", "--scenario", "failing-record", "--keep")
    assert demo.wait() == 0, demo.output()
    assert demo.told("failed").startswith(
        "Quarantined kinaction_alert-0. kinaction_alert-0 offset 3 failed in TASK_PUT: "
        "partition.field.name level: a list cannot be a path"
    )
    assert demo.told("committed").startswith("alerts [0, 1, 2], and 3 as the next offset to read")

    look = [sys.executable, "-m", *shlex.split(demo.told("look")), "--json"]
    listed = subprocess.run(look, capture_output=True, text=True, check=True).stdout.splitlines()
    assert sum(json.loads(line)["count"] for line in listed) == 3
    subprocess.run(demo.told("end it"), shell=True, check=True)
    wait_until(lambda: not demo.left_behind(), 10, "nothing is left behind")


def test_a_signal_ends_everything_that_the_demo_started(start: Start) -> None:
    signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    demos = [start("--scenario", "failing-record", "--keep") for _ in signals]
    for demo, number in zip(demos, signals, strict=True):
        wait_until(lambda demo=demo: demo.runs("sinkworker start"), 60, "a worker")
        demo.process.send_signal(number)
    for demo, number in zip(demos, signals, strict=True):
        assert demo.wait() == 128 + number
        assert demo.output().endswith(
            f"{number.name}: everything that the demo started is ended and removed\n"
        )
        assert demo.left_behind() == []


def test_a_worker_that_ends_by_itself_is_told_with_the_end_of_its_log(start: Start) -> None:
    demo = start("--scenario", "failing-record", "--set", "connector.class=NoSuchSink")
    assert demo.wait() == 1
    assert "The worker ended by itself. The worker's log ends:" in demo.output()
    assert "There is no connector NoSuchSink" in demo.output()
    assert demo.left_behind() == []
