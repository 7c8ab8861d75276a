"""Measure what one bad row in a batch costs: python -m tests.bench.isolation

Prints the time of a clean batch beside that of one with a bad row first, in the middle and last, and the
CPU time that sink and server process used for it, as medians of interleaved runs, with the ratios. Where
COPY names the line, and where a constraint is checked after COPY. "first" is a bad row after a calm
time, "again" one soon after another: then the sink is cautious. Prints only: nothing here asserts a
time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from connectors.postgres.caution import CAUTIOUS_FLUSHES
from sinkworker.api import TopicPartition
from tests.integration.postgres.batches import Batches, Message
from tests.services import choose
from tests.services.database import Database

SOURCE = TopicPartition("alerts", 0)
TABLE = """
DROP TABLE IF EXISTS alerts;
CREATE TABLE alerts (
  alert_id bigint PRIMARY KEY, stage_id int CHECK (stage_id >= 0), level text, message text,
  serial int UNIQUE)
"""
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "a wrong type": {"stage_id": "x"},
    "NUL in a text": {"message": "a\0b"},
    "a CHECK": {"stage_id": -1},
    "a UNIQUE": {"serial": 1},
}
RUN_TIME = "/proc/{}/schedstat"
"""Nanoseconds on a CPU, first."""


class Cost(NamedTuple):
    """Seconds: by the clock, and of CPU, the sink's and its server process's together."""

    clock: float
    cpu: float


class Run(NamedTuple):
    """Three batches, one after the other: a machine that drifts drifts for all."""

    clean: Cost
    first: Cost
    again: Cost

    def ratios(self) -> Sequence[Cost]:
        """Of both bad ones to the clean one."""
        return [
            Cost(bad.clock / self.clean.clock, bad.cpu / self.clean.cpu)
            for bad in (self.first, self.again)
        ]


class Bench:
    """One sink that writes batches of so many records, in one mode."""

    def __init__(self, database: Database, mode: str, rows: int) -> None:
        self._database, self._rows = database, rows
        database.execute(TABLE)
        self._sink = Batches(
            database, SOURCE, insert_mode=mode, pk_mode="record_value", pk_fields="alert_id"
        )
        self._server = database.one(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'sinkworker %'"
        )

    def close(self) -> None:
        self._sink.task.stop()

    def places(self) -> Mapping[str, int]:
        return {"first": 0, "middle": self._rows // 2, "last": self._rows - 1}

    def run(self, fault: Mapping[str, Any], place: int) -> Run:
        for _ in range(CAUTIOUS_FLUSHES):
            self._sink.flush({SOURCE: [Message(None, _alert(0))]})
            self._database.execute("TRUNCATE alerts")
        return Run(self.cost(None), self.cost(fault, place), self.cost(fault, place))

    def cost(self, fault: Mapping[str, Any] | None, place: int = 0) -> Cost:
        """Of one batch into an empty table."""
        values = [_alert(i) for i in range(2, self._rows + 2)]
        if fault is not None:
            values[place] |= fault
        messages = [Message(None, value) for value in values]
        self._database.execute("TRUNCATE alerts; INSERT INTO alerts VALUES (1, 1, '', '', 1)")
        clock, cpu = time.perf_counter(), self._cpu()
        rejected = self._sink.flush({SOURCE: messages})
        assert len(rejected) == (fault is not None)
        return Cost(time.perf_counter() - clock, self._cpu() - cpu)

    def _cpu(self) -> float:
        server = int(Path(RUN_TIME.format(self._server)).read_text().split()[0])
        return time.process_time() + server / 1e9


def _alert(number: int) -> dict[str, Any]:
    return {
        "alert_id": number, "stage_id": number % 9, "level": "Major",
        "message": f"something happened at stage {number % 9}", "serial": number,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--modes", nargs="+", default=["insert", "upsert"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        postgres = choose.postgres(Path(home) / "postgres").start()
        try:
            for mode in arguments.modes:
                measure(Database(postgres.url()), mode, arguments.rows, arguments.runs)
        finally:
            postgres.stop()


def measure(database: Database, mode: str, rows: int, runs: int) -> None:
    bench = Bench(database, mode, rows)
    cases = {
        f"{name}, {where}": (fault, place)
        for name, fault in FAULTS.items()
        for where, place in bench.places().items()
    }
    found: dict[str, list[Run]] = {name: [] for name in cases}
    for _ in range(runs):
        for name, (fault, place) in cases.items():
            found[name].append(bench.run(fault, place))
    bench.close()
    database.close()
    report(f"{mode}: one bad row in {rows}", found)


def report(title: str, found: Mapping[str, Sequence[Run]]) -> None:
    print(f"\n{title}; medians of {len(next(iter(found.values())))} interleaved runs")
    print(f"{'':24}{'ms':>8}{'CPU ms':>8}{'first':>8}{'of CPU':>8}{'again':>8}{'of CPU':>8}")
    clean = _median([run.clean for runs in found.values() for run in runs])
    print(f"{'clean':24}{clean.clock * 1e3:>8.1f}{clean.cpu * 1e3:>8.1f}")
    for name, runs in found.items():
        first = _median([run.first for run in runs])
        ratios = [_median(costs) for costs in zip(*(run.ratios() for run in runs), strict=True)]
        print(f"{name:24}{first.clock * 1e3:>8.1f}{first.cpu * 1e3:>8.1f}", end="")
        print("".join(f"{ratio.clock:>8.2f}{ratio.cpu:>8.2f}" for ratio in ratios))


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(median(column) for column in zip(*costs, strict=True)))


if __name__ == "__main__":
    main()
