"""The loop and the time that flushes take, which the fake clock passes within them."""

from __future__ import annotations

from collections.abc import Mapping

from sinkworker.api import Advance, RetriableError, SinkTask, SinkTaskContext, TopicPartition
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.testing import Harness
from sinkworker.testing.clock import FakeClock
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    ScriptedConsumer,
    ScriptedTask,
    produce,
    scripted_consumer,
    seen,
    stored,
)

MOST, INTERVAL_MS = 64, 500


class SlowStore(ScriptedConnector):
    """Takes each_ms for a record. A flush of more than fit is cancelled when it took that time."""

    each_ms, fits = 0, 1_000

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[int] = []
        self.flushed_at_ms: list[int] = []
        self.clock = FakeClock()

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return SlowTask(self, context)

    def take(self, records: int) -> None:
        self.tried.append(records)
        self.flushed_at_ms.append(self.clock.now_ms())
        self.clock.pass_ms(self.each_ms * records)
        if records > self.fits:
            raise RetriableError("canceling statement due to statement timeout")


class SlowTask(ScriptedTask):
    def __init__(self, to: SlowStore, context: SinkTaskContext) -> None:
        super().__init__(to, context)
        self._to = to

    def flush(self, advances: Mapping[TopicPartition, Advance]) -> None:
        self._to.take(sum(advance.records for advance in advances.values()))
        super().flush(advances)


def reading(partitions: int = 1) -> tuple[Harness, SlowStore, ScriptedConsumer]:
    store = SlowStore()
    policy = FlushPolicy(MOST, 1 << 20, INTERVAL_MS)
    of = Harness(store, partitions=partitions, flush_policy=policy)
    store.clock = of.clock
    consumer = scripted_consumer(of, max_poll_records=MOST)
    of.start(lambda: consumer)
    steps(of, 2)
    return of, store, consumer


def steps(of: Harness, count: int, pass_ms: int = 0) -> None:
    for _ in range(count):
        of.step(pass_ms)


def test_a_fast_store_gets_full_flushes_and_polls_as_they_are_set_up() -> None:
    of, store, consumer = reading()
    store.each_ms = 5
    produce(of, P0, *range(5 * MOST))
    steps(of, 5)
    assert store.tried == [MOST] * 5
    assert set(consumer.at_mosts) == {None}


def test_a_slow_store_gets_smaller_flushes_until_it_is_fast_again() -> None:
    of, store, _ = reading(partitions=2)
    store.each_ms = 100
    produce(of, P0, *range(100))
    produce(of, P1, *range(300))
    steps(of, 10)
    assert store.tried == [64, 32, 16, *[10] * 7]
    store.each_ms = 1
    steps(of, 5)
    assert store.tried[10:] == [10, 20, 40, 64, 64]
    steps(of, 5, INTERVAL_MS)
    assert (seen(of, P0), seen(of, P1)) == (list(range(100)), list(range(300)))


def test_a_flush_that_never_fits_in_time_gets_through_by_halves() -> None:
    of, store, _ = reading()
    store.fits = 20
    produce(of, P0, *range(200))
    of.run(30)
    assert store.tried[:4] == [64, 32, 16, 16]
    assert (seen(of), stored(of)) == (list(range(200)), 200)


def test_what_a_poll_left_to_the_size_is_all_that_the_next_one_brings() -> None:
    of, store, consumer = reading()
    store.errors["flush"] = [RetriableError("busy")]
    produce(of, P0, *range(MOST))
    of.run(2)
    assert consumer.at_mosts[-1] == MOST // 2
    of.run(5)
    produce(of, P0, *range(MOST, MOST + 10))
    steps(of, 2)
    assert consumer.at_mosts[-1] == MOST // 2 - 10


def test_a_trickle_is_flushed_within_the_interval_at_a_slow_store_too() -> None:
    of, store, _ = reading()
    store.each_ms = 100
    produce(of, P0, *range(3 * MOST))
    steps(of, 20)
    store.flushed_at_ms.clear()
    produce(of, P0, 3 * MOST)
    came_ms = of.clock.now_ms()
    steps(of, 20, pass_ms=50)
    assert store.tried[-1] == 1
    assert store.flushed_at_ms == [came_ms + INTERVAL_MS]


def test_a_task_that_decides_itself_when_to_flush_is_polled_for_as_before() -> None:
    of, store, consumer = reading()
    store.due = lambda: [P0]
    store.errors["flush"] = [RetriableError("busy")] * 3
    produce(of, P0, *range(300))
    of.run(20)
    assert store.errors["flush"] == []
    assert set(consumer.at_mosts) == {None}
    assert stored(of) == 300
