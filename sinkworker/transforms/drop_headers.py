"""DropHeaders: headers removed by name."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from sinkworker.api import ConfigModel, CsvList, SinkRecord, Transform
from sinkworker.transforms.lists import distinct, not_empty


class DropHeadersConfig(ConfigModel):
    headers: Annotated[CsvList, AfterValidator(not_empty), AfterValidator(distinct)]
    """The names of the headers to remove."""


class DropHeaders(Transform):
    """Removes every header of these names."""

    config_class = DropHeadersConfig

    def __init__(self, config: DropHeadersConfig) -> None:
        super().__init__(config)
        self._names = frozenset(config.headers)

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        if record.headers:
            record.headers = [each for each in record.headers if each[0] not in self._names]
        return record
