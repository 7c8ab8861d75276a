"""What an operator's moves of the offsets make of a log: which records must be there, how often, in
which order.

Owns the arithmetic, from the ledger's steps alone: a rewind from A to B asks for exactly [B, A) once
more, a skip leaves out exactly what it passes over. Pure. Must not use any of the worker's code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.faults.cargo import Cargo, State
from tests.faults.findings import Findings
from tests.faults.history import PartitionLog


class Step(NamedTuple):
    """Of one partition. kind: claim or alter. start, end: offsets; None: of a reset, until somebody
    claims."""

    kind: str
    start: int | None
    end: int | None


Stretch = tuple[int, int]
"""The first offset, and the one after the last."""


def stretches(steps: Iterable[Step], stored: int | None) -> list[Stretch]:
    """What was to be written, one after the other. stored: where the offset stands after these steps."""
    found: list[Stretch] = []
    begin: int | None = 0
    for step in steps:
        if step.kind == "alter":
            if begin is not None and step.start is not None:
                found.append((begin, step.start))
            begin = step.end
        elif begin is None:
            begin = step.end
    if begin is not None and stored is not None:
        found.append((begin, stored))
    return found


def records(log: PartitionLog, wanted: Sequence[Stretch]) -> list[Cargo]:
    return [
        record
        for begin, end in wanted
        for record in log.records[log.count_before(begin) : log.count_before(end)]
    ]


def amount(log: PartitionLog, wanted: Sequence[Stretch]) -> State:
    """What these records amount to; nobody asks for the last of them."""
    ends = [(log.state_at(begin), log.state_at(end)) for begin, end in wanted]
    count = sum(end.count - begin.count for begin, end in ends)
    return State(count, -1, sum(end.hash - begin.hash for begin, end in ends))


def compare(findings: Findings, p: int, wanted: Sequence[Cargo], found: Sequence[Cargo]) -> None:
    """Each as often as it was asked for, and in that order."""
    if wanted == found:
        return
    times, expected = Counter(found), Counter(wanted)
    for record in (expected - times).keys() | (times - expected).keys():
        there, due = times[record], expected[record]
        where = f"partition {p} number {record.n}: {there} times instead of {due}"
        kind = "lost" if there < due else "duplicated" if due else "not asked for"
        findings.add(kind, where)
    if times == expected:
        pairs = zip(wanted, found, strict=True)
        at = next(i for i, (due, there) in enumerate(pairs) if due != there)
        findings.add("order", f"partition {p}: not as asked for from row {at} on")
