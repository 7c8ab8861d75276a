"""The predicates: HasHeaderKey, RecordIsTombstone, TopicNameMatches."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from sinkworker.api import ConfigModel, Predicate, SinkRecord
from sinkworker.transforms.java_regex import compiled, java_regex


class HasHeaderKeyConfig(ConfigModel):
    name: str = Field(min_length=1)
    """The header's name."""


class HasHeaderKey(Predicate):
    """True where a header has that name."""

    config_class = HasHeaderKeyConfig

    def __init__(self, config: HasHeaderKeyConfig) -> None:
        super().__init__(config)
        self._name = config.name

    def test(self, record: SinkRecord) -> bool:
        return any(header[0] == self._name for header in record.headers)


class RecordIsTombstone(Predicate):
    """True where the value is null."""

    def test(self, record: SinkRecord) -> bool:
        return record.value is None


class TopicNameMatchesConfig(ConfigModel):
    pattern: Annotated[str, AfterValidator(java_regex)] = Field(min_length=1)
    """A regular expression in Java's syntax that must match the topic's whole name."""


class TopicNameMatches(Predicate):
    """True where the topic's name matches, after what transforms before have made of it."""

    config_class = TopicNameMatchesConfig

    def __init__(self, config: TopicNameMatchesConfig) -> None:
        super().__init__(config)
        self._matches = compiled(config.pattern).fullmatch

    def test(self, record: SinkRecord) -> bool:
        return self._matches(record.topic) is not None
