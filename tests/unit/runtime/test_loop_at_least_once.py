"""A sink that stores no offsets: the group's committed offset is where it starts."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import RetriableError
from sinkworker.runtime.start import LATEST
from sinkworker.testing import Harness
from sinkworker.testing.samples import AtLeastOnceSinkConnector
from tests.unit.runtime.builders import P0, produce, scripted_consumer, seen


def at_least_once(**plan: Any) -> Harness:
    return Harness(AtLeastOnceSinkConnector(), **plan)


def test_a_sink_without_offsets_commits_to_the_group_and_starts_from_it() -> None:
    of = at_least_once()
    produce(of, P0, 0, 1)
    first = of.start()
    of.run(5)
    assert of.broker.group(of.group).committed[P0].next == 2
    first.stop()
    produce(of, P0, 2)
    of.start()
    of.run(5)
    assert seen(of) == [0, 1, 2]


def test_a_commit_that_the_group_refuses_is_tried_again_and_nothing_is_written_twice() -> None:
    of = at_least_once()
    consumer = scripted_consumer(of)
    worker = of.start(lambda: consumer)
    of.run(2)
    consumer.errors["commit"] = [RetriableError("a rebalance"), RetriableError("a rebalance")]
    produce(of, P0, 0, 1)
    of.run(10)
    assert (seen(of), of.broker.group(of.group).committed[P0].next) == ([0, 1], 2)
    assert worker.status().counters.retries == 2


@pytest.mark.parametrize("lookup", ["stable_ends", "bounds"])
def test_a_first_open_that_fails_does_not_decide_the_start(lookup: str) -> None:
    of = at_least_once(start=LATEST)
    produce(of, P0, 0, 1)
    consumer = scripted_consumer(of)
    consumer.errors[lookup] = [RetriableError("no broker answers")]
    of.start(lambda: consumer)
    of.run(5)
    produce(of, P0, 2)
    of.run(5)
    assert seen(of) == [2]
