"""The scenario `failing-record`: of ten alerts, the fourth cannot be written.

Owns the steps, and what must be committed then: what is before it, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from sinkworker.demo.factory import ALERT, CRITICAL_PARTITION, Event, Factory
from sinkworker.demo.options import Options
from sinkworker.demo.patience import Patience
from sinkworker.demo.services import Services
from sinkworker.demo.target import Flaw
from sinkworker.demo.view import Standing, View
from sinkworker.demo.worker import Worker

RECORDS, FAILING = 10, 3
PLACE = (ALERT, CRITICAL_PARTITION)


@dataclass(frozen=True)
class FailingRecord:
    """One run of the scenario."""

    services: Services
    options: Options
    view: View
    patience: Patience

    def run(self) -> tuple[Worker, bool]:
        """The worker, which has stopped, and whether everything before the record is committed."""
        self._produce()
        worker = self.services.worker([ALERT], RECORDS, self.options.changes)
        self.view.step("start", worker.command)
        try:
            worker.start()
            worker.until(worker.quarantined, "a record to fail", self.patience)
            self.view.step("failed", worker.quarantined()[0])
            self.view.step("stop", f"the worker ended with exit code {worker.child.stop()}")
        finally:
            worker.child.kill()
        return worker, self._prove()

    def _produce(self) -> None:
        services = self.services
        services.topics.create([ALERT])
        factory, flaw = Factory(self.options.seed), services.target.flaw
        events = [_alert(factory, number, flaw) for number in range(RECORDS)]
        services.landing.note(services.topics.produce(events))
        self.view.step("produced", f"{RECORDS} alerts to {ALERT}-{CRITICAL_PARTITION}; of the 4th, at "
                       f"offset {FAILING}, {flaw.words}")  # fmt: skip

    def _prove(self) -> bool:
        landing, topics = self.services.landing, self.services.topics
        ends = {place: end for place, (_, end) in topics.bounds([ALERT]).items()}
        standing = Standing(ends, landing.stored(), landing.rows())
        numbers, stored = landing.numbers(ALERT), standing.stored.get(PLACE)
        self.view.offsets(standing)
        self.view.step("committed", f"alerts {numbers}, and {stored} as the next offset to read: "
                       "a restart begins with the failing record, not after it")  # fmt: skip
        return numbers == list(range(FAILING)) and stored == FAILING


def _alert(factory: Factory, number: int, flaw: Flaw) -> Event:
    event = factory.alert(number)._replace(partition=CRITICAL_PARTITION)
    if number != FAILING:
        return event
    return event._replace(value={**(event.value or {}), flaw.field: flaw.value})
