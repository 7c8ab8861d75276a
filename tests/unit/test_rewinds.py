"""What an operator asked for: how often each record of a log must be there, and in which order."""

from __future__ import annotations

import pytest

from tests.faults.cargo import Cargo, State
from tests.faults.findings import Findings
from tests.faults.history import PartitionLog
from tests.faults.rewinds import Step, Stretch, amount, compare, records, stretches

RECORDS = [Cargo(0, n, "k", f"body {n}") for n in range(10)]


def claim(at: int) -> Step:
    return Step("claim", at, at)


def alter(start: int | None, end: int | None) -> Step:
    return Step("alter", start, end)


PATHS: dict[str, tuple[list[Step], int | None, list[Stretch]]] = {
    "nothing asked for": ([claim(0)], 10, [(0, 10)]),
    "claimed by several": ([claim(0), claim(4)], 10, [(0, 10)]),
    "a rewind": ([claim(0), alter(7, 4), claim(4)], 10, [(0, 7), (4, 10)]),
    "a skip": ([claim(0), alter(3, 5), claim(5)], 10, [(0, 3), (5, 10)]),
    "a rewind and a skip": ([alter(7, 2), alter(4, 6)], 10, [(0, 7), (2, 4), (6, 10)]),
    "a reset": ([claim(0), alter(7, None), claim(0)], 10, [(0, 7), (0, 10)]),
    "a reset that nobody has claimed yet": ([claim(0), alter(7, None)], None, [(0, 7)]),
    "a reset, and then an offset": ([alter(7, None), alter(None, 5)], 10, [(0, 7), (5, 10)]),
    "two resets": ([alter(7, None), alter(None, None), claim(0)], 3, [(0, 7), (0, 3)]),
}


@pytest.mark.parametrize(("steps", "stored", "expected"), PATHS.values(), ids=list(PATHS))
def test_what_was_to_be_written(
    steps: list[Step], stored: int | None, expected: list[Stretch]
) -> None:
    assert stretches(steps, stored) == expected


@pytest.fixture
def log() -> PartitionLog:
    """With a marker at offset 5."""
    offsets = [n + (n >= 5) for n in range(10)]
    states = [State(0, -1, 0)]
    for record in RECORDS:
        before = states[-1]
        states.append(State(before.count + 1, record.n, before.hash + record.hash()))
    return PartitionLog(0, 11, offsets, RECORDS, states)


def test_a_stretch_stands_for_its_records_in_their_order(log: PartitionLog) -> None:
    wanted = [(0, 6), (4, 8)]
    found = records(log, wanted)
    assert [record.n for record in found] == [0, 1, 2, 3, 4, 4, 5, 6]
    assert amount(log, wanted) == State(8, -1, sum(record.hash() for record in found))


WRONG = {
    "lost": ([0, 1, 1, 2], [0, 1, 2], ["lost: partition 0 number 1: 1 times instead of 2"]),
    "duplicated": ([0, 1], [0, 1, 1], ["duplicated: partition 0 number 1: 2 times instead of 1"]),
    "skipped": ([0], [0, 3], ["not asked for: partition 0 number 3: 1 times instead of 0"]),
    "order": ([0, 1], [1, 0], ["order: partition 0: not as asked for from row 0 on"]),
    "right": ([0, 1, 1], [0, 1, 1], []),
}


@pytest.mark.parametrize(("wanted", "found", "shown"), WRONG.values(), ids=list(WRONG))
def test_whatever_was_not_asked_for_is_told(
    wanted: list[int], found: list[int], shown: list[str]
) -> None:
    findings = Findings()
    compare(findings, 0, [RECORDS[n] for n in wanted], [RECORDS[n] for n in found])
    assert findings.shown == shown
