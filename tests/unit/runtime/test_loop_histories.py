"""Whatever fails and in whatever order: every good record once, in order, and none past a bad one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinkworker.api import FencedError, Offset, RetriableError, TopicPartition
from sinkworker.runtime.tolerance import ToleranceMode
from sinkworker.testing import Harness, Worker
from sinkworker.testing.samples import AtLeastOnceSinkConnector
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    consumer_of,
    produce,
    produce_bad,
    scripted_consumer,
    seen,
    stored,
    tolerance,
)

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["step", "good", "good", "bad", "gap", "fail", "jump", "deaf", "expel", "crash", "start",
             "pause", "resume", "poll fails", "commit is refused", "before", "after"]
        ),
        st.sampled_from([P0, P1]),
        st.sampled_from(["open", "put", "flush"]),
        st.integers(0, 3),
    ),
    max_size=60,
)  # fmt: skip


class World:
    """Up to three workers of one sink over two partitions."""

    def __init__(self, mode: ToleranceMode, connector: ScriptedConnector) -> None:
        self.connector = connector
        self.of = Harness(connector, partitions=2, tolerance=tolerance(mode))
        self.good: dict[TopicPartition, list[int]] = {P0: [], P1: []}
        self.bad: dict[TopicPartition, list[int]] = {P0: [], P1: []}
        self.failing: AbstractContextManager[None] = nullcontext()

    def act(self, action: str, source: TopicPartition, call: str, number: int) -> None:
        if action in ("before", "after"):
            with self.connector.store.failing(f"{action} the commit"):
                self.step()
            return
        do: dict[str, Callable[[], object]] = {
            "good": lambda: self.produce(source, good=True),
            "bad": lambda: self.produce(source, good=False),
            "gap": lambda: self.of.broker.leave_gap(source, number),
            "fail": lambda: self.connector.errors[call].append(
                [RetriableError("busy"), FencedError("moved")][number % 2]
            ),
            "start": self.start,
        }
        if action in do:
            do[action]()
        elif action != "step" and self.of.workers:
            self.disturb(self.of.workers[number % len(self.of.workers)], action, source, number)
        self.step()

    def disturb(self, worker: Worker, action: str, source: TopicPartition, number: int) -> None:
        consumer = consumer_of(worker)
        assert consumer.member is not None
        if action == "jump":  # a batch from there comes with the next poll
            last = max(0, self.of.broker.logs[source].end - 1)
            consumer.seek(source, Offset(min(number, last)))
        elif action == "deaf":
            consumer.deaf = not consumer.deaf
        elif action == "expel":
            self.of.broker.expel(self.of.group, consumer.member)
        elif action == "crash":
            self.of.crash(worker)
        elif action == "poll fails":
            consumer.errors["poll"].append(RetriableError("no broker answers"))
        elif action == "commit is refused":
            consumer.errors["commit"].append(RetriableError("a rebalance is under way"))
        else:
            (worker.pause if action == "pause" else worker.resume)()

    def start(self) -> None:
        if len(self.of.workers) < 3:
            self.of.start(lambda: scripted_consumer(self.of))

    def step(self) -> None:
        self.of.step(pass_ms=300)

    def produce(self, source: TopicPartition, *, good: bool) -> None:
        offset = self.of.broker.logs[source].end
        (self.good if good else self.bad)[source].append(offset)
        if good:
            produce(self.of, source, offset)
        else:
            produce_bad(self.of, source)

    def finish(self) -> None:
        self.start()
        self.connector.errors.clear()
        for worker in self.of.workers:
            consumer_of(worker).deaf = False
            consumer_of(worker).errors.clear()
            worker.resume()
        self.of.run(60)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS, st.sampled_from(ToleranceMode))
def test_every_good_record_is_there_once_in_order_and_none_past_a_bad_one(
    actions: list[tuple[str, TopicPartition, str, int]], mode: ToleranceMode
) -> None:
    world = World(mode, ScriptedConnector())
    world.start()
    for action in actions:
        world.act(*action)
    world.finish()
    for source in (P0, P1):
        end, good = world.of.broker.logs[source].end, world.good[source]
        if mode is ToleranceMode.NONE and world.bad[source]:
            end = world.bad[source][0]
            good = [offset for offset in good if offset < end]
        assert (seen(world.of, source), stored(world.of, source)) == (good, end)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS)
def test_a_sink_without_offsets_has_every_record_at_least_once(
    actions: list[tuple[str, TopicPartition, str, int]],
) -> None:
    class Connector(AtLeastOnceSinkConnector, ScriptedConnector):
        """Scripted errors have no effect; those of its consumer have."""

    world = World(ToleranceMode.ALL, Connector())
    world.start()
    for action in actions:
        world.act(*action)
    world.finish()
    for source in (P0, P1):
        assert sorted(set(seen(world.of, source))) == world.good[source]
