"""The judge of a round whose records land in Postgres: rows, moves of the offsets, snapshots.

Owns what is right in a database. Must not use any of the worker's code.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults.cargo import Cargo, State
from tests.faults.findings import Case, Findings, compare, snapshots
from tests.faults.history import NOTHING, History, PartitionLog


def examine(findings: Findings, case: Case, log: History) -> tuple[dict[int, int], int]:
    """The stored offsets, and how many snapshots there were."""
    with psycopg.connect(case.url, autocommit=True) as connection:
        stored = _stored(connection, case)
        _check_rows(findings, connection, case, log, stored)
        _check_moves(findings, connection, case)
        _check_ledger(findings, connection, case)
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
    for p, partition in log.partitions.items():
        there_must_be = wanted(partition, stored.get(p, 0), case.table)
        compare(findings, p, there_must_be, found.get(p, []), log.aborted)


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


# snapshots


def _check_snapshots(findings: Findings, case: Case, log: History) -> int:
    """In each, what the rows amount to is what the log amounts to at the stored offset."""
    count = 0
    for snapshot in snapshots(case):
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
