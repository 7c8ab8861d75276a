"""A record on its way to a sink, and the partition it was read from.

Owns the values that travel on the hot path. Must not know converters, tasks or clients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
"""A schema in the form of Kafka Connect's JSON: `{"type": "struct", "fields": [...]}`, …"""

Header: TypeAlias = tuple[str, Any]


class TopicPartition(NamedTuple):
    """One partition of one topic; prints as `topic-3`, as in Kafka's own messages."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


@dataclass(slots=True)
class SinkRecord:
    """One converted and transformed record.

    `topic` and `partition` may have been renamed by a transform; `offset` never is. Where the
    record was read is said by the `source` that accompanies it.

    timestamp: milliseconds since 1970 in UTC, or None where the broker has none.
    headers: names, which may come several times, with values as the header converter makes them.
    key_schema, value_schema: None for schemaless data.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    key: Any
    value: Any
    headers: Sequence[Header] = ()
    key_schema: Schema | None = None
    value_schema: Schema | None = None
