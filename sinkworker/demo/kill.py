"""The scenario `kill`: a worker is killed in the middle of its work, and started again.

Owns the steps. That the kill came in the middle is checked, not assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sinkworker.demo.broker import PARTITIONS
from sinkworker.demo.factory import TOPICS, Factory
from sinkworker.demo.options import Options
from sinkworker.demo.patience import DemoError, Patience
from sinkworker.demo.services import Services
from sinkworker.demo.topics import Place
from sinkworker.demo.view import Standing, View
from sinkworker.demo.worker import SESSION_TIMEOUT_MS, Worker

# Many commits, so that there is a middle of the work.
FLUSHES = 400
KILL_AT = 0.3


@dataclass(frozen=True)
class Kill:
    """One run of the scenario."""

    services: Services
    options: Options
    view: View
    patience: Patience

    def run(self) -> tuple[Worker, bool]:
        """The worker, which has stopped, and whether the proof holds."""
        ends = self._produce()
        batch_size = max(1, self.options.records // FLUSHES)
        worker = self.services.worker(TOPICS, batch_size, self.options.changes)
        try:
            self._start_and_kill(worker, ends)
            self._start_and_finish(worker, ends)
        finally:
            worker.child.kill()
        return worker, self._prove(ends)

    def _produce(self) -> dict[Place, int]:
        services, records = self.services, self.options.records
        services.topics.create(TOPICS)
        events = Factory(self.options.seed, PARTITIONS).events(records)
        services.landing.note(services.topics.produce(events))
        bounds = services.topics.bounds(TOPICS)
        if any(begin for begin, _ in bounds.values()):
            raise DemoError(f"The broker cannot hold {records} records: use fewer --records")
        ends = {place: end for place, (_, end) in bounds.items()}
        seed = self.options.seed
        self.view.step(
            "produced", f"{sum(ends.values())} records, {len(TOPICS)} topics, seed {seed}"
        )
        return ends

    def _start_and_kill(self, worker: Worker, ends: dict[Place, int]) -> None:
        self.view.step("start", worker.command)
        worker.start()
        self._follow(worker, ends, int(sum(ends.values()) * KILL_AT))
        pid = worker.child.pid
        worker.child.kill()
        landing = self.services.landing
        self.patience.until(landing.workers_are_gone, 20, "the store to notice the kill")
        rows, stored = sum(landing.rows().values()), sum(landing.stored().values())
        self.view.step("kill -9", f"process {pid}: {rows} of {sum(ends.values())} rows landed, "
                       f"stored offsets sum to {stored}")  # fmt: skip
        if not 0 < rows < sum(ends.values()):
            raise DemoError("The kill did not come in the middle: use more --records")

    def _start_and_finish(self, worker: Worker, ends: dict[Place, int]) -> None:
        seconds = SESSION_TIMEOUT_MS // 1000
        self.view.step(
            "start", f"again; the group first waits for the dead member, {seconds} s or so"
        )
        worker.start()
        self._follow(worker, ends, sum(ends.values()))
        self.view.step("stop", f"the worker ended with exit code {worker.child.stop()}")

    def _follow(self, worker: Worker, ends: dict[Place, int], offsets: int) -> None:
        """Until stored offsets add up to so many."""

        def is_there() -> bool:
            self.view.show(lambda: self._standing(ends))
            return sum(self.services.landing.stored().values()) >= offsets

        worker.until(is_there, f"{offsets} records to be stored", self.patience)

    def _standing(self, ends: dict[Place, int]) -> Standing:
        landing = self.services.landing
        return Standing(ends, landing.stored(), landing.rows())

    def _prove(self, ends: dict[Place, int]) -> bool:
        standing, proof = self._standing(ends), self.services.landing.prove()
        at_end = sum(standing.stored.get(place) == end for place, end in ends.items())
        holds = proof.holds and at_end == len(ends)
        self.view.offsets(standing)
        self.view.step("proof", f"produced {proof.produced}  rows {proof.rows}  "
                       f"missing {proof.missing}  duplicates {proof.duplicates}")  # fmt: skip
        self.view.step("", f"unknown {proof.unknown}  out of order {proof.out_of_order}  "
                       f"partitions stored up to their ends {at_end} of {len(ends)}")  # fmt: skip
        self.view.step("", "holds: every record is there once, and in order" if holds
                       else "does not hold")  # fmt: skip
        return holds
