"""A table that the sink writes, beside a model of it without constraints.

Owns what must be the same: the rows, the counts, and who was rejected. A batch does one thing on
purpose: of the records of one key it writes only the last values, so it may accept a bad record that
another of its key replaces or completes. Must not know how the sink writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from sinkworker.api import TopicPartition
from tests.integration.postgres.batches import Batches, Message, Rejected
from tests.integration.postgres.one_by_one import OneByOne
from tests.integration.postgres.random_tables import UNIQUE
from tests.integration.postgres.scenarios import SOURCES, Scenario, Sent
from tests.services.database import Database

DIFFERENT_ROWS = """
(SELECT alerts::text FROM alerts EXCEPT ALL SELECT model::text FROM model) UNION ALL
(SELECT model::text FROM model EXCEPT ALL SELECT alerts::text FROM alerts)
"""
COUNTS = "SELECT topic, partition, records, errant, next_offset FROM sinkworker_offsets"


@contextmanager
def comparison(database: Database, scenario: Scenario) -> Iterator[Comparison]:
    """In an empty schema."""
    indexes = "INCLUDING INDEXES" if scenario.mode == "ignore" else ""
    database.execute(scenario.table.statements())
    database.execute(f"CREATE TABLE model (LIKE alerts INCLUDING DEFAULTS {indexes})")
    sink = Batches(database, *SOURCES, **scenario.settings)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")  # as the sink does
        yield Comparison(database, scenario, sink, connection)
    sink.task.stop()


class Comparison:
    """One sink and one model, which are given the same records."""

    def __init__(
        self, database: Database, scenario: Scenario, sink: Batches,
        connection: psycopg.Connection[Any],
    ) -> None:  # fmt: skip
        self._database, self._scenario, self._sink = database, scenario, sink
        self._alerts = OneByOne(connection, scenario.table, "alerts", scenario.mode)
        self._model = OneByOne(connection, scenario.table, "model", scenario.mode)
        self._became: Counter[tuple[TopicPartition, bool]] = Counter()

    def write_and_compare(self) -> None:
        """One more batch."""
        records = self._scenario.records(self._sink.next)
        expected = self._alerts.rejected([(record.key, record.value) for record in records])
        told = self._flush(records)
        found = {i for i, record in enumerate(records) if (record.source, record.offset) in told}
        assert len(found) == len(told)
        self._apply([record for i, record in enumerate(records) if i not in found])
        self._check_rows()
        self._check_counts(records, found)
        self._check_rejected(records, expected, found, told)

    def _flush(self, records: Sequence[Sent]) -> Rejected:
        batch: dict[TopicPartition, list[Message]] = {}
        for record in records:
            batch.setdefault(record.source, []).append(Message(record.key, record.value))
        told = self._sink.flush(batch)
        assert self._sink.failures == []
        return told

    def _apply(self, accepted: Sequence[Sent]) -> None:
        if self._scenario.upserts:
            self._apply_last(accepted)
            return
        for record in accepted:
            self._model.apply(record.key, record.value)

    def _apply_last(self, accepted: Sequence[Sent]) -> None:
        """Of each key the last values, each of its fields by itself."""
        table = self._scenario.table
        rows: dict[Any, dict[str, Any]] = {}
        for record in accepted:
            named = table.canonical(record.key)
            if record.value is None:
                self._model.delete(record.key)
                rows.pop(named, None)
            else:
                rows[named] = rows.get(named, record.key) | record.value
        for row in rows.values():
            key = {name: row.pop(name) for name in table.keys}
            self._model.upsert(key, row)

    def _check_rows(self) -> None:
        query = self._different_by_key() if self._scenario.upserts else DIFFERENT_ROWS
        different = self._database.execute(query)
        assert different == [], different

    def _different_by_key(self) -> str:
        """A key may be stored as any of its records writes it."""
        table = self._scenario.table
        same = " AND ".join(f"alerts.{name} = model.{name}" for name in table.keys)
        one, other = (
            ", ".join(f"{name}.{column}" for column in table.columns)
            for name in ("alerts", "model")
        )
        return (
            f"SELECT alerts::text, model::text FROM alerts FULL JOIN model ON {same} "
            "WHERE alerts.k0 IS NULL OR model.k0 IS NULL "
            f"OR row({one})::text <> row({other})::text"
        )

    def _check_counts(self, records: Sequence[Sent], found: set[int]) -> None:
        self._became.update((record.source, i in found) for i, record in enumerate(records))
        for topic, partition, *counts in self._database.execute(COUNTS):
            source = TopicPartition(topic, partition)
            written, errant = self._became[source, False], self._became[source, True]
            assert counts == [written, errant, written + errant]

    def _check_rejected(
        self, records: Sequence[Sent], expected: set[int], found: set[int], told: Rejected
    ) -> None:
        table = self._scenario.table
        if self._scenario.upserts and UNIQUE in table.columns:
            return  # a value may move between rows: then the order within a batch decides
        wrongly = [records[i] for i in found - expected]
        assert wrongly == [], (wrongly, told)
        missed = [records[i] for i in expected - found]
        if self._scenario.upserts:
            of_key = Counter(table.canonical(record.key) for record in records)
            missed = [each for each in missed if of_key[table.canonical(each.key)] == 1]
        assert missed == [], missed
