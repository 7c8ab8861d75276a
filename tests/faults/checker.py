"""The judge of a round, a program of its own: python -m tests.faults.checker CASE.json

Owns what is printed: one JSON object with how much was compared, and every anomaly with where it was
found. Must not use any of the worker's code.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.faults import history, letters, postgres_checker, s3_checker
from tests.faults.findings import Case, Findings, check_logs, check_offsets
from tests.services.kafka_tools import KafkaTools


def check(case: Case) -> dict[str, Any]:
    """Compare everything; what main prints."""
    log = history.read(KafkaTools(case.bootstrap), case.topic, case.table, case.kept, case.gone)
    findings = Findings()
    judge = s3_checker if case.url.startswith("http://") else postgres_checker
    stored, snapshots = judge.examine(findings, case, log)
    check_offsets(findings, case, log, stored)
    if case.letters:
        letters.check(findings, case, log, stored)
    check_logs(findings, case)
    return {
        "records": sum(log.partitions[p].count_before(stored.get(p, 0)) for p in log.partitions),
        "aborted": len(log.aborted),
        "snapshots": snapshots,
        "anomalies": dict(findings.counts),
        "shown": findings.shown,
    }


def main() -> None:
    case = Case(**json.loads(Path(sys.argv[1]).read_text()))
    print(json.dumps(check(case)))


if __name__ == "__main__":
    main()
