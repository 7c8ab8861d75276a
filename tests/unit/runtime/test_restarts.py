"""When what has failed begins anew by itself: pauses that double, and an end to it."""

from __future__ import annotations

import pytest

from sinkworker.runtime.restarts import Quarantines, RestartPolicy
from tests.unit.runtime.builders import P0, P1

POLICY = RestartPolicy(most=3, backoff_ms=100, backoff_max_ms=250)


@pytest.mark.parametrize(
    ("policy", "delays"),
    [(RestartPolicy(), [None]), (POLICY, [100, 200, 250, None, None]),
     (RestartPolicy(-1, 100, 250), [100, 200, 250, 250])],
)  # fmt: skip
def test_each_pause_is_twice_as_long_until_there_is_none(
    policy: RestartPolicy, delays: list[int | None]
) -> None:
    assert [policy.delay_ms(restarts) for restarts in range(len(delays))] == delays


def test_a_partition_that_fails_again_waits_longer_and_at_last_stays() -> None:
    quarantines, begun = Quarantines(POLICY), []
    for now_ms in range(0, 10_000, 50):
        begun += [now_ms] * len(quarantines.due({P0: 7}, now_ms))
    assert begun == [100, 350, 650]


def test_one_that_got_further_begins_to_count_anew() -> None:
    quarantines = Quarantines(RestartPolicy(1, 100, 100))
    assert [quarantines.due({P0: 7}, now_ms) for now_ms in (0, 100, 200, 900)] == [[], [P0], [], []]
    assert [quarantines.due({P0: 8}, now_ms) for now_ms in (1_000, 1_100)] == [[], [P0]]


def test_partitions_count_for_themselves() -> None:
    quarantines = Quarantines(RestartPolicy(1, 100, 100))
    assert quarantines.due({P0: 7}, 0) == []
    assert quarantines.due({P0: 7, P1: 7}, 100) == [P0]
    assert quarantines.due({P0: 7, P1: 7}, 200) == [P1]


def test_by_default_nothing_begins_anew() -> None:
    quarantines = Quarantines(RestartPolicy())
    assert [quarantines.due({P0: 7}, now_ms) for now_ms in (0, 10**9)] == [[], []]
