"""InsertHeader: a header with a fixed value."""

from __future__ import annotations

from sinkworker.api import ConfigModel, SinkRecord, Transform
from sinkworker.converters.simple_header import SimpleHeaderConverter


class InsertHeaderConfig(ConfigModel):
    header: str
    """The header's name."""
    value_literal: str
    """Its value; what looks like a number, a date, a list … becomes one."""


class InsertHeader(Transform):
    """Adds a header behind those that there are, also where one has its name."""

    config_class = InsertHeaderConfig

    def __init__(self, config: InsertHeaderConfig) -> None:
        super().__init__(config)
        converter = SimpleHeaderConverter(ConfigModel(), is_key=False)
        _, value = converter.decode("", config.value_literal.encode(), ())
        self._header = config.header, value

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        record.headers = [*record.headers, self._header]
        return record
