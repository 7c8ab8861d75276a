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
        if result.error is None:
            total[result.round.measure] += len(result.outcome.faults)
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
    """Seconds from a fault to the next commit."""
    return _spread([s for result in results for s in result.outcome.recovery])


def pauses(results: Sequence[Result]) -> str:
    """Seconds for which a partition that did not move was not committed during a cooperative join."""
    return _spread([s for result in results for s in result.outcome.pauses])


def _spread(seconds: Sequence[float]) -> str:
    """Median, 95th percentile, longest."""
    if len(seconds) < 2:
        return "not measured"
    cuts = quantiles(seconds, n=20, method="inclusive")
    return f"median {cuts[9]:.1f} s, p95 {cuts[18]:.1f} s, longest {max(seconds):.1f} s"
