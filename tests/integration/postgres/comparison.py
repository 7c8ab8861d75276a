"""One random table that the sink writes, beside a model of it without constraints.

Owns what must be the same: the rows, the counts, and who was rejected. A batch does one thing on
purpose: of the records of one key it writes only the last values, so it may accept a bad record that
another of its key replaces or completes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import psycopg

from sinkworker.api import TopicPartition
from tests.integration.postgres.batches import Batches, Message, Rejected
from tests.integration.postgres.one_by_one import OneByOne
from tests.integration.postgres.random_tables import UNIQUE, RandomTable
from tests.services.database import Database

SOURCES = [TopicPartition("alerts", 0), TopicPartition("alerts", 1), TopicPartition("other", 0)]
BATCHES = 4


class Sent(NamedTuple):
    source: TopicPartition
    offset: int
    key: dict[str, Any]
    value: Any


class Comparison:
    """All of it follows from the mode and the seed."""

    def __init__(self, database: Database, mode: str, seed: int) -> None:
        self._database, self._mode, self._random = database, mode, Random(f"{mode} {seed}")
        self._upserts = mode == "upsert"
        self._has_record_keys = self._upserts and self._random.random() < 0.7
        has_key = mode != "insert" or self._random.random() < 0.5
        self._shape = RandomTable(self._random, has_key=has_key)
        indexes = "INCLUDING INDEXES" if mode == "ignore" else ""
        database.execute(self._shape.statements())
        database.execute(f"CREATE TABLE model (LIKE alerts INCLUDING DEFAULTS {indexes})")
        self._sink = Batches(database, *SOURCES, table_name_format="alerts", **self._settings())
        self._became: Counter[tuple[TopicPartition, bool]] = Counter()

    def _settings(self) -> dict[str, Any]:
        names = ",".join(self._shape.keys)
        if self._has_record_keys:
            fields = self._random.choice(["", names])
            by_key = {"pk_mode": "record_key", "delete_enabled": True, "pk_fields": fields}
            return {"insert_mode": "upsert", **by_key}
        by_value = {"pk_mode": "record_value", "pk_fields": names} if self._upserts else {}
        return {"insert_mode": self._mode, **by_value}

    def run(self) -> None:
        with psycopg.connect(self._database.url, autocommit=True) as connection:
            connection.execute("SET timezone = 'UTC'")
            alerts = OneByOne(connection, self._shape, "alerts", self._mode)
            model = OneByOne(connection, self._shape, "model", self._mode)
            for _ in range(BATCHES):
                self._compare(alerts, model, self._records())
        self._sink.task.stop()

    # what is sent

    def _records(self) -> list[Sent]:
        most = self._random.choice([1, 2, 5, 20, 60])
        sizes = [self._random.randint(0, most) for _ in SOURCES]
        return [
            self._record(source, self._sink.next(source) + index)
            for source, size in zip(SOURCES, sizes, strict=True)
            for index in range(size)
        ]

    def _record(self, source: TopicPartition, offset: int) -> Sent:
        is_delete = self._has_record_keys and self._random.random() < 0.2
        key, value = self._shape.key(), None if is_delete else self._shape.value()
        if isinstance(value, dict) and not self._has_record_keys:
            value |= key
        return Sent(source, offset, key, value)

    # what becomes of it

    def _compare(self, alerts: OneByOne, model: OneByOne, records: Sequence[Sent]) -> None:
        expected = alerts.rejected([(record.key, record.value) for record in records])
        batch: dict[TopicPartition, list[Message]] = {}
        for record in records:
            batch.setdefault(record.source, []).append(Message(record.key, record.value))
        told = self._sink.flush(batch)
        assert self._sink.failures == []
        found = {i for i, record in enumerate(records) if (record.source, record.offset) in told}
        assert len(found) == len(told)
        self._apply(model, [record for i, record in enumerate(records) if i not in found])
        self._check_rows()
        self._check_counts(records, found)
        self._check_rejected(records, expected, found, told)

    def _apply(self, model: OneByOne, accepted: Sequence[Sent]) -> None:
        if not self._upserts:
            for record in accepted:
                model.apply(record.key, record.value)
            return
        rows: dict[Any, dict[str, Any]] = {}
        for record in accepted:
            named = self._shape.canonical(record.key)
            if record.value is None:
                model.delete(record.key)
                rows.pop(named, None)
            else:
                rows[named] = rows.get(named, record.key) | record.value
        for row in rows.values():
            key = {name: row.pop(name) for name in self._shape.keys}
            model.upsert(key, row)

    def _check_rows(self) -> None:
        different = self._database.execute(
            self._different_by_key() if self._upserts else DIFFERENT_ROWS
        )
        assert different == [], different

    def _different_by_key(self) -> str:
        """A key may be stored as any of its records writes it."""
        same = " AND ".join(f"alerts.{name} = model.{name}" for name in self._shape.keys)
        one, other = (
            ", ".join(f"{table}.{name}" for name in self._shape.columns)
            for table in ("alerts", "model")
        )
        return (
            f"SELECT alerts::text, model::text FROM alerts FULL JOIN model ON {same} "
            "WHERE alerts.k0 IS NULL OR model.k0 IS NULL "
            f"OR row({one})::text <> row({other})::text"
        )

    def _check_counts(self, records: Sequence[Sent], found: set[int]) -> None:
        self._became.update((record.source, i in found) for i, record in enumerate(records))
        for topic, partition, *counts in self._database.execute(
            "SELECT topic, partition, records, errant, next_offset FROM sinkworker_offsets"
        ):
            source = TopicPartition(topic, partition)
            written, errant = self._became[source, False], self._became[source, True]
            assert counts == [written, errant, written + errant]

    def _check_rejected(
        self, records: Sequence[Sent], expected: set[int], found: set[int], told: Rejected
    ) -> None:
        if self._upserts and UNIQUE in self._shape.columns:
            return  # a value may move between rows: then the order within a batch decides
        wrongly = [records[i] for i in found - expected]
        assert wrongly == [], (wrongly, told)
        named = Counter(self._shape.canonical(record.key) for record in records)
        missed = [records[i] for i in expected - found]
        if self._upserts:
            missed = [each for each in missed if named[self._shape.canonical(each.key)] == 1]
        assert missed == [], missed


DIFFERENT_ROWS = """
(SELECT alerts::text FROM alerts EXCEPT ALL SELECT model::text FROM model) UNION ALL
(SELECT model::text FROM model EXCEPT ALL SELECT alerts::text FROM alerts)
"""
