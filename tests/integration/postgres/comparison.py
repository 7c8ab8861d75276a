"""One random table, written by the sink, beside a model of it without constraints.

Owns what must be the same. A batch does one thing on purpose: of the records of one key it writes
only the last values, so a bad record may be accepted that another of its key replaces or completes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import psycopg

from sinkworker.api import TopicPartition
from tests.integration.postgres.batches import Batches, Message
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
    def __init__(self, database: Database, mode: str, seed: int) -> None:
        self.random, self.mode = Random(f"{mode} {seed}"), mode
        has_key = mode != "insert" or self.random.random() < 0.5
        self.shape = RandomTable(self.random, has_key=has_key)
        self.database = database
        database.execute(self.shape.statements())
        indexes = "INCLUDING INDEXES" if mode == "ignore" else ""
        database.execute(f"CREATE TABLE model (LIKE alerts INCLUDING DEFAULTS {indexes})")
        self.by_value = mode != "upsert" or self.random.random() < 0.3
        self.sink = Batches(database, *SOURCES, table_name_format="alerts", **self._settings())
        self.became: Counter[tuple[TopicPartition, str]] = Counter()

    def _settings(self) -> dict[str, Any]:
        names = ",".join(self.shape.keys)
        if self.mode != "upsert":
            return {"insert_mode": self.mode}
        if self.by_value:
            return {"insert_mode": "upsert", "pk_mode": "record_value", "pk_fields": names}
        return {
            "insert_mode": "upsert", "pk_mode": "record_key", "delete_enabled": True,
            "pk_fields": self.random.choice(["", names]),
        }  # fmt: skip

    def run(self) -> None:
        with psycopg.connect(f"{self.database.url}", autocommit=True) as connection:
            connection.execute("SET timezone = 'UTC'")
            for _ in range(BATCHES):
                self._compare(connection, self._records())
        self.sink.task.stop()

    def _records(self) -> list[Sent]:
        size = self.random.choice([1, 2, 5, 20, 60])
        return [
            self._record(source, i)
            for source in SOURCES
            for i in range(self.random.randint(0, size))
        ]

    def _record(self, source: TopicPartition, index: int) -> Sent:
        is_delete = not self.by_value and self.random.random() < 0.2
        key, value = self.shape.key(), None if is_delete else self.shape.value()
        if self.by_value and isinstance(value, dict):
            value |= key
        return Sent(source, self.sink.next(source) + index, key, value)

    def _compare(self, connection: psycopg.Connection[Any], records: Sequence[Sent]) -> None:
        log = [(record.key, record.value) for record in records]
        expected = OneByOne(connection, self.shape, "alerts", self.mode).rejected(log)
        batch: dict[TopicPartition, list[Message]] = {}
        for record in records:
            batch.setdefault(record.source, []).append(Message(record.key, record.value))
        told = self.sink.flush(batch)
        assert self.sink.failures == []
        rejected = {i for i, record in enumerate(records) if (record.source, record.offset) in told}
        assert len(rejected) == len(told)
        self._apply(OneByOne(connection, self.shape, "model", self.mode), records, rejected)
        self._check_table()
        self._check_counts(records, rejected)
        self._check_rejected(records, expected, rejected, told)

    def _apply(self, model: OneByOne, records: Sequence[Sent], rejected: set[int]) -> None:
        accepted = [record for i, record in enumerate(records) if i not in rejected]
        if self.mode != "upsert":
            for record in accepted:
                model.apply(record.key, record.value)
            return
        rows: dict[Any, dict[str, Any]] = {}
        for record in accepted:
            named = self.shape.canonical(record.key)
            assert named is not None, record
            if record.value is None:
                model.delete(record.key)
                rows.pop(named, None)
            else:
                rows[named] = rows.get(named, record.key) | record.value
        for fields in rows.values():
            key = {name: fields[name] for name in self.shape.keys}
            model.upsert(key, {name: v for name, v in fields.items() if name not in key})

    def _check_table(self) -> None:
        if self.mode == "upsert":
            same = " AND ".join(f"alerts.{name} = model.{name}" for name in self.shape.keys)
            others = ", ".join(f"{{0}}.{name}" for name in self.shape.columns)
            different = self.database.execute(
                f"SELECT alerts::text, model::text FROM alerts FULL JOIN model ON {same} "
                "WHERE alerts.k0 IS NULL OR model.k0 IS NULL OR "
                f"row({others.format('alerts')})::text <> row({others.format('model')})::text"
            )
        else:
            one, other = ("SELECT alerts::text FROM alerts", "SELECT model::text FROM model")
            different = self.database.execute(
                f"({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one})"
            )
        assert different == [], different

    def _check_counts(self, records: Sequence[Sent], rejected: set[int]) -> None:
        for i, record in enumerate(records):
            self.became[record.source, "errant" if i in rejected else "records"] += 1
        stored = self.database.execute(
            "SELECT topic, partition, records, errant, next_offset FROM sinkworker_offsets"
        )
        for topic, partition, written, errant, next_ in stored:
            source = TopicPartition(topic, partition)
            assert (written, errant) == (
                self.became[source, "records"],
                self.became[source, "errant"],
            )
            assert next_ == written + errant

    def _check_rejected(
        self, records: Sequence[Sent], expected: set[int], rejected: set[int], told: Any
    ) -> None:
        if self.mode == "upsert" and UNIQUE in self.shape.columns:
            return
        wrongly = [
            (records[i], told[records[i].source, records[i].offset]) for i in rejected - expected
        ]
        assert wrongly == [], (
            self.shape.statements(),
            self._settings(),
            wrongly,
            [
                r
                for r in records
                if any(
                    self.shape.canonical(r.key) == self.shape.canonical(w[0].key) for w in wrongly
                )
            ],
        )
        missed = [records[i] for i in expected - rejected]
        if self.mode == "upsert":
            named = Counter(self.shape.canonical(record.key) for record in records)
            missed = [each for each in missed if named[self.shape.canonical(each.key)] == 1]
        assert missed == [], (self.shape.statements(), missed)
