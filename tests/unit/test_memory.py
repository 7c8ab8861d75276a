"""What a worker's process does with memory that it no longer needs, and how long a turn is. In a process
of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

BATCH = """
from sinkworker.cli import memory
{setting}
batch = [b"x" * 100_000 for _ in range(500)]
batch.clear()
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmRSS")))
"""


def kib_left_after_a_batch(setting: str) -> int:
    said = subprocess.run(
        [sys.executable, "-c", BATCH.format(setting=setting)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(said.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_pages_of_a_batch_of_50_mb_stay_for_the_next_one() -> None:
    kept = kib_left_after_a_batch("memory.keep_freed_memory()")
    assert kept - kib_left_after_a_batch("") > 40_000


def test_the_garbage_collector_looks_at_records_rarely() -> None:
    code = """
import gc
from sinkworker.cli import memory
memory.collect_garbage_rarely()
memory.keep_what_is_loaded()
"""
    said = subprocess.run(
        [sys.executable, "-c", code + "print(gc.get_threshold(), gc.get_freeze_count() > 1000)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout == "(100000, 20, 50) True\n"


def test_threads_take_short_turns() -> None:
    code = "import sys\nfrom sinkworker.cli import turns\nturns.keep_short()\n"
    said = subprocess.run(
        [sys.executable, "-c", code + "print(sys.getswitchinterval())"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout == "0.001\n"
