"""The judge of a round, a program of its own: python -m tests.faults.checker CASE.json

Owns the comparison of the log with the table, the offsets, their moves, the snapshots and the workers'
logs. Prints one JSON object: how much was compared, and every anomaly with where it was found. Must
not use any of the worker's code.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg

from tests.faults import history
from tests.faults.cargo import MARK, SECRET, Cargo, State
from tests.faults.history import NOTHING, History, PartitionLog
from tests.services.kafka_tools import KafkaTools

SHOWN = 5
"""Of each kind of anomaly so many are told one by one."""


@dataclass(frozen=True)
class Case:
    """Where to look. complete: everything that Kafka holds must be stored by now.

    stopped: [partition, offset] of those that rightly stand still, and where.
    kept: a copy of a log that was damaged later (`history.keep`).
    gone: [partition, first, past the last] of what Kafka lost before anybody could read it.
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


class Findings:
    """Anomalies by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.shown: list[str] = []

    def add(self, kind: str, where: object) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= SHOWN:
            self.shown.append(f"{kind}: {where}")


def check(case: Case) -> dict[str, Any]:
    """Compare everything; what main prints."""
    log = history.read(KafkaTools(case.bootstrap), case.topic, case.table, case.kept, case.gone)
    findings = Findings()
    with psycopg.connect(case.url, autocommit=True) as connection:
        stored = _stored(connection, case)
        _check_offsets(findings, case, log, stored)
        _check_rows(findings, connection, case, log, stored)
        _check_moves(findings, connection, case)
    snapshots = _check_snapshots(findings, case, log)
    _check_logs(findings, case)
    return {
        "records": sum(log.partitions[p].count_before(stored.get(p, 0)) for p in log.partitions),
        "aborted": len(log.aborted),
        "snapshots": snapshots,
        "anomalies": dict(findings.counts),
        "shown": findings.shown,
    }


def _stored(connection: psycopg.Connection[Any], case: Case) -> dict[int, int]:
    query = (
        "SELECT partition, next_offset FROM sinkworker_offsets "
        "WHERE connector = %s AND topic = %s AND next_offset IS NOT NULL"
    )
    return dict(connection.execute(query, [case.connector, case.topic]).fetchall())


def _check_offsets(findings: Findings, case: Case, log: History, stored: dict[int, int]) -> None:
    """A stored offset lies in the log; after a complete round it is the log's end."""
    for p in stored.keys() - log.partitions.keys():
        findings.add("offset", f"partition {p}: {stored[p]} is stored, there is no such log")
    stopped = dict(case.stopped)
    for p, partition in log.partitions.items():
        offset, wanted = stored.get(p, 0), stopped.get(p, partition.end)
        if offset > partition.end or (case.complete and offset != wanted):
            findings.add("offset", f"partition {p}: {offset} is stored instead of {wanted}, the log "
                         f"ends at {partition.end}")  # fmt: skip


# rows


def _check_rows(
    findings: Findings, connection: psycopg.Connection[Any], case: Case, log: History,
    stored: dict[int, int],
) -> None:  # fmt: skip
    columns, order = "p, n, k, body", "landed" if case.table == "inserted" else "p, n"
    rows = connection.execute(f"SELECT {columns} FROM {case.table} ORDER BY {order}")
    found: dict[int, list[Cargo]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Cargo(*row))
    for p in found.keys() - log.partitions.keys():
        findings.add("phantom", f"{len(found[p])} rows of partition {p}, which is not in the log")
    for p, partition in log.partitions.items():
        wanted = _wanted(partition, stored.get(p, 0), case.table)
        _compare(findings, p, wanted, found.get(p, []), log.aborted)


def _wanted(log: PartitionLog, offset: int, table: str) -> list[Cargo]:
    records = log.records[: log.count_before(offset)]
    if table == "inserted":
        return records
    last = {record.k: record for record in records}
    return sorted(record for record in last.values() if record.body is not None)


def _compare(
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
    _compare_order(findings, p, [row.n for row in found])


def _compare_order(findings: Findings, p: int, numbers: list[int]) -> None:
    for before, after in pairwise(numbers):
        if after < before:
            findings.add("order", f"partition {p}: number {after} stands after {before}")


# moves


def _check_moves(findings: Findings, connection: psycopg.Connection[Any], case: Case) -> None:
    """Epochs only rise, and only the last claimant's server process moves an offset."""
    query = (
        "SELECT partition, epoch_before, epoch, next_before, next_offset, claimant, writer "
        "FROM moves WHERE connector = %s AND topic = %s ORDER BY seq"
    )
    epochs: dict[int, int] = {}
    for p, epoch_before, epoch, before, after, claimant, writer in connection.execute(
        query, [case.connector, case.topic]
    ):
        last = epochs.get(p, 0)
        if epoch < last:
            findings.add("epoch", f"partition {p}: from {last} back to {epoch}")
        if epoch_before == epoch and after != before and claimant != writer:
            findings.add(
                "epoch", f"partition {p}: {before} to {after} by server process {writer}; epoch "
                f"{epoch} belongs to {claimant}"
            )  # fmt: skip
        is_workers = claimant is not None  # others may move an offset to wherever they wish
        if is_workers and before is not None and after is not None and after < before:
            findings.add("offset", f"partition {p}: back from {before} to {after}")
        epochs[p] = epoch


# snapshots and logs


def _check_snapshots(findings: Findings, case: Case, log: History) -> int:
    """In each, what the rows amount to is what the log amounts to at the stored offset."""
    count = 0
    for snapshot in _snapshots(case):
        count += 1
        rows = {p: State(n, last, int(total)) for p, n, last, total in snapshot["rows"]}
        offsets = {p: at for topic, p, at in snapshot["offsets"] if topic == case.topic}
        for p, partition in log.partitions.items():
            wanted, found = partition.state_at(offsets.get(p) or 0), rows.get(p, NOTHING)
            if not _agree(case.table, wanted, found):
                findings.add("torn", f"snapshot {count}, partition {p} at offset {offsets.get(p)}: "
                             f"{found} instead of {wanted}")  # fmt: skip
    return count


def _agree(table: str, wanted: State, found: State) -> bool:
    """The last number is told of inserts only: of upserts the row may have been deleted since."""
    is_same = (wanted.count, wanted.hash) == (found.count, found.hash)
    return is_same and (table == "upserted" or wanted.last == found.last)


def _snapshots(case: Case) -> Iterator[dict[str, Any]]:
    file = Path(case.snapshots)
    if file.exists():
        yield from map(json.loads, file.read_text().splitlines())


def _check_logs(findings: Findings, case: Case) -> None:
    for log in case.logs:
        for number, line in enumerate(Path(log).read_text(errors="replace").splitlines(), 1):
            if SECRET in line or MARK in line:
                findings.add("secret", f"{Path(log).name}:{number}")


def main() -> None:
    case = Case(**json.loads(Path(sys.argv[1]).read_text()))
    print(json.dumps(check(case)))


if __name__ == "__main__":
    main()
