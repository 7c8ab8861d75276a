"""What one comparison is about: a mode, a random table, settings that fit them, and random records.

Owns that all of it follows from the mode and a seed. Must not know the sink, nor any database.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from sinkworker.api import TopicPartition
from tests.integration.postgres.random_tables import RandomTable

SOURCES = [TopicPartition("alerts", 0), TopicPartition("alerts", 1), TopicPartition("other", 0)]


class Sent(NamedTuple):
    """One record, and where it is read. key: its columns, wherever the record has them."""

    source: TopicPartition
    offset: int
    key: dict[str, Any]
    value: Any


class Scenario:
    """mode: the sink's insert.mode."""

    def __init__(self, mode: str, seed: int) -> None:
        self.mode, self.upserts = mode, mode == "upsert"
        self._random = random = Random(f"{mode} {seed}")
        self._has_record_keys = self.upserts and random.random() < 0.7
        has_primary_key = mode != "insert" or random.random() < 0.5
        self.table = RandomTable(random, has_primary_key=has_primary_key)
        self.settings = {"insert_mode": mode, "table_name_format": "alerts", **self._key()}

    def _key(self) -> dict[str, Any]:
        names = ",".join(self.table.keys)
        if self._has_record_keys:
            fields = self._random.choice(["", names])
            return {"pk_mode": "record_key", "delete_enabled": True, "pk_fields": fields}
        return {"pk_mode": "record_value", "pk_fields": names} if self.upserts else {}

    def records(self, next_offset: Callable[[TopicPartition], int]) -> list[Sent]:
        """A batch, in the order in which a task is given it."""
        most = self._random.choice([1, 2, 5, 20, 60])
        return [
            self._record(source, offset)
            for source in SOURCES
            for offset in self._offsets(next_offset(source), most)
        ]

    def _offsets(self, start: int, most: int) -> range:
        return range(start, start + self._random.randint(0, most))

    def _record(self, source: TopicPartition, offset: int) -> Sent:
        is_delete = self._has_record_keys and self._random.random() < 0.2
        key, value = self.table.key(), None if is_delete else self.table.value()
        if isinstance(value, dict) and not self._has_record_keys:
            value |= key
        return Sent(source, offset, key, value)
