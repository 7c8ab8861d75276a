"""What a flush is to write, before its transaction begins.

Owns which records go to which table, and that a table has what its records need: read again when it
seems to lack something, then grown if it may. Must not know offsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.postgres.batch import Batch, Parts, Rejected, read
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.growth import Growth, Lacking
from connectors.postgres.reader import DeletedKey, RecordReader
from connectors.postgres.rows import Plans, UnknownFieldsError
from connectors.postgres.session import Session
from connectors.postgres.tables import Table, Tables
from sinkworker.api import ConnectError, DataError, RetriableError, SinkRecord, TopicPartition
from sinkworker.api.connector import Batches

# One growth is enough, unless others create the same table with other columns at the same moment.
MOST_GROWTHS = 3


@dataclass(frozen=True, slots=True)
class Share:
    """One table's part of a flush. key: the columns of its primary key."""

    table: Table
    plans: Plans
    batch: Batch
    key: tuple[str, ...]
    rejected: Sequence[Rejected]


class Preparation:
    """Turns the records of a flush into what is written to each table."""

    def __init__(self, config: PostgresSinkConfig, session: Session, tables: Tables) -> None:
        self._config, self._tables = config, tables
        self._growth = Growth(session)
        self._reader = RecordReader(config)
        self._plans: dict[str, Plans] = {}

    def shares(self, batches: Batches) -> list[Share]:
        """Raises RetriableError for a missing table, ConnectError when upserts are impossible."""
        return [self._share(name, parts) for name, parts in self._by_table(batches).items()]

    def _by_table(self, batches: Batches) -> dict[str, Parts]:
        found: dict[str, list[tuple[TopicPartition, Sequence[SinkRecord]]]] = {}
        for source, records in batches.items():
            for topic, of_topic in _by_topic(records).items():
                found.setdefault(self._config.table_of(topic), []).append((source, of_topic))
        return dict(found)

    def _share(self, name: str, parts: Parts) -> Share:
        share = self._read(self._tables.get(name), name, parts)
        if _lacking(share):
            share = self._read(self._tables.reload(name), name, parts)
        growths = MOST_GROWTHS if self._may_grow(share.table) else 0
        while growths and (lacking := _lacking(share)):
            growths -= 1
            self._growth.grow(share.table, lacking, self._reader.key_columns(lacking[0][0]))
            share = self._read(self._tables.reload(name), name, parts)
        return self._with_one_key(share) if self._config.insert_mode == "upsert" else share

    def _read(self, table: Table | None, name: str, parts: Parts) -> Share:
        table = table or self._missing(name)
        plans = self._plans_of(table)
        batch, rejected = read(parts, self._reader, plans)
        if not table.columns:
            rejected = [each for each in rejected if not _is_delete(each.error)]
        return Share(table, plans, batch, (), rejected)

    def _missing(self, name: str) -> Table:
        """A table without columns stands for one that is to be created."""
        if not self._config.auto_create:
            raise RetriableError(
                f"Table {name} is missing and auto-creation is disabled: create it, or set "
                "auto.create=true"
            )
        return Table(name, {})

    def _plans_of(self, table: Table) -> Plans:
        known = self._plans.get(table.name)
        if known is None or known.table is not table:
            known = Plans(table, can_grow=self._may_grow(table))
            self._plans[table.name] = known
        return known

    def _may_grow(self, table: Table) -> bool:
        return self._config.auto_evolve or not table.columns

    def _with_one_key(self, share: Share) -> Share:
        """Its key's columns, of which the table needs a unique index. With pk.mode=record_key and no
        pk.fields every record names its own: those with others than that index's are rejected."""
        batch, unique_keys = share.batch, share.table.unique_keys
        keys = [self._reader.key_columns(record) for record in self._naming_keys(batch)]
        if not keys:
            return share
        key = next((each for each in keys if frozenset(each) in unique_keys), None)
        if key is None:
            raise ConnectError(_no_unique_key(share.table.name, keys[0]))
        if len(set(map(frozenset, keys))) == 1:
            return replace(share, key=key)
        good = [i for i, each in enumerate(keys) if set(each) == set(key)]
        bad = [
            Rejected(source, record, DataError(_other_key(each, key)))
            for source, record, each in zip(batch.sources, batch.records, keys, strict=True)
            if set(each) != set(key)
        ]
        return replace(share, key=key, batch=batch.only(good), rejected=[*share.rejected, *bad])

    def _naming_keys(self, batch: Batch) -> Sequence[SinkRecord]:
        return batch.records if self._reader.has_key_of_record else batch.records[:1]


def _by_topic(records: Sequence[SinkRecord]) -> dict[str, Sequence[SinkRecord]]:
    """A transform may have sent records of one partition to several topics."""
    topics = dict.fromkeys([record.topic for record in records])
    if len(topics) == 1:
        return {next(iter(topics)): records}
    return {topic: [record for record in records if record.topic == topic] for topic in topics}


def _lacking(share: Share) -> Lacking:
    """The records for which the table has no columns, and could have them."""
    return [
        (each.record, each.error.values)
        for each in share.rejected
        if isinstance(each.error, UnknownFieldsError)
    ]


def _is_delete(error: DataError) -> bool:
    """In a table that is missing there is nothing to delete."""
    return isinstance(error, UnknownFieldsError) and type(error.values) is DeletedKey


def _no_unique_key(table: str, key: Sequence[str]) -> str:
    columns = ", ".join(key)
    return (
        f"insert.mode=upsert needs a primary key or unique index of table {table} on exactly "
        f"({columns}); there is none"
    )


def _other_key(found: Sequence[str], key: Sequence[str]) -> str:
    return f"its key has the fields ({', '.join(found)}), and the table's key is ({', '.join(key)})"
