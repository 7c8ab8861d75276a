"""Which row a record stands for, where a row has a key.

Owns telling it without asking Postgres: only of keys whose equality is the same here and there. Must not
know offsets.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.reader import DeletedKey, LeftOutError, RecordReader
from connectors.postgres.tables import Table
from sinkworker.api import DataError, SinkRecord, TopicPartition


class RowKeys:
    """Of the tables that one connector writes to."""

    def __init__(self, config: PostgresSinkConfig, tables: Sequence[Table]) -> None:
        self._config, self._reader = config, RecordReader(config)
        self._tables = {table.name: table for table in tables}

    def key_of(
        self, source: TopicPartition, record: SinkRecord
    ) -> tuple[tuple[Hashable, ...], bool] | None:
        """What `sinkworker.api.Holding` says of it."""
        try:
            values = self._reader.values(source, record)
        except LeftOutError:
            return None
        table = self._tables.get(self._config.table_of(record.topic))
        columns = sorted(self._reader.key_columns(record))
        if table is None or not all(_is_exact(table, name, values.get(name)) for name in columns):
            raise DataError("its key is one that only Postgres can compare")
        key = tuple(values[name] for name in columns)
        return (table.name, *key), isinstance(values, DeletedKey)


def _is_exact(table: Table, name: str, value: object) -> bool:
    column = table.columns.get(name)
    return column is not None and column.exact == type(value).__name__
