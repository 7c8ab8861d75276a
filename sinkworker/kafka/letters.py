"""What a dead letter is in a topic, whichever client sends it.

Owns the topic's shape, and a letter's time, key, value and headers. Pure. Must not know any client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sinkworker.api import ErrantRecord, Header
from sinkworker.runtime.letter_headers import context_headers, omitted_header

# As Kafka Connect makes it.
PARTITIONS = 1
# Letters have the times of their records: of an old topic, the default retention would delete them at
# once.
CONFIGS: Mapping[str, str] = {"retention.ms": "-1"}


@dataclass(frozen=True)
class LetterTopic:
    """replication_factor: of the topic, when it is created; -1: the broker's default.

    has_context: whether letters say in headers what failed.
    """

    name: str
    replication_factor: int = -1
    has_context: bool = True


class Letter(NamedTuple):
    """A record as it is produced. timestamp: None: now."""

    timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


@dataclass(frozen=True)
class LetterForm:
    """Of the letters of one task."""

    topic: LetterTopic
    connector: str
    task: int

    def whole(self, errant: ErrantRecord) -> Letter:
        """The record as it was read."""
        context = self._context(errant) if self.topic.has_context else ()
        return Letter(_time(errant), errant.key, errant.value, [*errant.headers, *context])

    def of_now(self, errant: ErrantRecord) -> Letter:
        """For a topic that does not take its time."""
        return self.whole(errant)._replace(timestamp=None)

    def headers_only(self, errant: ErrantRecord) -> Letter:
        """For a topic that it is too large for."""
        headers = [*self._context(errant), omitted_header(errant)]
        return Letter(_time(errant), None, None, headers)

    def _context(self, errant: ErrantRecord) -> list[Header]:
        return context_headers(errant, self.connector, self.task)


def _time(errant: ErrantRecord) -> int | None:
    return errant.timestamp if errant.timestamp is not None and errant.timestamp >= 0 else None
