"""The judge of a round whose records land in a bucket: links, epochs, ranges, files, snapshots.

Owns what is right in a chain, and that each commit holds exactly the records of its range. Must not use
any of the worker's code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from tests.faults.cargo import Cargo
from tests.faults.chains import Chains, Entry, number, unpacked
from tests.faults.findings import Case, Findings, compare, compare_order, snapshots
from tests.faults.history import History, PartitionLog

NO_LOG = PartitionLog(0, 0)


def examine(findings: Findings, case: Case, log: History) -> tuple[dict[int, int], int]:
    """The stored offsets, and how many snapshots there were."""
    chains = Chains(case.url, case.connector, case.topic)
    walked = {p: _Walk(findings, chains, log, p).walk() for p in chains.partitions()}
    chains.close()
    count = _check_snapshots(findings, case, log, walked)
    newest = {p: entries[-1]["next_offset"] for p, entries in walked.items() if entries}
    return {p: offset for p, offset in newest.items() if offset is not None}, count


class _Walk:
    """One partition's chain, from its first entry to its newest."""

    def __init__(self, findings: Findings, chains: Chains, log: History, p: int) -> None:
        self._findings, self._chains, self._p, self._aborted = findings, chains, p, log.aborted
        self._log = log.partitions.get(p, NO_LOG)
        self._offsets = {
            r.n: at for at, r in zip(self._log.offsets, self._log.records, strict=True)
        }
        self._named: set[str] = set()

    def walk(self) -> list[Entry]:
        keys, entries = list(self._chains.keys(self._p)), list[Entry]()
        for key in reversed(keys):
            entry = self._chains.entry(key)
            self._check_link(key, entry, entries[-1] if entries else None)
            self._check_files(entry)
            entries.append(entry)
        return entries

    def _tell(self, kind: str, entry: Entry, what: object) -> None:
        self._findings.add(kind, f"partition {self._p} entry {entry['seq']}: {what}")

    def _check_link(self, key: str, entry: Entry, last: Entry | None) -> None:
        before = last or {"seq": 0, "id": None, "epoch": 0, "next_offset": None, "owner": None}
        wanted = before["seq"] + 1, before["id"], before["next_offset"]
        found = entry["seq"], entry["prev_id"], entry["from"]
        if found != wanted or number(key) != entry["seq"]:
            self._tell("chain", entry, f"{key} says {found} instead of {wanted}")
        epoch = before["epoch"] + (entry["type"] in {"claim", "alter"})
        if entry["epoch"] != epoch:
            self._tell("epoch", entry, f"{entry['type']} by {entry['epoch']} instead of {epoch}")
        if entry["type"] == "commit":
            self._check_commit(entry, before)
        elif entry["files"]:
            self._tell("chain", entry, "it has files and is no commit")

    def _check_commit(self, entry: Entry, before: Entry) -> None:
        if entry["owner"] != before["owner"] or entry["owner"] is None:
            self._tell("epoch", entry, f"by {entry['owner']} under {before['owner']}'s claim")
        if entry["next_offset"] < entry["from"]:
            self._tell("offset", entry, f"back from {entry['from']} to {entry['next_offset']}")
        told, counts = sum(file["count"] for file in entry["files"]), entry["counts"]
        if (
            told != counts["records"]
            or sum(counts.values()) != entry["next_offset"] - entry["from"]
        ):
            self._tell("chain", entry, f"counts {counts} with {told} records in files")

    # files

    def _check_files(self, entry: Entry) -> None:
        if entry["type"] != "commit":
            return
        first, past = (self._log.count_before(entry[at]) for at in ("from", "next_offset"))
        found = [record for file in entry["files"] for record in self._records(entry, file)]
        wanted = self._log.records[first:past]
        compare(self._findings, self._p, wanted, sorted(found, key=lambda r: r.n), self._aborted)

    def _records(self, entry: Entry, file: dict[str, Any]) -> Sequence[Cargo]:
        key, content = file["key"], self._chains.get(file["key"])
        if content is None:
            self._tell("missing", entry, key)
            return ()
        if (len(content), hashlib.sha256(content).hexdigest()) != (file["bytes"], file["sha256"]):
            self._tell("changed", entry, f"{key} has other bytes")
        if key in self._named:
            self._tell("duplicated", entry, f"{key} was named before")
        self._named.add(key)
        records = unpacked(key, content)
        self._check_range(entry, file, records)
        return records

    def _check_range(self, entry: Entry, file: dict[str, Any], records: Sequence[Cargo]) -> None:
        numbers = [record.n for record in records]
        told = file["first"], file["last"], file["count"]
        ends = [self._offsets.get(n) for n in (*numbers[:1], *numbers[-1:])]
        found = (*ends, len(numbers))
        if told != found:
            self._tell("changed", entry, f"{file['key']} holds {found} and is to hold {told}")
        compare_order(self._findings, self._p, numbers)


# snapshots


def _check_snapshots(
    findings: Findings, case: Case, log: History, walked: dict[int, list[Entry]]
) -> int:
    """What could be read through a chain's newest entry was what the log holds of its commits."""
    count = 0
    amounts = {p: _amounts(log.partitions.get(p, NO_LOG), each) for p, each in walked.items()}
    for snapshot in snapshots(case):
        count += 1
        for p, seq, entry_id, next_offset, records, total in snapshot["chains"]:
            entry = walked[p][seq - 1] if seq <= len(walked.get(p, ())) else {}
            if (entry.get("id"), entry.get("next_offset")) != (entry_id, next_offset):
                findings.add("chain", f"snapshot {count}: entry {seq} of {p} was another one")
            elif amounts[p][seq] != (records, int(total)):
                findings.add("torn", f"snapshot {count}, partition {p} at offset {next_offset}: "
                             f"{(records, total)} instead of {amounts[p][seq]}")  # fmt: skip
    return count


def _amounts(log: PartitionLog, entries: Sequence[Entry]) -> list[tuple[int, int]]:
    """How many records the first of these entries commit, and the sum of their hashes: for each."""
    found = [(0, 0)]
    for entry in entries:
        count, total = found[-1]
        if entry["type"] == "commit":
            begin, end = log.state_at(entry["from"]), log.state_at(entry["next_offset"])
            count, total = count + end.count - begin.count, total + end.hash - begin.hash
        found.append((count, total))
    return found
