"""The keys that say below which path a record's file lies.

Owns their spelling, which is Confluent's, and which of them belong together. Must not know files.
"""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from connectors.s3 import fields
from connectors.s3.partitioners import (
    DefaultPartitioner,
    FieldPartitioner,
    Nested,
    Partitioner,
    TimePartitioner,
)
from connectors.s3.path_format import PathFormat
from connectors.s3.timestamps import Times, field_time, record_time, wall_clock
from sinkworker.api import ConfigModel, CsvList, TopicPartition

HOUR_MS = 3_600_000
DAILY = "'year'=YYYY/'month'=MM/'day'=dd"
HOURLY = f"{DAILY}/'hour'=HH"
OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
BY_FIELD = ("FieldPartitioner", "TimeAndFieldPartitioner", "FieldAndTimeBasedPartitioner")
BY_OWN_FORMAT = ("TimeBasedPartitioner", *BY_FIELD[1:])


def class_name(value: Any) -> Any:
    """The last part of a Java class name: both spellings are understood."""
    return re.split(r"[.$]", value)[-1] if isinstance(value, str) else value


def _extractor_name(value: Any) -> Any:
    """`Record`, or the class that stands for it."""
    name = class_name(value)
    return name.removesuffix("TimestampExtractor") if isinstance(name, str) else name


PartitionerName = Annotated[
    Literal[
        "DefaultPartitioner",
        "FieldPartitioner",
        "TimeBasedPartitioner",
        "HourlyPartitioner",
        "DailyPartitioner",
        "TimeAndFieldPartitioner",
        "FieldAndTimeBasedPartitioner",
    ],
    BeforeValidator(class_name),
]
ExtractorName = Annotated[
    Literal["Wallclock", "Record", "RecordField"], BeforeValidator(_extractor_name)
]


class PathConfig(ConfigModel):
    topics_dir: str = Field(default="topics", min_length=1)
    """The folder in the bucket that holds all topics' files."""
    partitioner_class: PartitionerName = "DefaultPartitioner"
    """DefaultPartitioner (Kafka's partitions), FieldPartitioner, HourlyPartitioner,
    DailyPartitioner, TimeBasedPartitioner (by path.format), TimeAndFieldPartitioner (fields below
    time), FieldAndTimeBasedPartitioner (time below fields). Confluent's class names do, too."""
    partition_field_name: CsvList = ()
    """The fields that FieldPartitioner makes folders of; a dot reaches into a field."""
    path_format: str = ""
    """The folders of TimeBasedPartitioner, in Joda's letters: 'year'=YYYY/'month'=MM/'day'=dd."""
    partition_duration_ms: int = -1
    """How much time one folder of TimeBasedPartitioner covers."""
    locale: str = "en"
    """Whose names months and days have in path.format. Only English names are known."""
    timezone: str = "UTC"
    """Whose clock paths and rotate.schedule.interval.ms go by: Europe/Paris, or +02:00."""
    timestamp_extractor: ExtractorName = "Wallclock"
    """A record's time: Wallclock (when it is written), Record (Kafka's), RecordField."""
    timestamp_field: str = Field(default="timestamp", min_length=1)
    """RecordField's field: ms since 1970, or ISO 8601; a dot reaches into a field."""

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        zone(name)
        return name

    @field_validator("path_format")
    @classmethod
    def _format_can_be_read(cls, pattern: str) -> str:
        if pattern:
            PathFormat(pattern)
        return pattern

    @model_validator(mode="after")
    def _paths_are_complete(self) -> PathConfig:
        contradictions = [sentence for is_so, sentence in self._path_contradictions() if is_so]
        if contradictions:
            raise ValueError("\n".join(contradictions))
        return self

    def _path_contradictions(self) -> list[tuple[bool, str]]:
        name = self.partitioner_class
        is_foreign = not self.locale.lower().startswith("en")
        return [
            (
                name in BY_FIELD and not self.partition_field_name,
                f"partitioner.class={name} needs partition.field.name",
            ),
            (
                name in BY_OWN_FORMAT and not self.path_format,
                f"partitioner.class={name} needs path.format",
            ),
            (
                name in BY_OWN_FORMAT and self.partition_duration_ms <= 0,
                f"partitioner.class={name} needs a partition.duration.ms above 0",
            ),
            (
                is_foreign and bool(self.path_format) and PathFormat(self.path_format).has_names,
                f"locale={self.locale}: only English names are known. Use numbers in path.format, "
                "such as MM, or locale=en",
            ),
        ]


def zone(name: str) -> tzinfo:
    """ValueError when no such zone is known."""
    if name == "UTC":
        return UTC
    fixed = OFFSET.fullmatch(name)
    if fixed:
        offset = timedelta(hours=int(fixed[2]), minutes=int(fixed[3]))
        return timezone(-offset if fixed[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        raise ValueError("Expected a zone such as Europe/Paris, UTC, or +02:00") from None


def partitioner(config: PathConfig, source: TopicPartition) -> Partitioner:
    name = config.partitioner_class
    if name == "DefaultPartitioner":
        return DefaultPartitioner(source)
    if name == "FieldPartitioner":
        return _by_field(config)
    if name == "TimeAndFieldPartitioner":
        return Nested(_by_time(config), _by_field(config))
    if name == "FieldAndTimeBasedPartitioner":
        return Nested(_by_field(config), _by_time(config))
    return _by_time(config)


def _by_field(config: PathConfig) -> Partitioner:
    return FieldPartitioner(config.partition_field_name)


def _by_time(config: PathConfig) -> Partitioner:
    pattern, duration = {
        "HourlyPartitioner": (HOURLY, HOUR_MS),
        "DailyPartitioner": (DAILY, 24 * HOUR_MS),
    }.get(config.partitioner_class, (config.path_format, config.partition_duration_ms))
    return TimePartitioner(PathFormat(pattern), duration, zone(config.timezone))


def extractor(config: PathConfig) -> Times:
    if config.timestamp_extractor == "Record":
        return record_time
    if config.timestamp_extractor == "RecordField":
        return field_time(fields.Field(config.timestamp_field))
    return wall_clock
