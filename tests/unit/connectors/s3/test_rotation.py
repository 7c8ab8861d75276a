"""When files are due."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.s3.rotation import Rotation, turns
from tests.unit.connectors.s3.files import MIDNIGHT, Writing, records

MINUTE, HOUR = 60_000, 3_600_000
NEVER = {"rotate.interval.ms": -1}
BY_RECORD = {"timestamp.extractor": "Record"}


def test_nothing_is_due_while_nothing_was_put() -> None:
    writing = Writing(**{"rotate.interval.ms": MINUTE, "rotate.schedule.interval.ms": MINUTE})
    assert not writing.writer.due(0, MIDNIGHT)
    assert not writing.writer.due(HOUR, MIDNIGHT + HOUR)


def test_files_are_due_after_the_interval_although_nothing_more_comes() -> None:
    writing = Writing(**{"rotate.interval.ms": MINUTE})
    writing.writer.put(records(1))
    assert not writing.writer.due(5, MIDNIGHT)
    assert not writing.writer.due(5 + MINUTE - 1, MIDNIGHT)
    assert writing.writer.due(5 + MINUTE, MIDNIGHT)
    writing.writer.finish()
    writing.writer.put(records(2))
    assert not writing.writer.due(5 + MINUTE, MIDNIGHT)


def test_without_limits_of_time_files_wait_for_ever() -> None:
    writing = Writing(**NEVER)
    writing.writer.put(records(1))
    assert not writing.writer.due(0, MIDNIGHT)
    assert not writing.writer.due(10**12, MIDNIGHT + 10**12)


def test_a_record_an_interval_later_begins_new_files() -> None:
    writing = Writing(**{"rotate.interval.ms": HOUR}, **BY_RECORD)
    writing.writer.put(records(0, time=MIDNIGHT))
    writing.writer.put(records(1, first=1, time=MIDNIGHT + HOUR - 1))
    assert not writing.writer.due(0, MIDNIGHT)
    writing.writer.put(
        records(2, first=2, time=MIDNIGHT + HOUR)
        + records(3, first=3, time=MIDNIGHT + 2 * HOUR - 1)
        + records(4, first=4, time=MIDNIGHT - HOUR)  # late, and no reason to rotate
        + records(5, first=5, time=MIDNIGHT + 2 * HOUR)
    )
    assert writing.writer.due(0, MIDNIGHT)
    files = writing.writer.finish()
    assert [(file.first, file.last) for file in files] == [(0, 1), (2, 4), (5, 5)]


def test_the_wall_clocks_schedule() -> None:
    writing = Writing(**{"rotate.schedule.interval.ms": 15 * MINUTE}, **NEVER)
    writing.wall = MIDNIGHT + 16 * MINUTE
    writing.writer.put(records(1))
    assert not writing.writer.due(0, MIDNIGHT + 30 * MINUTE - 1)
    assert writing.writer.due(0, MIDNIGHT + 30 * MINUTE)


@pytest.mark.parametrize(
    ("zone", "now", "next_"),
    [
        ("UTC", "2026-01-01T00:00", "2026-01-01T06:00"),
        ("UTC", "2026-01-01T05:59:59.999", "2026-01-01T06:00"),
        ("Asia/Kathmandu", "2026-01-01T00:10", "2026-01-01T06:00"),
        ("Europe/Paris", "2026-03-29T00:30", "2026-03-29T07:00"),  # 2:00 did not exist
        ("Europe/Paris", "2026-10-25T12:00", "2026-10-25T17:00"),  # 2:00 came twice
    ],
)
def test_the_schedule_counts_from_the_zones_midnight(zone: str, now: str, next_: str) -> None:
    rotation = Rotation(1, 1, 0, 6 * HOUR, ZoneInfo(zone))
    wall = _ms(now, zone)
    assert rotation.next_scheduled(wall) == _ms(next_, zone)


def _ms(text: str, zone: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return round(moment.timestamp() * 1000)


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 100))
def test_turns_cover_all_records_and_none_is_too_late_for_its_turn(
    times: list[int], interval: int
) -> None:
    base = times[0]
    found = list(turns(times, base, interval))
    assert [index for turn in found for index in turn] == list(range(len(times)))
    for turn in found:
        assert all(times[index] < times[turn.start] + interval for index in turn)
    for before, after in pairwise(found):
        assert times[after.start] >= times[before.start] + interval


def test_a_file_that_is_large_is_due() -> None:
    writing = Writing(**{"flush.bytes": 1000})
    writing.writer.put(records("x" * 400))
    assert not writing.writer.due(0, MIDNIGHT)
    writing.writer.put(records("x" * 400, "x" * 400, first=1))
    assert writing.writer.due(0, MIDNIGHT)
