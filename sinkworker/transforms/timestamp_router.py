"""TimestampRouter: another topic, by the time of the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from sinkworker.api import ConfigModel, DataError, SinkRecord, Transform
from sinkworker.transforms.date_format import DateFormat, date_format


class TimestampRouterConfig(ConfigModel):
    topic_format: str = "${topic}-${timestamp}"
    """The new name; ${topic} stands for the old one, ${timestamp} for the record's time."""
    timestamp_format: Annotated[str, AfterValidator(date_format)] = "yyyyMMdd"
    """How the time is written, in UTC: a pattern of Java's SimpleDateFormat."""


class TimestampRouter(Transform):
    """Renames topics. Offsets are stored under the topic that was read, whatever its new name."""

    config_class = TimestampRouterConfig

    def __init__(self, config: TimestampRouterConfig) -> None:
        super().__init__(config)
        self._topic, self._format = config.topic_format, DateFormat(config.timestamp_format)

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        if record.timestamp is None:
            raise DataError("TimestampRouter: the record has no timestamp")
        topic = self._topic.replace("${topic}", record.topic)
        shown = self._format.format(record.timestamp * 1000)
        record.topic = topic.replace("${timestamp}", shown)
        return record
