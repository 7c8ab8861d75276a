"""What every judge of a round works with: where to look, anomalies by kind, comparing records.

Owns what is an anomaly wherever records land. Must not know where that is, nor use any of the worker's
code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from json import loads
from pathlib import Path
from typing import Any

from tests.faults.cargo import MARK, SECRET, Cargo
from tests.faults.history import History
from tests.services.seaweed import SECRET_KEY

SHOWN = 5
"""Of each kind of anomaly so many are told one by one."""


@dataclass(frozen=True)
class Case:
    """Where to look. url: of a database, or of a store and its bucket.

    complete: everything that Kafka holds must be stored by now.
    stopped: [partition, offset] of those that rightly stand still, and where.
    kept: a copy of a log that was damaged later (`history.keep`).
    gone: [partition, first, past the last] of what Kafka lost before anybody could read it.
    letters: where dead letters are: a table, a topic, files; empty where there can be none.
    asked: [partition, offset] to which an operator moved offsets, in order; None for a reset, and for
    rounds without an operator.
    """

    bootstrap: str
    url: str
    connector: str
    topic: str
    table: str
    snapshots: str
    logs: list[str]
    complete: bool = True
    stopped: Sequence[tuple[int, int]] = ()
    kept: str | None = None
    gone: Sequence[tuple[int, int, int]] = ()
    letters: str = ""
    asked: Sequence[tuple[int, int | None]] | None = None


class Findings:
    """Anomalies by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.shown: list[str] = []

    def add(self, kind: str, where: object) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= SHOWN:
            self.shown.append(f"{kind}: {where}")


def check_offsets(findings: Findings, case: Case, log: History, stored: Mapping[int, int]) -> None:
    """A stored offset lies in the log; after a complete round it is the log's end."""
    for p in stored.keys() - log.partitions.keys():
        findings.add("offset", f"partition {p}: {stored[p]} is stored, there is no such log")
    stopped = dict(case.stopped)
    for p, partition in log.partitions.items():
        offset, wanted = stored.get(p, 0), stopped.get(p, partition.end)
        if offset > partition.end or (case.complete and offset != wanted):
            findings.add("offset", f"partition {p}: {offset} is stored instead of {wanted}, the log "
                         f"ends at {partition.end}")  # fmt: skip


def compare(
    findings: Findings, p: int, wanted: list[Cargo], found: list[Cargo], aborted: frozenset[Any]
) -> None:
    if wanted == found:
        return
    by_number, times = {r.n: r for r in wanted}, Counter(r.n for r in found)
    for n in by_number.keys() - times.keys():
        findings.add("lost", f"partition {p} number {n}")
    for n in (n for n, count in times.items() if count > 1):
        findings.add("duplicated", f"partition {p} number {n}: {times[n]} times")
    for row in found:
        if row.n not in by_number:
            findings.add("aborted" if (p, row.n) in aborted else "phantom", f"partition {p} {row}")
        elif row != by_number[row.n]:
            findings.add("changed", f"partition {p} number {row.n}")
    compare_order(findings, p, [row.n for row in found])


def compare_order(findings: Findings, p: int, numbers: Sequence[int]) -> None:
    for before, after in pairwise(numbers):
        if after < before:
            findings.add("order", f"partition {p}: number {after} stands after {before}")


def snapshots(case: Case) -> Iterator[dict[str, Any]]:
    file = Path(case.snapshots)
    if file.exists():
        yield from map(loads, file.read_text().splitlines())


def check_logs(findings: Findings, case: Case) -> None:
    for log in case.logs:
        for number, line in enumerate(Path(log).read_text(errors="replace").splitlines(), 1):
            if any(secret in line for secret in (SECRET, SECRET_KEY, MARK)):
                findings.add("secret", f"{Path(log).name}:{number}")
