"""Measure what one bad row in a batch costs: python -m tests.bench.isolation

Prints the time of a clean batch beside that of one with a bad row first, in the middle and last, and the
CPU time that sink and server process used for it, as medians of interleaved runs, with the ratios. Where
COPY names the line, and where a constraint is checked after COPY. Prints only: nothing here asserts a
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


class Pair(NamedTuple):
    """Two batches, one after the other: a machine that drifts drifts for both."""

    clean: Cost
    bad: Cost

    @property
    def ratio(self) -> Cost:
        return Cost(self.bad.clock / self.clean.clock, self.bad.cpu / self.clean.cpu)


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
    found: dict[str, list[Pair]] = {name: [] for name in cases}
    for _ in range(runs):
        for name, (fault, place) in cases.items():
            found[name].append(Pair(bench.cost(None), bench.cost(fault, place)))
    bench.close()
    database.close()
    report(f"{mode}: one bad row in {rows}", found)


def report(title: str, found: Mapping[str, Sequence[Pair]]) -> None:
    print(f"\n{title}; medians of {len(next(iter(found.values())))} interleaved runs")
    print(f"{'':24}{'ms':>8}{'CPU ms':>8}{'ratio':>8}{'of CPU':>8}")
    clean = _median([pair.clean for pairs in found.values() for pair in pairs])
    print(f"{'clean':24}{clean.clock * 1e3:>8.1f}{clean.cpu * 1e3:>8.1f}")
    for name, pairs in found.items():
        bad = _median([pair.bad for pair in pairs])
        ratio = _median([pair.ratio for pair in pairs])
        print(f"{name:24}{bad.clock * 1e3:>8.1f}{bad.cpu * 1e3:>8.1f}"
              f"{ratio.clock:>8.2f}{ratio.cpu:>8.2f}")  # fmt: skip


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(median(column) for column in zip(*costs, strict=True)))


if __name__ == "__main__":
    main()
