"""What a run of rounds amounts to, as a table in Markdown.

Owns the sums and their text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import quantiles

from tests.faults.campaign import Result

COLUMNS = ("measure", "rounds", "faults", "records", "snapshots", "anomalies", "failed")


def sums(results: Sequence[Result]) -> Counter[str]:
    """Faults of rounds that count, by measure; and over all: records, snapshots, anomalies."""
    total: Counter[str] = Counter()
    for result in results:
        total[result.round.measure] += len(result.outcome.faults) if result.error is None else 0
        total["records"] += result.outcome.records
        total["snapshots"] += result.outcome.snapshots
        total["anomalies"] += sum(result.outcome.anomalies.values())
    return total


def table(results: Sequence[Result]) -> str:
    """A line a measure, and one for all."""
    measures = dict.fromkeys(result.round.measure for result in results)
    rows = [_row(m, [r for r in results if r.round.measure == m]) for m in measures]
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows, _row("all", results)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, results: Sequence[Result]) -> tuple[str, ...]:
    total = sums(results)
    faults = sum(len(r.outcome.faults) for r in results)
    failed = sum(r.error is not None for r in results)
    numbers = (
        len(results),
        faults,
        total["records"],
        total["snapshots"],
        total["anomalies"],
        failed,
    )
    return (name, *(f"{number:,}" for number in numbers))


def recovery(results: Sequence[Result]) -> str:
    """Seconds from a fault to the next commit: median, 95th percentile, longest."""
    seconds = sorted(s for result in results for s in result.outcome.recovery)
    if len(seconds) < 2:
        return "no recovery was measured"
    cuts = quantiles(seconds, n=20)
    return f"median {cuts[9]:.1f} s, p95 {cuts[18]:.1f} s, longest {seconds[-1]:.1f} s"
