"""RegexRouter: another topic, by a regular expression."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, model_validator

from sinkworker.api import ConfigModel, SinkRecord, Transform
from sinkworker.transforms.java_regex import compiled, expander, java_regex


class RegexRouterConfig(ConfigModel):
    regex: Annotated[str, AfterValidator(java_regex)]
    """A regular expression in Java's syntax that must match the topic's whole name."""
    replacement: str
    """The new name; $1 or ${name} stands for what a group has matched."""

    @model_validator(mode="after")
    def _names_groups_that_there_are(self) -> RegexRouterConfig:
        try:
            expander(compiled(self.regex), self.replacement)
        except ValueError as error:
            raise ValueError(f"replacement: {error}") from None
        return self


class RegexRouter(Transform):
    """Renames topics. Offsets are stored under the topic that was read, whatever its new name."""

    config_class = RegexRouterConfig

    def __init__(self, config: RegexRouterConfig) -> None:
        super().__init__(config)
        self._regex = compiled(config.regex)
        self._expand = expander(self._regex, config.replacement)
        self._renamed = lru_cache(maxsize=1000)(self._rename)

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        record.topic = self._renamed(record.topic)
        return record

    def _rename(self, topic: str) -> str:
        """As in Kafka: the whole name must match, and the first match found in it is replaced."""
        if self._regex.fullmatch(topic) is None:
            return topic
        return self._regex.sub(self._expand, topic, count=1)
