"""What the sink's tables hold, for `sinkworker verify`: all of it in one snapshot.

Owns which tables are looked at, and which of their columns say where a row was read. Writes nothing,
and waits for nobody. Must not know what is right.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from psycopg import sql

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.offsets import OffsetTable
from connectors.postgres.queries import identifier
from connectors.postgres.row_keys import RowKeys
from connectors.postgres.session import Session
from connectors.postgres.tables import Tables
from sinkworker.api import Audit, Coordinates, Holding, TopicPartition

ALL = 2**62
AT_ONCE = 50_000

Sources = Sequence[TopicPartition]


class PostgresAudit:
    """One look. coordinates: the columns that transforms fill, if any do. tables: where rows are, if
    not where the topics' names say."""

    def __init__(
        self, config: PostgresSinkConfig, session: Session, offsets: OffsetTable,
        coordinates: Coordinates | None, tables: Sequence[str],
    ) -> None:  # fmt: skip
        self._config, self._session, self._offsets = config, session, offsets
        self._coordinates = config.kafka_coordinates or coordinates
        self._named, self._tables = tables, Tables(session)

    def taken(self) -> Audit:
        self._offsets.read()  # it may have to be created, and in a snapshot nothing is
        with self._session.using("looking at what is stored"), self._snapshot():
            stored = self._offsets.read()
            ledger = list(reversed(self._offsets.ledger(ALL)))
            counted = self._offsets.counted()
            holdings = [
                self._holding(names, sources) for names, sources in self._places(sorted(stored))
            ]
        return Audit(stored, counted, ledger, holdings)

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        connection = self._session.connection
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield

    def _places(self, sources: Sources) -> list[tuple[Sequence[str], Sources]]:
        if self._named:
            return [(self._named, sources)]
        found: dict[str, list[TopicPartition]] = {}
        for source in sources:
            found.setdefault(self._config.table_of(source.topic), []).append(source)
        return [((name,), of_table) for name, of_table in found.items()]

    def _holding(self, names: Sequence[str], sources: Sources) -> Holding:
        missing = [name for name in names if not self._tables.get(name).columns]
        there = [name for name in names if name not in missing]
        offsets = self._offsets_of(there, sources)
        merges = self._config.insert_mode != "insert" and self._config.pk_mode != "kafka"
        tables = [self._tables.get(name) for name in there]
        rows = sum(map(len, offsets.values())) if offsets is not None else self._rows(there)
        return Holding(
            " and ".join(f"table {name}" for name in names), sources, rows, offsets,
            merges=merges, key_of=RowKeys(self._config, tables).key_of if merges else None,
            flaws=[f"table {name} is missing" for name in missing],
        )  # fmt: skip

    def _rows(self, names: Sequence[str]) -> int:
        query = sql.SQL("SELECT count(*) FROM {}")
        execute = self._session.connection.execute
        counts = [execute(query.format(identifier(name))).fetchone() for name in names]
        return sum(row[0] for row in counts if row)

    def _offsets_of(
        self, names: Sequence[str], sources: Sources
    ) -> Mapping[TopicPartition, Sequence[int]] | None:
        """None: the columns are not there, or do not say of which topic a row is."""
        columns, topics = self._coordinates, {source.topic for source in sources}
        if columns is None or (columns.topic is None and len(topics) > 1):
            return None
        wanted = {each for each in columns if each is not None}
        if any(not wanted <= self._columns(name) for name in names):
            return None
        found = {source: array("q") for source in sources}
        for name in names:
            self._collect(name, columns, min(topics), found)
        if len(names) == 1:
            return found
        return {source: array("q", sorted(offsets)) for source, offsets in found.items()}

    def _columns(self, name: str) -> set[str]:
        table = self._tables.get(name)
        return {*table.columns, *table.generated}

    def _collect(
        self, name: str, columns: Coordinates, topic: str, found: dict[TopicPartition, array[int]]
    ) -> None:
        """Rows without them, and of partitions that are none of this connector's, are others'."""
        query = sql.SQL(
            "SELECT {topic}, {partition}::bigint, {offset}::bigint FROM {table} "
            "WHERE {offset} IS NOT NULL ORDER BY 1, 2, 3"
        ).format(
            topic=sql.Identifier(columns.topic) if columns.topic else sql.Literal(topic),
            partition=sql.Identifier(columns.partition), offset=sql.Identifier(columns.offset),
            table=identifier(name),
        )  # fmt: skip
        with self._session.connection.cursor("sinkworker_audit") as cursor:
            cursor.itersize = AT_ONCE
            for of_topic, partition, offset in cursor.execute(query):
                of_source = found.get(TopicPartition(of_topic, partition))
                if of_source is not None:
                    of_source.append(offset)
