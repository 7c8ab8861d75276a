"""One task: one connection, one transaction a flush.

Owns the order within a flush: tables and columns first, in transactions of their own; then, in one,
the offsets and the rows. Must not know statements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import psycopg

from connectors.postgres.batch import Batch, Parts, all_values, read
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.isolation import Attempt, write_all_good
from connectors.postgres.offsets import OffsetTable
from connectors.postgres.rows import Plans, RecordReader, UnknownFieldsError
from connectors.postgres.session import Session
from connectors.postgres.stages import Stages
from connectors.postgres.tables import Table, Tables
from connectors.postgres.types import column_types
from connectors.postgres.writer import Writer
from sinkworker.api import (
    Advance,
    BufferedSinkTask,
    Claim,
    ConnectError,
    Offset,
    RetriableError,
    SinkRecord,
    SinkTaskContext,
    TopicPartition,
)
from sinkworker.api.connector import Batches

# Undefined or changed table, column or type: what the cache says may be out of date.
STALE = frozenset({"42P01", "42703", "42804", "42P10", "0A000"})


class Work(NamedTuple):
    """One table's share of a flush."""

    batch: Batch
    attempt: Attempt


class PostgresSinkTask(BufferedSinkTask):
    """Writes rows and offsets in one transaction."""

    def __init__(
        self, config: PostgresSinkConfig, session: Session, offsets: OffsetTable,
        context: SinkTaskContext,
    ) -> None:  # fmt: skip
        super().__init__()
        self._config, self._session, self._offsets = config, session, offsets
        self._context = context
        self._reader = RecordReader(config)
        self._tables, self._stages = Tables(session), Stages(session)
        self._plans: dict[str, Plans] = {}
        self._held: set[TopicPartition] = set()
        self._errant: Counter[TopicPartition] = Counter()

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        if self._held and not self._session.is_open:
            # A claim names its server process: on a new connection everything is claimed anew.
            raise RetriableError("Postgres: the connection was lost; all partitions are reopened")
        claims = self._offsets.claim(starts, self._context.owner)
        self._held.update(claims)
        return claims

    def close(self, partitions: Collection[TopicPartition]) -> None:
        super().close(partitions)
        self._held.difference_update(partitions)

    def stop(self) -> None:
        self._session.close()

    def write(self, batches: Batches, advances: Mapping[TopicPartition, Advance]) -> None:
        with self._session.using("flushing"):
            try:
                self._errant.clear()
                self._stages.begin()
                work = [self._prepared(name, parts) for name, parts in self._by_table(batches)]
                self._commit(work, advances)
                self._stages.commit()
            except psycopg.Error as error:
                self._reload_if_stale(error)
                raise

    def _commit(self, work: Sequence[Work], advances: Mapping[TopicPartition, Advance]) -> None:
        with self._session.connection.transaction():
            self._offsets.advance(advances)
            for batch, attempt in work:
                write_all_good(self._session, batch, attempt, self._report)
            if self._errant:
                self._offsets.count_errant(self._errant)

    def _report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> None:
        """Raises unless errors are tolerated."""
        self._context.report(source, record, error)
        self._errant[source] += 1

    # before the transaction: which records go to which table, and what that table lacks

    def _by_table(self, batches: Batches) -> list[tuple[str, Parts]]:
        found: dict[str, list[tuple[TopicPartition, Sequence[SinkRecord]]]] = {}
        for source, records in batches.items():
            for topic, of_topic in _by_topic(records).items():
                found.setdefault(self._config.table_of(topic), []).append((source, of_topic))
        return list(found.items())

    def _prepared(self, name: str, parts: Parts, *, may_grow: bool = True) -> Work:
        table = self._tables.get(name)
        if table is None:
            table = self._missing(name)
        evolves = may_grow and (self._config.auto_evolve or not table.columns)
        plans = self._plans_of(table)
        try:
            batch = read(parts, self._reader, plans, self._report, evolves=evolves)
        except UnknownFieldsError:
            self._grow(table, parts)
            return self._prepared(name, parts, may_grow=False)
        return Work(batch, self._attempt(table, plans, batch))

    def _missing(self, name: str) -> Table:
        """A table without columns stands for one that is to be created."""
        if not self._config.auto_create:
            raise RetriableError(
                f"Table {name} is missing and auto-creation is disabled: create it, or set "
                "auto.create=true"
            )
        return Table(name, {}, frozenset(), has_deferrable=False)

    def _plans_of(self, table: Table) -> Plans:
        known = self._plans.get(table.name)
        if known is None or known.table is not table:
            known = self._plans[table.name] = Plans(table)
        return known

    def _grow(self, table: Table, parts: Parts) -> None:
        values = list(all_values(parts, self._reader))
        names = dict.fromkeys(name for _, each in values for name in each)
        types = column_types(values, [name for name in names if name not in table.columns])
        if table.columns:
            self._tables.add_columns(table.name, types)
        else:
            key = self._reader.key_columns(values[0][0])
            self._tables.create(table.name, {name: types[name] for name in names}, key)
        self._stages.forget()

    def _attempt(self, table: Table, plans: Plans, batch: Batch) -> Attempt:
        writer = Writer(self._session, table, plans, self._stages)
        if self._config.insert_mode == "insert":
            return writer.insert
        if self._config.insert_mode == "ignore":
            return writer.ignore
        key = self._reader.key_columns(batch.records[0]) if batch.records else ()
        if batch.records and frozenset(key) not in table.unique_keys:
            raise ConnectError(no_unique_key(table.name, key))
        return lambda part: writer.upsert(part, key)

    def _reload_if_stale(self, error: psycopg.Error) -> None:
        """Somebody changed a table under us: read the catalog again, once, and try again."""
        if error.sqlstate not in STALE or not self._tables.are_cached:
            return
        self._tables.forget()
        self._stages.forget()
        raise RetriableError(
            f"Postgres: a table is no longer what it was ({error.sqlstate}); reading the catalog again"
        ) from error


def _by_topic(records: Sequence[SinkRecord]) -> dict[str, Sequence[SinkRecord]]:
    """A transform may have sent records of one partition to several topics."""
    topics = dict.fromkeys([record.topic for record in records])
    if len(topics) == 1:
        return {next(iter(topics)): records}
    return {topic: [record for record in records if record.topic == topic] for topic in topics}


def no_unique_key(table: str, key: Sequence[str]) -> str:
    columns = ", ".join(key)
    return (
        f"insert.mode=upsert needs a primary key or unique index of table {table} on exactly "
        f"({columns}); there is none"
    )
