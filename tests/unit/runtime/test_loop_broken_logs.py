"""A log that is no longer the one that was read: created again, truncated, or partly gone."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import Alteration, RetriableError
from sinkworker.runtime.assignment import State
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.opening import OutOfRange
from sinkworker.runtime.ports import BrokenPartitionsError
from sinkworker.testing import Harness
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    cause,
    connector_of,
    consumer_of,
    produce,
    scripted_consumer,
    seen,
    state,
    stored,
)


def running(**plan: Any) -> Harness:
    """One worker that holds two partitions, both open."""
    of = Harness(ScriptedConnector(), partitions=2, **plan)
    of.start(lambda: scripted_consumer(of))
    of.run(2)
    return of


def test_a_topic_created_again_is_noticed_before_a_flush_and_nothing_is_written() -> None:
    of = running()
    produce(of, P0, 0, 1)
    of.run(3)
    old = of.broker.topic_ids["alerts"]
    of.broker.recreate_topic("alerts", 2)
    produce(of, P0, 0, 1, 2, 3)
    of.run(3)
    assert (seen(of), stored(of)) == ([0, 1], 2)
    assert cause(of.workers[0]) == (
        "alerts-0: the topic was deleted and created again: the stored offset 2 belongs to topic id "
        f"{old}, the topic is now {of.broker.topic_ids['alerts']}. Nothing is read. "
        "Reset the offset to read the new topic."
    )


def test_a_topic_created_again_that_is_shorter_is_noticed_too() -> None:
    of = running()
    produce(of, P0, 0, 1)
    of.run(3)
    of.broker.recreate_topic("alerts", 2)
    of.run(10)
    assert state(of.workers[0]) is State.QUARANTINED
    assert "was deleted and created again" in str(cause(of.workers[0]))


def test_a_reset_releases_the_partition_of_a_topic_that_was_created_again() -> None:
    of = running()
    produce(of, P0, 0, 1)
    of.run(3)
    of.broker.recreate_topic("alerts", 2)
    produce(of, P0, 0, 1, 2)
    of.run(3)
    connector_of(of).offset_store().alter({P0: Alteration(None)})
    of.run(10)
    assert (seen(of), stored(of)) == ([0, 1, 0, 1, 2], 3)


def test_a_truncated_log_quarantines_its_partition_and_the_others_go_on() -> None:
    of = running()
    produce(of, P0, 0, 1, 2)
    of.run(3)
    of.broker.truncate(P0, 1)
    produce(of, P0, 1, 2, 3)
    produce(of, P1, 0)
    of.run(5)
    assert (seen(of, P0), seen(of, P1), stored(of)) == ([0, 1, 2], [0], 3)
    assert cause(of.workers[0]) == "alerts-0: the log was truncated"


def test_what_was_polled_together_with_a_broken_log_is_read_again() -> None:
    """The poll moved the one partition's position, and then raised for the other."""
    of = running()
    produce(of, P1, 0, 1, 2)
    of.run(3)
    of.broker.truncate(P1, 1)
    produce(of, P0, 0, 1)
    of.run(5)
    assert (seen(of, P0), state(of.workers[0], P1)) == ([0, 1], State.QUARANTINED)


def test_a_partition_that_was_refused_is_not_claimed_again_and_again() -> None:
    of = running()
    produce(of, P0, 0, 1)
    of.run(3)
    of.workers.pop().stop()
    of.broker.delete_records(P0, before=2)
    produce(of, P0, 2)
    of.broker.delete_records(P0, before=3)
    of.start()
    connector_of(of).calls.clear()
    of.run(30)
    assert state(of.workers[0]) is State.QUARANTINED
    assert connector_of(of).called("open") == [[P0, P1]]


def test_a_log_that_was_truncated_while_nobody_read_it_is_noticed_too() -> None:
    """The stored offset is within the log again; only its leader epoch tells."""
    of = running()
    produce(of, P0, 0, 1, 2)
    of.run(3)
    of.workers.pop().stop()
    of.broker.truncate(P0, 1)
    produce(of, P0, 1, 2, 3)
    of.start()
    of.run(5)
    assert (seen(of), cause(of.workers[0])) == ([0, 1, 2], "alerts-0: the log was truncated")


def test_a_client_that_tells_of_a_truncation_again_changes_nothing() -> None:
    """kafka-python validates a paused position too, and raises again 30 s later."""
    of = running()
    consumer_of(of.workers[0]).errors["poll"] = [
        BrokenPartitionsError({P0: "alerts-0: truncated"})
    ] * 2
    of.run(5)
    produce(of, P1, 0)
    of.run(5)
    assert (seen(of, P1), cause(of.workers[0])) == ([0], "alerts-0: truncated")


def with_something_pending_before_a_broken_batch() -> Harness:
    of = running(flush_policy=FlushPolicy(max_records=50, max_bytes=1 << 20, interval_ms=60_000))
    produce(of, P0, 0, 1)
    of.run(2)
    assert seen(of) == []
    consumer_of(of.workers[0]).errors["poll"] = [BrokenPartitionsError({P0: "alerts-0: damaged"})]
    return of


def test_what_was_read_before_a_broken_batch_is_flushed_before_its_partition_stops() -> None:
    of = with_something_pending_before_a_broken_batch()
    of.run(1)
    assert (seen(of), stored(of), cause(of.workers[0])) == ([0, 1], 2, "alerts-0: damaged")


def test_while_what_was_read_before_a_broken_batch_cannot_be_flushed_it_is_tried_again() -> None:
    of = with_something_pending_before_a_broken_batch()
    connector_of(of).errors["flush"] = [RetriableError("busy")]
    of.run(1)
    assert (seen(of), state(of.workers[0])) == ([], State.CLAIMING)
    of.run(10)
    consumer_of(of.workers[0]).errors["poll"] = [BrokenPartitionsError({P0: "alerts-0: damaged"})]
    of.run(1)
    assert (seen(of), stored(of), cause(of.workers[0])) == ([0, 1], 2, "alerts-0: damaged")


def test_records_that_are_gone_quarantine_their_partition() -> None:
    of = running()
    produce(of, P0, 0, 1)
    of.run(3)
    produce(of, P0, 2, 3, 4)
    of.broker.delete_records(P0, before=4)
    of.run(10)
    assert seen(of) == [0, 1]
    assert str(cause(of.workers[0])).startswith("alerts-0: offsets 2 to 3 are gone from Kafka: ")


@pytest.mark.parametrize(
    ("out_of_range", "then_seen"), [(OutOfRange.EARLIEST, [0, 4, 5]), (OutOfRange.LATEST, [0, 5])]
)
def test_told_so_the_loop_goes_on_past_records_that_are_gone(
    out_of_range: OutOfRange, then_seen: list[int]
) -> None:
    of = running(out_of_range=out_of_range)
    produce(of, P0, 0)
    of.run(3)
    produce(of, P0, 1, 2, 3, 4)
    of.broker.delete_records(P0, before=4)
    of.run(10)
    produce(of, P0, 5)
    of.run(5)
    assert (seen(of), stored(of)) == (then_seen, 6)
