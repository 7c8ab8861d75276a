"""Timers, and telling a client that is stuck from a log that has nothing more to read."""

from __future__ import annotations

import logging

import pytest

from sinkworker.api import TopicPartition
from sinkworker.runtime.status import Counters
from sinkworker.runtime.watch import Every, PolledTime, Watchdog
from sinkworker.testing import InMemoryBroker, InMemoryConsumer
from tests.unit.runtime.builders import P0, P1

LIMIT_MS = 4_000


class Watched:
    """A watchdog over two partitions, looked at twice a second unless a test says otherwise."""

    def __init__(self) -> None:
        self.broker, self.counters = InMemoryBroker(), Counters()
        self.broker.create_topic("alerts", 2)
        self.consumer = InMemoryConsumer(self.broker, "group", topics=["alerts"])
        self.positions = {P0: 0, P1: 0}
        self._dog, self._now_ms = Watchdog(LIMIT_MS, self.counters), 0

    def look(self, for_ms: int, every_ms: int = 500) -> list[TopicPartition]:
        """Everything that was called stalled within this time."""
        stalled: set[TopicPartition] = set()
        for _ in range(for_ms // every_ms):
            self._now_ms += every_ms
            stalled |= {*self._dog.stalled(self.consumer, self.positions, self._now_ms)}
        return sorted(stalled)

    def forget(self) -> None:
        self._dog.forget()

    def produce(self, source: TopicPartition) -> None:
        self.broker.produce(source, b"")


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_every_is_due_once_an_interval_from_the_first_look_on() -> None:
    every = Every(100)
    looks = [1_000, 1_099, 1_100, 1_150, 1_199, 1_200, 1_900, 1_950, 2_000]
    assert [now_ms for now_ms in looks if every.due(now_ms)] == [1_100, 1_200, 1_900, 2_000]


def test_polled_time_hardly_moves_between_two_polls() -> None:
    polled = PolledTime()
    assert [polled.at(now_ms) for now_ms in (1_000, 1_200, 90_000, 90_100)] == [0, 200, 700, 800]


def test_a_position_that_stands_still_before_readable_records_is_stalled(watched: Watched) -> None:
    watched.produce(P0)
    assert watched.look(for_ms=LIMIT_MS) == []
    assert watched.look(for_ms=LIMIT_MS) == [P0]


def test_a_position_that_moves_is_not_stalled(watched: Watched) -> None:
    for _ in range(100):
        watched.produce(P0)
    for position in range(20):
        watched.positions[P0] = position
        assert watched.look(for_ms=LIMIT_MS // 2) == []


def test_a_position_at_the_end_is_not_stalled(watched: Watched) -> None:
    assert watched.look(for_ms=10 * LIMIT_MS) == []


def test_a_record_that_arrives_after_a_long_rest_was_not_left_unread_all_that_time(
    watched: Watched,
) -> None:
    """It was produced between the last poll and the look: no client could have read it yet."""
    watched.look(for_ms=4 * LIMIT_MS)
    watched.produce(P0)
    stalled = watched.look(for_ms=500)
    watched.positions[P0] = 1
    assert stalled == []


def test_time_in_which_nobody_polled_does_not_count(watched: Watched) -> None:
    """One flush of an hour, then polls as usual."""
    watched.produce(P0)
    assert watched.look(for_ms=3_600_000, every_ms=3_600_000) == []
    assert watched.look(for_ms=LIMIT_MS // 2) == []


def test_a_partition_that_is_not_watched_meanwhile_begins_anew(watched: Watched) -> None:
    """Paused at a barrier, waiting for its store, or given away."""
    watched.produce(P0)
    watched.look(for_ms=LIMIT_MS)
    position = watched.positions.pop(P0)
    watched.look(for_ms=LIMIT_MS)
    watched.positions[P0] = position
    assert watched.look(for_ms=LIMIT_MS) == []
    assert watched.look(for_ms=LIMIT_MS) == [P0]


def test_after_forgetting_every_position_begins_anew(watched: Watched) -> None:
    watched.produce(P0)
    watched.look(for_ms=LIMIT_MS)
    watched.forget()
    assert watched.look(for_ms=LIMIT_MS) == []


def test_kafka_is_asked_only_about_partitions_that_rest(watched: Watched) -> None:
    for _ in range(50):
        watched.produce(P1)
    del watched.broker.logs[P0]  # the in-memory consumer raises when it is asked about this one
    for position in range(30):
        watched.positions[P0] = watched.positions[P1] = position
        assert watched.look(for_ms=1_000) == []


# open transactions


def test_an_open_transaction_is_warned_of_and_counted(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.broker.hold_back(P0, 0)
    watched.produce(P0)
    with caplog.at_level(logging.WARNING):
        assert watched.look(for_ms=2 * LIMIT_MS) == []
    assert watched.counters.stuck_transactions == 1
    assert set(caplog.messages) == {
        "alerts-0: an open transaction hides what comes before offset 1; it is read when that ends"
    }


def test_a_transaction_that_ended_is_no_longer_counted(watched: Watched) -> None:
    watched.broker.hold_back(P0, 0)
    watched.produce(P0)
    watched.look(for_ms=2 * LIMIT_MS)
    watched.broker.hold_back(P0, None)
    for position in range(1, 20):
        watched.produce(P0)
        watched.produce(P1)
        watched.positions |= {P0: position, P1: position}
        watched.look(for_ms=LIMIT_MS // 2)
    assert watched.counters.stuck_transactions == 0
