"""Records from a file of JSON lines, for runs without Kafka.

Owns the form of a line. Only `value` must be there:

    {"topic": "alerts", "partition": 0, "key": "stage-1", "value": {"id": 1}, "headers": {"trace": "a"},
     "timestamp": 1700000000000}

A key, value or header that is text is sent as it is, null as null, anything else as JSON; the
connector's converters read it. Offsets are counted, from 0 in each partition.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sinkworker.api import Header, TopicPartition
from sinkworker.testing.broker import InMemoryBroker


class RecordFileError(Exception):
    """A file of records cannot be used; the message says where and why."""


class SampleRecord(NamedTuple):
    """One record to be produced."""

    source: TopicPartition
    value: bytes | None
    key: bytes | None
    headers: Sequence[Header]
    timestamp: int | None


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    topic: str | None = None
    partition: int = Field(0, ge=0, lt=10_000)
    key: Any = None
    value: Any
    headers: dict[str, Any] = {}
    timestamp: int | None = Field(None, ge=0)


def read_records(file: Path, topic: str) -> list[SampleRecord]:
    """topic: of lines that name none. RecordFileError when a line is none, or there is no line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordFileError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    records = [
        _record(f"{file}:{n}", line, topic) for n, line in enumerate(lines, 1) if line.strip()
    ]
    if not records:
        raise RecordFileError(f"{file}: there is no record in it")
    return records


def _record(place: str, text: str, topic: str) -> SampleRecord:
    try:
        line = _Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = "".join(f"{part}: " for part in first["loc"][:1])
        raise RecordFileError(f"{place}: {key}{first['msg']}") from None
    source = TopicPartition(line.topic or topic, line.partition)
    headers = [(name, _bytes(value)) for name, value in line.headers.items()]
    return SampleRecord(source, _bytes(line.value), _bytes(line.key), headers, line.timestamp)


def _bytes(value: Any) -> bytes | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode()


def produce(broker: InMemoryBroker, records: Sequence[SampleRecord]) -> None:
    """Create the topics of these records, and append them. The topics' ids are always the same."""
    for topic in sorted({record.source.topic for record in records}):
        partitions = 1 + max(r.source.partition for r in records if r.source.topic == topic)
        broker.create_topic(topic, partitions)
        broker.topic_ids[topic] = f"sample-{topic}"
    for source, value, key, headers, timestamp in records:
        broker.produce(source, value, key, headers, timestamp)
