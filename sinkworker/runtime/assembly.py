"""Putting one task together from a configured connector.

Owns which part gets which. Must not know where configurations come from, nor any Kafka client.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sinkworker.api import Converter, SinkConnector
from sinkworker.runtime.assignment import Assignment
from sinkworker.runtime.backoff import Backoff
from sinkworker.runtime.breaker import Breaker
from sinkworker.runtime.context import TaskContext
from sinkworker.runtime.errants import Errants
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.held import Held
from sinkworker.runtime.opening import Opening, OutOfRange
from sinkworker.runtime.pipeline import Pipeline, TransformStep
from sinkworker.runtime.ports import Clock, Consumer, DeadLetters
from sinkworker.runtime.recovery import Recovery
from sinkworker.runtime.restarts import Quarantines, RestartPolicy
from sinkworker.runtime.sink_task import Parts
from sinkworker.runtime.start import EARLIEST, Start
from sinkworker.runtime.status import Counters
from sinkworker.runtime.tolerance import Tolerance, class_name
from sinkworker.runtime.watch import Watchdog


@dataclass(frozen=True)
class Conversion:
    """The converters and transforms of one task; made anew for each, on its thread.

    header_converter: None leaves headers as bytes.
    """

    key_converter: Converter
    value_converter: Converter
    steps: Sequence[TransformStep] = ()
    header_converter: Converter | None = None


@dataclass(frozen=True)
class TaskPlan:
    """All that the tasks of one connector have in common.

    retry_delay_max_ms, retry_timeout_ms: the back-off's longest delay, and when it gives up (-1:
    never). flush_timeout_ms: what a task is told a flush may take. stalled_after_ms: how long a
    client may fetch nothing although there is more to read. dead_letters: makes the place to which
    a task's errant records are sent, by the task's number. config_hash: names the configuration.
    """

    name: str
    connector: SinkConnector[Any]
    conversion: Callable[[], Conversion]
    tolerance: Tolerance
    flush_policy: FlushPolicy
    start: Start = EARLIEST
    out_of_range: OutOfRange = OutOfRange.FAIL
    joins_by_pattern: bool = False
    retry_delay_max_ms: int = 10_000
    retry_timeout_ms: int = -1
    flush_timeout_ms: int = 240_000
    stalled_after_ms: int = 30_000
    breaker: Breaker = field(default_factory=Breaker)
    dead_letters: Callable[[int], DeadLetters] | None = None
    config_hash: str = ""
    restarts: RestartPolicy = field(default_factory=RestartPolicy)

    def keeps_originals(self) -> bool:
        return self.tolerance.is_tolerant and (
            self.tolerance.logs_messages or self.breaker.is_set or self.keeps_letters()
        )

    def keeps_letters(self) -> bool:
        """Whether an errant record is a dead letter, and not only left out."""
        return self.dead_letters is not None or self.connector.stores_dead_letters

    def backoff(self) -> Backoff:
        return Backoff(self.retry_delay_max_ms, self.retry_timeout_ms, Random())


@dataclass(frozen=True)
class Lasting:
    """What a task keeps when it gets a new client."""

    backoff: Backoff
    clock: Clock
    counters: Counters = field(default_factory=Counters)


def assemble(plan: TaskPlan, number: int, consumer: Consumer, lasting: Lasting) -> Parts:
    """Task `number` of a connector, on this consumer, which is closed if a plugin raises here."""
    try:
        return _assemble(plan, number, consumer, lasting)
    except BaseException:
        consumer.close()
        raise


def _assemble(plan: TaskPlan, number: int, consumer: Consumer, lasting: Lasting) -> Parts:
    connector, counters, clock = plan.connector, lasting.counters, lasting.clock
    assignment = Assignment(keeps_originals=plan.keeps_originals())
    dead_letters = plan.dead_letters(number) if plan.dead_letters is not None else None
    errants = Errants(plan.tolerance, assignment, plan.breaker, dead_letters, counters=counters)
    counters.keeps_letters = plan.keeps_letters()
    context = TaskContext(plan.name, number, plan.flush_timeout_ms, errants, plan.config_hash)
    task, store = connector.create_task(context), connector.offset_store()
    errants.task_class = class_name(task)
    opening = Opening(
        task, store, plan.start, plan.out_of_range, joins_by_pattern=plan.joins_by_pattern
    )
    return Parts(
        task=task,
        store=store,
        errants=errants,
        delivery=connector.delivery,
        consumer=consumer,
        held=Held(task, opening, consumer, assignment),
        pipeline=_pipeline(plan),
        flush_policy=plan.flush_policy,
        recovery=Recovery(lasting.backoff, opening, clock, counters, context.owner),
        watchdog=Watchdog(plan.stalled_after_ms, counters),
        quarantines=Quarantines(plan.restarts),
        counters=counters,
        clock=clock,
    )


def _pipeline(plan: TaskPlan) -> Pipeline:
    made = plan.conversion()
    return Pipeline(
        made.key_converter, made.value_converter, made.steps, plan.tolerance, made.header_converter
    )
