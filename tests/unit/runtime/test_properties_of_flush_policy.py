"""Whatever is pending: a flush is due exactly at a limit, and no poll outlasts it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sinkworker.runtime.assignment import Pending
from sinkworker.runtime.flush_policy import FlushPolicy

LIMITS = st.integers(1, 1_000)
POLICIES = st.builds(FlushPolicy, LIMITS, LIMITS, LIMITS)
NOW = st.integers(0, 3_000)
SOMETHING = st.builds(Pending, st.integers(0, 1_500), st.integers(0, 1_500), st.integers(0, 2_000))


@given(policy=POLICIES, pending=SOMETHING, age=NOW)
def test_a_flush_is_due_exactly_when_a_limit_is_met(
    policy: FlushPolicy, pending: Pending, age: int
) -> None:
    assert pending.since_ms is not None
    reached = {
        "records": pending.records >= policy.max_records,
        "bytes": pending.bytes >= policy.max_bytes,
        "age": age >= policy.interval_ms,
    }
    assert policy.due(pending.since_ms + age, pending) is any(reached.values())


@given(policy=POLICIES, pending=SOMETHING, now=NOW, more=NOW)
def test_what_is_due_stays_due_as_time_passes_and_records_come(
    policy: FlushPolicy, pending: Pending, now: int, more: int
) -> None:
    if policy.due(now, pending):
        assert policy.due(now + more, pending)
        assert policy.due(now, pending._replace(records=pending.records + more))
        assert policy.due(now, pending._replace(bytes=pending.bytes + more))


@given(policy=POLICIES, pending=SOMETHING, now=NOW, at_most=NOW)
def test_no_poll_waits_past_the_moment_when_a_flush_is_due_by_age(
    policy: FlushPolicy, pending: Pending, now: int, at_most: int
) -> None:
    assert pending.since_ms is not None
    wait, due_at = policy.wait_ms(now, pending, at_most), pending.since_ms + policy.interval_ms
    assert 0 <= wait <= at_most
    assert now + wait <= max(now, due_at)
    if wait < at_most:  # and it waits no shorter than it may
        assert policy.due(now + wait, pending)
        by_age_only = replace(policy, max_records=10_000, max_bytes=10_000)
        assert wait == 0 or not by_age_only.due(now + wait - 1, pending)


@given(policy=POLICIES, now=NOW, at_most=NOW)
def test_where_nothing_is_pending_nothing_is_ever_due(
    policy: FlushPolicy, now: int, at_most: int
) -> None:
    nothing = Pending(0, 0, None)
    assert not policy.due(now, nothing)
    assert policy.wait_ms(now, nothing, at_most) == at_most
