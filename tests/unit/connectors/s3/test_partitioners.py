"""Which path a record gets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.s3.paths import PathConfig, extractor, partitioner, zone
from sinkworker.api import DataError, SinkRecord, TopicPartition

SOURCE = TopicPartition("audit", 3)
NEW_YEAR = 1_767_225_600_000  # 2026-01-01T00:00:00Z
WALL = 1_767_312_000_000  # a day later


def config(name: str = "DefaultPartitioner", **keys: Any) -> PathConfig:
    return PathConfig.model_validate({"partitioner.class": name} | keys)


def paths(configured: PathConfig, *values: Any, times: Sequence[int | None] = ()) -> list[str]:
    records = [
        SinkRecord("audit", 3, offset, time, None, value)
        for offset, (value, time) in enumerate(
            zip(values, times or [NEW_YEAR] * len(values), strict=True)
        )
    ]
    found = extractor(configured)(records, WALL)
    return list(partitioner(configured, SOURCE).paths(records, found))


def test_by_default_kafkas_partitions_are_kept() -> None:
    assert paths(config(), 1, None, "x") == ["partition=3"] * 3


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("eu", "eu"),
        (7, "7"),
        (True, "true"),
        (None, "__HIVE_DEFAULT_PARTITION__"),
        ("", "__HIVE_DEFAULT_PARTITION__"),
        ("../x", "..%2Fx"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 2, 28), "2026-02-28"),
        (datetime(2026, 2, 28, 1, tzinfo=UTC), "2026-02-28T01%3A00%3A00+00%3A00"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_a_fields_value_is_a_folder(value: Any, segment: str) -> None:
    by_field = config("FieldPartitioner", **{"partition.field.name": "f"})
    assert paths(by_field, {"f": value}) == [f"f={segment}"]


def test_equal_values_of_different_types_keep_their_folders() -> None:
    by_field = config("FieldPartitioner", **{"partition.field.name": "f"})
    assert paths(by_field, {"f": True}, {"f": 1}, {"f": "1"}) == ["f=true", "f=1", "f=1"]


def test_fields_are_nested_and_may_lie_deeper_or_be_missing() -> None:
    by_field = config("FieldPartitioner", **{"partition.field.name": "tenant, user.id,a.b"})
    assert paths(by_field, {"tenant": "x", "user": {"id": 1}, "a.b": 2}, {"user": 5}) == [
        "tenant=x/user.id=1/a.b=2",
        "tenant=__HIVE_DEFAULT_PARTITION__/user.id=__HIVE_DEFAULT_PARTITION__"
        "/a.b=__HIVE_DEFAULT_PARTITION__",
    ]


def test_many_long_values_leave_room_for_the_rest_of_a_key() -> None:
    names = [f"f{n}" for n in range(8)]
    by_fields = config("FieldPartitioner", **{"partition.field.name": ",".join(names)})
    [path] = paths(by_fields, dict.fromkeys(names, "é" * 5000))
    assert len(path.encode()) < 512
    assert len(path.split("/")) == 8


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("text", "it has no field f: its value is no object"),
        ({"f": 1.5}, "partition.field.name f: a float cannot be a path"),
        ({"f": {"g": 1}}, "partition.field.name f: a dict cannot be a path"),
        ({"f": b"x"}, "partition.field.name f: a bytes cannot be a path"),
    ],
)
def test_values_that_are_no_folder(value: Any, why: str) -> None:
    with pytest.raises(DataError) as raised:
        paths(config("FieldPartitioner", **{"partition.field.name": "f"}), value)
    assert str(raised.value) == why


BY_RECORD = {"timestamp.extractor": "Record"}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("HourlyPartitioner", "year=2025/month=12/day=31/hour=19"),
        ("DailyPartitioner", "year=2025/month=12/day=31"),
        ("io.confluent.connect.storage.partitioner.DailyPartitioner", "year=2025/month=12/day=31"),
    ],
)
def test_time_goes_by_the_zones_clock(name: str, path: str) -> None:
    by_time = config(name, timezone="America/New_York", **BY_RECORD)
    assert paths(by_time, 1, 2, times=[NEW_YEAR, NEW_YEAR + 59 * 60_000]) == [path] * 2


def test_a_fixed_offset_is_a_zone_too() -> None:
    by_time = config("HourlyPartitioner", timezone="-05:30", **BY_RECORD)
    assert paths(by_time, 1) == ["year=2025/month=12/day=31/hour=18"]


def test_path_format_and_duration() -> None:
    keys = {"path.format": "YYYY/MM/dd/HHmm", "partition.duration.ms": 900_000, **BY_RECORD}
    by_time = config("TimeBasedPartitioner", **keys)
    times = [NEW_YEAR + minutes * 60_000 for minutes in (0, 14, 15, 44, 60)]
    assert paths(by_time, *range(5), times=times) == [
        f"2026/01/01/{clock}" for clock in ("0000", "0000", "0015", "0030", "0100")
    ]


def test_days_around_a_change_of_the_clock_begin_at_midnight() -> None:
    """Paris went from 2:00 to 3:00 on 2026-03-29, and back on 2026-10-25."""
    daily = config("DailyPartitioner", timezone="Europe/Paris", **BY_RECORD)
    for day in (datetime(2026, 3, 29), datetime(2026, 10, 25)):
        midnight = int(day.replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp() * 1000)
        today = f"year=2026/month={day.month:02d}/day={day.day}"
        hours = [midnight + hour * 3_600_000 for hour in range(22)]
        assert paths(daily, *hours, times=hours) == [today] * 22
        assert paths(daily, 1, times=[midnight - 1]) != [today]


@settings(deadline=None)
@given(
    st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(["UTC", "Europe/Paris", "Africa/Monrovia", "America/St_Johns", "Asia/Kathmandu",
                     "Australia/Lord_Howe", "+13:45"]),
)  # fmt: skip
def test_the_hour_is_always_that_of_the_local_clock(moments: list[datetime], name: str) -> None:
    hourly = config("HourlyPartitioner", timezone=name, **BY_RECORD)
    local = [m.replace(tzinfo=UTC).astimezone(zone(name)) for m in moments]
    times = [
        (m.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        for m in moments
    ]
    assert paths(hourly, *times, times=times) == [
        f"year={m.year}/month={m.month:02d}/day={m.day:02d}/hour={m.hour:02d}" for m in local
    ]


def test_an_hour_may_begin_within_a_minute() -> None:
    """Liberia's clock was 44 minutes and 30 seconds behind until 1972."""
    hourly = config("HourlyPartitioner", timezone="Africa/Monrovia", **BY_RECORD)
    began = int(datetime(1971, 6, 1, 0, 44, 30, tzinfo=UTC).timestamp() * 1000)
    assert paths(hourly, 1, 2, 3, times=[began - 1, began, began - 1]) == [
        "year=1971/month=05/day=31/hour=23",
        "year=1971/month=06/day=01/hour=00",
        "year=1971/month=05/day=31/hour=23",
    ]


def test_time_and_fields_in_either_order() -> None:
    keys = {
        "partition.field.name": "t", "path.format": "'y'=YYYY",
        "partition.duration.ms": 3_600_000, **BY_RECORD,
    }  # fmt: skip
    assert paths(config("TimeAndFieldPartitioner", **keys), {"t": "a"}) == ["y=2026/t=a"]
    assert paths(config("FieldAndTimeBasedPartitioner", **keys), {"t": "a"}) == ["t=a/y=2026"]


@pytest.mark.parametrize(
    "value",
    [
        NEW_YEAR,
        float(NEW_YEAR),
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T01:30:00.000+01:30",
        "2026-01-01",
        datetime(2026, 1, 1, tzinfo=UTC),
        date(2026, 1, 1),
    ],
)
def test_a_field_may_tell_the_time(value: Any) -> None:
    keys = {"timestamp.extractor": "RecordField", "timestamp.field": "at.time"}
    by_time = config("HourlyPartitioner", **keys)
    assert paths(by_time, {"at": {"time": value}}) == ["year=2026/month=01/day=01/hour=00"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"timestamp": "yesterday"}, "timestamp.field timestamp is no date and time in ISO 8601"),
        ({"timestamp": True}, "timestamp.field timestamp is a bool, no moment"),
        ({}, "timestamp.field timestamp is a NoneType, no moment"),
        ({"timestamp": float("inf")}, "timestamp.field timestamp is no moment"),
        ({"timestamp": 10**30}, "its time is outside the years 1 to 9999"),
        ({"timestamp": -(10**14)}, "its time is outside the years 1 to 9999"),
    ],
)
def test_a_field_that_tells_no_time(value: Any, why: str) -> None:
    with pytest.raises(DataError) as raised:
        paths(config("HourlyPartitioner", **{"timestamp.extractor": "RecordField"}), value)
    assert str(raised.value) == why


def test_wall_clock_is_the_default_and_kafkas_time_may_be_missing() -> None:
    assert paths(config("DailyPartitioner"), 1) == ["year=2026/month=01/day=02"]
    with pytest.raises(DataError):
        paths(config("DailyPartitioner", **BY_RECORD), 1, times=[None])


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"partitioner.class": "FieldPartitioner"},
         "partitioner.class=FieldPartitioner needs partition.field.name"),
        ({"partitioner.class": "TimeBasedPartitioner", "partition.duration.ms": 1},
         "partitioner.class=TimeBasedPartitioner needs path.format"),
        ({"partitioner.class": "TimeBasedPartitioner", "path.format": "YYYY"},
         "partitioner.class=TimeBasedPartitioner needs a partition.duration.ms above 0"),
        ({"path.format": "MMMM", "locale": "fr-FR"},
         "locale=fr-FR: only English names are known. Use numbers in path.format, such as MM, or "
         "locale=en"),
        ({"timezone": "Mars"}, "Expected a zone such as Europe/Paris, UTC, or +02:00"),
        ({"timezone": "../x"}, "Expected a zone such as Europe/Paris, UTC, or +02:00"),
        ({"timezone": "America"}, "Expected a zone such as Europe/Paris, UTC, or +02:00"),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_together(keys: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as raised:
        PathConfig.model_validate(keys)
    assert [error["msg"].removeprefix("Value error, ") for error in raised.value.errors()] == [why]


def test_the_java_names_of_extractors_are_understood() -> None:
    name = "io.confluent.connect.storage.partitioner.TimeBasedPartitioner$RecordTimestampExtractor"
    assert config(**{"timestamp.extractor": name}).timestamp_extractor == "Record"
