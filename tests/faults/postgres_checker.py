"""The judge of a round whose records land in Postgres: rows, moves of the offsets, snapshots.

Owns what is right in a database. Must not use any of the worker's code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults import rewinds
from tests.faults.cargo import Cargo, State
from tests.faults.findings import Case, Findings, compare, snapshots
from tests.faults.history import NOTHING, History, PartitionLog
from tests.faults.observer import STEPS
from tests.faults.rewinds import Step


def examine(findings: Findings, case: Case, log: History) -> tuple[dict[int, int], int]:
    """The stored offsets, and how many snapshots there were."""
    with psycopg.connect(case.url, autocommit=True) as connection:
        stored = _stored(connection, case)
        _check_rows(findings, connection, case, log, stored)
        _check_moves(findings, connection, case)
        _check_ledger(findings, connection, case)
        if case.asked is not None:
            _check_asked(findings, connection, case)
    return stored, _check_snapshots(findings, case, log)


def _stored(connection: psycopg.Connection[Any], case: Case) -> dict[int, int]:
    query = (
        "SELECT partition, next_offset FROM sinkworker_offsets "
        "WHERE connector = %s AND topic = %s AND next_offset IS NOT NULL"
    )
    return dict(connection.execute(query, [case.connector, case.topic]).fetchall())


# rows


def _check_rows(
    findings: Findings, connection: psycopg.Connection[Any], case: Case, log: History,
    stored: dict[int, int],
) -> None:  # fmt: skip
    order = "landed" if case.table == "inserted" else "p, n"
    cursor = connection.cursor(row_factory=dict_row)
    found: dict[int, list[Cargo]] = {}
    for row in cursor.execute(f"SELECT * FROM {case.table} ORDER BY {order}"):
        record = Cargo(**{name: row[name] for name in Cargo._fields if name in row})
        found.setdefault(record.p, []).append(record)
    for p in found.keys() - log.partitions.keys():
        findings.add("phantom", f"{len(found[p])} rows of partition {p}, which is not in the log")
    steps = _steps(connection.execute(STEPS, [case.connector]).fetchall(), case)
    for p, partition in log.partitions.items():
        rows = found.get(p, [])
        if case.asked is None:
            there_must_be = wanted(partition, stored.get(p, 0), case.table)
            compare(findings, p, there_must_be, rows, log.aborted)
        else:
            asked_for = rewinds.stretches(steps[p], stored.get(p))
            rewinds.compare(findings, p, rewinds.records(partition, asked_for), rows)


def _steps(rows: Iterable[Sequence[Any]], case: Case) -> Mapping[int, Sequence[Step]]:
    """Those of each partition."""
    steps: defaultdict[int, list[Step]] = defaultdict(list)
    for topic, p, *step in rows:
        if topic == case.topic:
            steps[p].append(Step(*step))
    return steps


def wanted(log: PartitionLog, offset: int, table: str) -> list[Cargo]:
    """A key's later record wins; a field that it lacks is left as it is."""
    records = log.records[: log.count_before(offset)]
    if table == "inserted":
        return records
    rows: dict[str, Cargo] = {}
    for record in records:
        before = rows.pop(record.k, None)
        if record.body is not None:
            rows[record.k] = before._replace(**record.fields()) if before else record
    return sorted(rows.values(), key=lambda row: row.n)


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


# ledger


def _check_ledger(findings: Findings, connection: psycopg.Connection[Any], case: Case) -> None:
    """Commits lie end to end, their counts add up, and the last one is where the offset stands."""
    query = (
        "SELECT partition, kind, from_offset, to_offset, records + errant + filtered + gaps "
        "FROM sinkworker_ledger WHERE connector = %s AND topic = %s ORDER BY number"
    )
    at: dict[int, int | None] = {}
    for p, kind, start, end, counted in connection.execute(query, [case.connector, case.topic]):
        if kind == "commit" and start != at.get(p):
            findings.add("ledger", f"partition {p}: a commit from {start} after {at.get(p)}")
        if kind == "commit" and end - start != counted:
            findings.add("ledger", f"partition {p}: {start} to {end} counts {counted}")
        if kind != "replay":
            at[p] = end
    claimed = (
        "SELECT partition, next_offset FROM sinkworker_offsets "
        "WHERE connector = %s AND topic = %s AND owner IS NOT NULL AND next_offset IS NOT NULL"
    )
    for p, offset in connection.execute(claimed, [case.connector, case.topic]):
        if at.get(p) != offset:
            findings.add("ledger", f"partition {p}: it ends at {at.get(p)}, the offset is {offset}")


def _check_asked(findings: Findings, connection: psycopg.Connection[Any], case: Case) -> None:
    """Nobody but the operator moved an offset back or on."""
    rows = connection.execute(STEPS, [case.connector]).fetchall()
    for p, steps in _steps(rows, case).items():
        altered = [step.end for step in steps if step.kind == "alter"]
        asked = [offset for partition, offset in case.asked or () if partition == p]
        if altered != asked:
            findings.add("ledger", f"partition {p}: altered to {altered}, asked for {asked}")


# snapshots


def _check_snapshots(findings: Findings, case: Case, log: History) -> int:
    """In each, what the rows amount to is what the log amounts to at the stored offset."""
    count = 0
    for snapshot in snapshots(case):
        count += 1
        rows = {p: State(n, last, int(total)) for p, n, last, total in snapshot["rows"]}
        offsets = {p: at for topic, p, at in snapshot["offsets"] if topic == case.topic}
        steps = _steps(snapshot.get("steps", ()), case)
        for p, partition in log.partitions.items():
            found, wanted = rows.get(p, NOTHING), partition.state_at(offsets.get(p) or 0)
            if case.asked is not None:
                asked_for = rewinds.stretches(steps.get(p, ()), offsets.get(p))
                wanted = rewinds.amount(partition, asked_for)
            if not _agree(case, wanted, found):
                findings.add("torn", f"snapshot {count}, partition {p} at offset {offsets.get(p)}: "
                             f"{found} instead of {wanted}")  # fmt: skip
    return count


def _agree(case: Case, wanted: State, found: State) -> bool:
    """The last number is told where there is a row of every record, and of none twice."""
    is_same = (wanted.count, wanted.hash) == (found.count, found.hash)
    is_last_told = case.table == "inserted" and case.asked is None
    return is_same and (wanted.last == found.last or not is_last_told)
