"""Every technique that is asked for names a test on real Kafka, which exists and runs by default."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs" / "requirements.md").read_text().splitlines()
    if re.match(r"\| \d", line)
]


def named_tests(row: list[str]) -> list[str]:
    return re.findall(r"`(tests/[\w/]+\.py::\w+)`", row[3])


def test_every_requirement_is_there() -> None:
    assert [row[0].strip("| ") for row in ROWS] == [str(number) for number in range(1, 19)]
    assert all(len(row) == 4 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip("| "))
def test_it_names_a_test_or_says_what_there_is_not_yet(row: list[str]) -> None:
    assert named_tests(row) or "**Not yet**" in row[3]


def test_each_named_test_runs_by_default_and_needs_a_real_broker() -> None:
    named = {test for row in ROWS for test in named_tests(row)}
    collected = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--collect-only", "-q",
            "-p", "tests.architecture.shown_on_kafka", *sorted(named),
        ],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert collected.returncode == 0, collected.stdout
    assert set(re.findall(r"needs a broker: (\S+)", collected.stdout)) == named
