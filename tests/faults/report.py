"""What a run of rounds amounts to: sums, a table, and the document of a long run in Markdown.

Owns the sums and their text.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from tests.faults.campaign import Result

COLUMNS = ("measure", "rounds", "faults", "records", "snapshots", "anomalies", "failed")

INTRODUCTION = """\
What `python -m tests.faults` did to real workers on a real Kafka, a real Postgres and a real S3 server,
and what came of it. An anomaly would be a record that is lost, there twice, changed, out of order, of an
aborted transaction or not in the log at all; a snapshot in which offset and data do not agree; a commit
by an older epoch; a broken chain of entries; a secret or a record's value in a log. A round counts only
if its fault provably struck a worker that still had a backlog. Rounds run side by side, three at a
time. The schema registry is one that fails on request."""


@dataclass
class Run:
    """A long run. memory: resident bytes of its one worker after the warm-up, and at the end."""

    seed: int
    minutes: float
    results: list[Result] = field(default_factory=list)
    soak: Result | None = None
    memory: tuple[int, int] = (0, 0)
    mutants: dict[str, Result | None] = field(default_factory=dict)

    @property
    def all_results(self) -> list[Result]:
        return [*self.results, *([self.soak] if self.soak else [])]

    @property
    def is_exact(self) -> bool:
        failed = any(result.error is not None for result in self.all_results)
        return not failed and all(caught is not None for caught in self.mutants.values())


def sums(results: Sequence[Result]) -> Counter[str]:
    """Faults of rounds that passed, by measure; and over all: records, snapshots, anomalies."""
    total: Counter[str] = Counter()
    for result in results:
        if result.error is None:
            total[result.round.measure] += len(result.outcome.faults)
        total["records"] += result.outcome.records
        total["snapshots"] += result.outcome.snapshots
        total["anomalies"] += sum(result.outcome.anomalies.values())
    return total


# tables


def table(results: Sequence[Result]) -> str:
    """A line a measure, and one for all."""
    measures = dict.fromkeys(result.round.measure for result in results)
    rows = [_row(m, [r for r in results if r.round.measure == m]) for m in measures]
    return _markdown(COLUMNS, [*rows, _row("all", results)])


def faults_table(results: Sequence[Result]) -> str:
    """A line for each kind of round."""
    names = sorted({(r.round.measure, r.round.name) for r in results})
    rows = []
    for measure, name in names:
        of_name = [r for r in results if (r.round.measure, r.round.name) == (measure, name)]
        faults = sum(len(r.outcome.faults) for r in of_name)
        failed = sum(r.error is not None for r in of_name)
        rows.append((measure, name, f"{len(of_name):,}", f"{faults:,}", f"{failed:,}"))
    return _markdown(("measure", "round", "played", "faults", "failed"), rows)


def _row(name: str, results: Sequence[Result]) -> tuple[str, ...]:
    total = sums(results)
    faults = sum(len(r.outcome.faults) for r in results)
    failed = sum(r.error is not None for r in results)
    numbers = (len(results), faults, total["records"], total["snapshots"], total["anomalies"])
    return (name, *(f"{number:,}" for number in (*numbers, failed)))


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# lines


def line(result: Result) -> str:
    """One round, as it ended."""
    verdict = "ok" if result.error is None else f"FAILED\n{result.error}\nReplay: {result.replay}"
    faults = "; ".join(result.outcome.faults)
    what = f"{result.round.name} with {result.client}"
    return f"{result.number:5} {result.seconds:5.1f} s  {what} [{faults}]: {verdict}"


def mutant_line(name: str, caught: Result | None) -> str:
    return f"mutant: {name}: {_how(caught)}"


def _how(caught: Result | None) -> str:
    if caught is None:
        return "NOT CAUGHT"
    if caught.outcome.anomalies:
        kinds = ", ".join(f"{n} {kind}" for kind, n in caught.outcome.anomalies.items())
        return f"caught by “{caught.round.name}”: {kinds}"
    lines = (caught.error or "").strip().splitlines()
    reason = next((line for line in lines if line.startswith("AssertionError: ")), lines[-1])
    return f"caught by “{caught.round.name}”: {reason.removeprefix('AssertionError: ')[:120]}"


def spread(seconds: Sequence[float]) -> str:
    """Median, 95th percentile, longest."""
    if len(seconds) < 2:
        return "not measured"
    cuts = quantiles(seconds, n=20, method="inclusive")
    return f"median {cuts[9]:.1f} s, p95 {cuts[18]:.1f} s, longest {max(seconds):.1f} s"


def document(run: Run) -> str:
    """The report of a long run."""
    results = run.all_results
    recovery = [s for result in results for s in result.outcome.recovery]
    pauses = [s for result in results for s in result.outcome.pauses]
    return "\n".join([
        "# Faults", "",
        INTRODUCTION, "",
        f"Seed {run.seed}, {run.minutes:g} minutes of rounds, {_machine()}.", "",
        table(results), "",
        f"- Recovery, from a kill to the next commit: {spread(recovery)}.",
        f"- For how long a cooperative join kept a partition that stays from being committed: "
        f"{spread(pauses)}.",
        f"- {_memory(run.memory)}", "",
        "## Rounds", "",
        faults_table(results), "",
        *_mutants(run), *_failures(results),
    ])  # fmt: skip


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = os.cpu_count()
    return f"{cores} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _memory(memory: tuple[int, int]) -> str:
    warm, last = memory
    if not warm:
        return "Memory was not measured."
    return (
        f"Memory of the one worker that ran all the time: {warm / 2**20:.0f} MiB after the warm-up, "
        f"{last / 2**20:.0f} MiB at the end ({(last - warm) / warm:+.1%})."
    )


def _mutants(run: Run) -> list[str]:
    if not run.mutants:
        return []
    caught = sum(result is not None for result in run.mutants.values())
    rows = [(name, _how(result)) for name, result in run.mutants.items()]
    return ["## Mutants", "", f"{caught} of {len(rows)} sown bugs were caught.", "",
            _markdown(("bug", "verdict"), rows), ""]  # fmt: skip


def _failures(results: Sequence[Result]) -> list[str]:
    failed = [result for result in results if result.error is not None]
    if not failed:
        return []
    return ["## Failures", "", *(f"```\n{line(result)}\n```" for result in failed), ""]
