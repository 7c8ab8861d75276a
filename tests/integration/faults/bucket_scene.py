"""A chain and its files made by hand, as a faithful worker would have left them. To be doctored.

Owns what was in the log and what two commits made of it. Must not know the checker's way of reading.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.faults import s3_checker
from tests.faults.cargo import FOLDS, MARK, Cargo
from tests.faults.findings import Case, Findings
from tests.faults.history import History, PartitionLog
from tests.faults.observer import S3Observer
from tests.services.store import Store

CONNECTOR, TOPIC = "judged", "alerts"
FOLDER = f"_sinkworker/{CONNECTOR}/{TOPIC}/0/"
FIRST, SECOND = "data/first.json", "data/second.json"


def record(n: int, body: str = MARK) -> Cargo:
    return Cargo(0, n, f"0-{n % 4}", f"{body} {n}")


class BucketScene:
    """Offsets 0 to 9; the record of 4 was of an aborted transaction. A claim, then two commits."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store, self.home = store, home
        self.entries = [
            _entry(1, "claim", None, 0),
            _entry(2, "commit", 0, 6),
            _entry(3, "commit", 6, 10),
        ]
        self.files = {
            FIRST: [record(n) for n in (0, 1, 2, 3, 5)],
            SECOND: [record(n) for n in (6, 7, 8, 9)],
        }
        self.write()

    def write(self) -> None:
        """Everything, with what entries say of their files."""
        for entry, key in zip(self.entries[1:], self.files, strict=True):
            self.name(entry, key)
        for entry in self.entries:
            self.put(entry)

    def name(self, entry: dict[str, Any], key: str) -> None:
        """Let an entry commit this file, which is stored with it."""
        records = self.files[key]
        content = b"".join((each.encoded() or b"null") + b"\n" for each in records)
        self.store.put(key, content)
        file = {
            "key": key, "first": records[0].n, "last": records[-1].n, "count": len(records),
            "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "path": "",
        }  # fmt: skip
        distance = entry["next_offset"] - entry["from"]
        counts = {"records": len(records), "gaps": distance - len(records)}
        entry.update(files=[file], counts=counts)

    def put(self, entry: dict[str, Any], **changes: object) -> None:
        key = f"{FOLDER}{10**19 - 1 - entry['seq']:020d}.json"
        self.store.put(key, json.dumps(entry | changes).encode())

    def take(self, entry: dict[str, Any]) -> None:
        self.store.delete(f"{FOLDER}{10**19 - 1 - entry['seq']:020d}.json")

    def observe(self) -> None:
        S3Observer(self.url, CONNECTOR, TOPIC, self.snapshots).start().stop()

    @property
    def url(self) -> str:
        return f"{self.store.url}/{self.store.bucket}"

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots.jsonl"

    def examine(self) -> tuple[list[str], dict[int, int], int]:
        """Every anomaly, the stored offsets, and the number of snapshots."""
        log = PartitionLog(0, 10)
        for n in (0, 1, 2, 3, 5, 6, 7, 8, 9):
            log.offsets.append(n)
            log.records.append(record(n))
            log.states.append(FOLDS["inserted"]({}, log.states[-1], record(n)))
        history, findings = History({0: log}, frozenset({(0, 4)})), Findings()
        case = Case("", self.url, CONNECTOR, TOPIC, "inserted", str(self.snapshots), [])
        stored, count = s3_checker.examine(findings, case, history)
        assert len(findings.shown) == sum(findings.counts.values())
        return findings.shown, stored, count

    def told(self) -> list[str]:
        return self.examine()[0]


def _entry(seq: int, kind: str, begin: int | None, end: int) -> dict[str, Any]:
    return {
        "type": kind, "seq": seq, "id": f"id-{seq}", "prev_id": f"id-{seq - 1}" if seq > 1 else None,
        "epoch": 1, "owner": "host:1:a", "from": begin, "next_offset": end, "files": [],
        "counts": {},
    }  # fmt: skip
