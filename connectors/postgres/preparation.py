"""What a flush is to write, before its transaction begins.

Owns which records go to which table, and that a table has what its records need: read again when it
seems to lack something, then grown if it may. Must not know offsets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.postgres.batch import Batch, Parts, Rejected, read
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.growth import Growth, Lacking
from connectors.postgres.queries import LONGEST_NAME, would_be_cut
from connectors.postgres.reader import DeletedKey, LeftOutError, RecordReader
from connectors.postgres.rows import Plans, UnknownFieldsError
from connectors.postgres.session import Session
from connectors.postgres.tables import Table, Tables
from sinkworker.api import ConnectError, DataError, RetriableError, SinkRecord, TopicPartition
from sinkworker.api.connector import Batches
from sinkworker.api.records import Records

# One growth is enough, unless others create the same table with other columns at the same moment.
MOST_GROWTHS = 3


@dataclass(frozen=True, slots=True)
class Share:
    """One table's part of a flush. key: the columns of its primary key. left_out: how many records
    are none of its, by the configuration."""

    table: Table
    plans: Plans
    batch: Batch
    key: tuple[str, ...]
    rejected: Sequence[Rejected]
    left_out: Counter[TopicPartition]


class Preparation:
    """Turns the records of a flush into what is written to each table."""

    def __init__(self, config: PostgresSinkConfig, session: Session, tables: Tables) -> None:
        self._config, self._tables = config, tables
        self._growth = Growth(session)
        self._reader = RecordReader(config)
        self._plans: dict[str, Plans] = {}

    def shares(self, batches: Batches) -> list[Share]:
        """Raises RetriableError for a missing table; ConnectError for one that no table can be, or
        when upserts are impossible."""
        return [self._share(name, parts) for name, parts in self._by_table(batches).items()]

    def _by_table(self, batches: Batches) -> dict[str, Parts]:
        found: dict[str, list[tuple[TopicPartition, Sequence[SinkRecord]]]] = {}
        for source, records in batches.items():
            for topic, of_topic in _by_topic(records).items():
                found.setdefault(self._table_of(topic), []).append((source, of_topic))
        return dict(found)

    def _table_of(self, topic: str) -> str:
        name = self._config.table_of(topic)
        if would_be_cut(name):
            raise ConnectError(
                f"Table {name}: Postgres has no names of more than {LONGEST_NAME} bytes. Choose another "
                "with table.name.format or topics.to.tables.mapping"
            )
        return name

    def _share(self, name: str, parts: Parts) -> Share:
        share = self._read(self._tables.get(name), parts)
        if _lacking(share):
            share = self._read(self._tables.reload(name), parts)
        for _ in range(MOST_GROWTHS if self._may_grow(share.table) else 0):
            lacking = _lacking(share)
            if not lacking or not self._grow(share.table, lacking):
                break
            share = self._read(self._tables.reload(name), parts)
        return self._with_key(share) if self._config.insert_mode == "upsert" else share

    def _grow(self, table: Table, lacking: Lacking) -> bool:
        return self._growth.grow(table, lacking, self._reader.key_columns(lacking[0][0]))

    def _read(self, table: Table, parts: Parts) -> Share:
        if not table.columns and not self._config.auto_create:
            raise RetriableError(
                f"Table {table.name} is missing and auto-creation is disabled: create it, or set "
                "auto.create=true"
            )
        plans = self._plans_of(table)
        batch, rejected = read(parts, self._reader, plans)
        if not table.columns:  # then there is nothing to delete
            rejected = [each for each in rejected if not _is_delete(each.error)]
        left_out = Counter(each.source for each in rejected if isinstance(each.error, LeftOutError))
        rejected = [each for each in rejected if not isinstance(each.error, LeftOutError)]
        return Share(table, plans, batch, (), rejected, left_out)

    def _plans_of(self, table: Table) -> Plans:
        known = self._plans.get(table.name)
        if known is None or known.table is not table:
            known = Plans(table, can_grow=self._may_grow(table))
            self._plans[table.name] = known
        return known

    def _may_grow(self, table: Table) -> bool:
        return self._config.auto_evolve or not table.columns

    def _with_key(self, share: Share) -> Share:
        """The key's columns, of which the table needs a unique index."""
        batch, table = share.batch, share.table
        if not batch:
            return share
        if self._reader.has_key_of_record and table.unique_keys:
            return self._with_key_of_records(share)
        key = self._reader.key_columns(batch.records[0])
        if frozenset(key) not in table.unique_keys:
            raise ConnectError(_no_unique_key(table.name, key))
        return replace(share, key=key)

    def _with_key_of_records(self, share: Share) -> Share:
        """Every record names its own. Written are those that name the same as the first of them that
        has a unique index; others are rejected."""
        batch, table = share.batch, share.table
        keys = [self._reader.key_columns(record) for record in batch.records]
        key = next((each for each in keys if frozenset(each) in table.unique_keys), ())
        if key and len(set(map(frozenset, keys))) == 1:
            return replace(share, key=key)
        good = [i for i, each in enumerate(keys) if key and set(each) == set(key)]
        bad = [
            Rejected(batch.sources[i], batch.records[i], DataError(_bad_key(keys[i], key, table)))
            for i in sorted(set(range(len(batch))).difference(good))
        ]
        return replace(share, key=key, batch=batch.only(good), rejected=[*share.rejected, *bad])


def _by_topic(records: Sequence[SinkRecord]) -> dict[str, Sequence[SinkRecord]]:
    """A transform may have sent records of one partition to several topics."""
    if isinstance(records, Records):
        return {records.topic: records}
    topics = dict.fromkeys([record.topic for record in records])
    if len(topics) == 1:
        return {next(iter(topics)): records}
    return {topic: [record for record in records if record.topic == topic] for topic in topics}


def _lacking(share: Share) -> Lacking:
    """The records for which the table has no columns, and could have them. Not for a delete."""
    return [
        (each.record, each.error.values)
        for each in share.rejected
        if isinstance(each.error, UnknownFieldsError) and not _is_delete(each.error)
    ]


def _is_delete(error: DataError) -> bool:
    return isinstance(error, UnknownFieldsError) and type(error.values) is DeletedKey


def _no_unique_key(table: str, key: Sequence[str]) -> str:
    columns = ", ".join(key)
    return (
        f"insert.mode=upsert needs a primary key or unique index of table {table} on exactly "
        f"({columns}); there is none"
    )


def _bad_key(found: Sequence[str], key: Sequence[str], table: Table) -> str:
    fields = f"its key has the fields ({', '.join(found)})"
    if frozenset(found) in table.unique_keys:
        return f"{fields}, and other records of this table are written by ({', '.join(key)})"
    return f"{fields}, and table {table.name} has no primary key or unique index on exactly these"
