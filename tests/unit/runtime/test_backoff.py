"""How long to wait after a failure, and when to give up."""

from __future__ import annotations

from random import Random

from sinkworker.runtime.backoff import Backoff


def backoff(max_delay_ms: int = 10_000, give_up_after_ms: int = -1) -> Backoff:
    return Backoff(max_delay_ms, give_up_after_ms, Random(1))


def delays(of: Backoff, count: int, now_ms: int = 0) -> list[int]:
    """What it waits after each of `count` failures, the next attempt made as soon as it may be."""
    waited = []
    for _ in range(count):
        of.failed(now_ms)
        waited.append(of.wait_ms(now_ms))
        now_ms += waited[-1]
    return waited


def test_the_delay_doubles_from_300_ms_until_the_maximum() -> None:
    assert delays(backoff(), 6) == [300, 600, 1_200, 2_400, 4_800, 9_600]


def test_past_the_maximum_delays_are_spread_at_random_below_it() -> None:
    late = delays(backoff(), 1_000)[6:]
    assert all(300 <= delay <= 10_000 for delay in late)
    assert len(set(late)) > 500


def test_a_maximum_below_the_first_delay_holds() -> None:
    assert all(delay <= 300 for delay in delays(backoff(max_delay_ms=300), 50))


def test_thousands_of_failures_do_not_grow_beyond_all_bounds() -> None:
    assert max(delays(backoff(), 5_000)) <= 10_000


def test_the_next_attempt_may_be_made_when_the_delay_is_over() -> None:
    waiting = backoff()
    assert waiting.is_over(1_000)
    waiting.failed(1_000)
    assert not waiting.is_over(1_299)
    assert waiting.is_over(1_300)
    assert waiting.wait_ms(1_400) == 0


def test_a_success_ends_the_run_and_the_wait() -> None:
    waiting = backoff()
    delays(waiting, 4)
    waiting.succeeded()
    assert waiting.failures == 0
    assert waiting.is_over(1)
    assert delays(waiting, 1) == [300]


def test_it_gives_up_once_the_run_has_lasted_long_enough() -> None:
    waiting = backoff(give_up_after_ms=5_000)
    waiting.failed(1_000)
    waiting.failed(5_999)
    assert not waiting.gives_up(5_999)
    waiting.failed(6_000)
    assert waiting.gives_up(6_000)


def test_without_a_failure_it_never_gives_up() -> None:
    waiting = backoff(give_up_after_ms=0)
    assert not waiting.gives_up(1_000_000)
    waiting.failed(1_000_000)
    assert waiting.gives_up(1_000_000)
    waiting.succeeded()
    assert not waiting.gives_up(2_000_000)


def test_minus_one_never_gives_up() -> None:
    waiting = backoff()
    delays(waiting, 1_000)
    assert not waiting.gives_up(1 << 60)


def test_a_failure_long_after_the_last_begins_a_new_run() -> None:
    waiting = backoff(max_delay_ms=10_000, give_up_after_ms=60_000)
    waiting.failed(0)
    waiting.failed(300)
    waiting.failed(20_301)
    assert waiting.failures == 1
    assert waiting.wait_ms(20_301) == 300
    assert not waiting.gives_up(80_300)
    assert waiting.gives_up(80_301)


def test_a_failure_soon_after_the_longest_delay_belongs_to_the_run() -> None:
    waiting = backoff(max_delay_ms=10_000)
    waiting.failed(0)
    waiting.failed(20_000)
    assert waiting.failures == 2
