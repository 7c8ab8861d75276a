"""What was measured, as a table, as JSON, and beside what was checked in.

Owns medians and ratios. Must not know how anything is measured.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.measuring import Result

CHECKED_IN = Path(__file__).with_name("ratios.json")
WORST = 0.9
"""Of a ratio that was checked in; less is a regression."""


class Pairs(NamedTuple):
    """Interleaved runs of the worker and of the loop: a machine that drifts drifts for both."""

    name: str
    workers: Sequence[Result]
    loops: Sequence[Result]

    @property
    def ratios(self) -> Sequence[float]:
        return [
            worker.records_per_second / loop.records_per_second
            for worker, loop in zip(self.workers, self.loops, strict=True)
        ]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def cpu_ratio(self) -> float:
        """Of the loop's CPU seconds to the worker's: what is least disturbed by other load."""
        return statistics.median(
            loop.cpu_seconds / worker.cpu_seconds
            for worker, loop in zip(self.workers, self.loops, strict=True)
        )


def median(results: Sequence[Result]) -> Result:
    return Result(*map(statistics.median, zip(*results, strict=True)))


def show(pairs: Pairs, other: str = "by hand") -> None:
    print(f"\n{pairs.name}: {len(pairs.workers)} runs each, interleaved; medians")
    print(f"{'':12}{'records/s':>11}{'CPU s/M':>8}{'RSS MB':>8}{'first s':>9}")
    for who, results in (("worker", pairs.workers), (other, pairs.loops)):
        rate, cpu, rss, first = median(results)
        print(f"{who:12}{rate:11,.0f}{cpu:8.1f}{rss:8.0f}{first:9.2f}")
    print(f"worker / {other}: {pairs.ratio:.2f} ({min(pairs.ratios):.2f} to {max(pairs.ratios):.2f}), "
          f"by CPU {pairs.cpu_ratio:.2f}", flush=True)  # fmt: skip


def as_json(pairs: Pairs) -> Mapping[str, Any]:
    return {
        "ratio": round(pairs.ratio, 3), "ratios": [round(each, 3) for each in pairs.ratios],
        "cpu_ratio": round(pairs.cpu_ratio, 3),
        "worker": _rounded(median(pairs.workers)), "by_hand": _rounded(median(pairs.loops)),
    }  # fmt: skip


def _rounded(result: Result) -> Mapping[str, float]:
    return {name: round(value, 2) for name, value in result._asdict().items()}


def regressions(found: Mapping[str, float], known: Mapping[str, float]) -> Sequence[str]:
    """A sentence for each ratio that is more than 10 % below the one checked in."""
    return [
        f"{name}: {ratio:.2f}, checked in as {known[name]:.2f}"
        for name, ratio in found.items()
        if name in known and ratio < WORST * known[name]
    ]


def checked_in() -> Mapping[str, float]:
    ratios: Mapping[str, float] = json.loads(CHECKED_IN.read_text())
    return ratios
