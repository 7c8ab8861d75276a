"""A sink that writes records to an SQLite database, and their offsets in the same transaction."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sinkworker import api

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS records (topic, partition, offset, value);
CREATE TABLE IF NOT EXISTS offsets (connector, topic, partition, next, leader_epoch, topic_id,
    cluster_id, epoch, owner, PRIMARY KEY (connector, topic, partition));
"""


class Database(api.TransactionalOffsetStore):
    """The records and the offsets of one connector."""

    def __init__(self, connector: str, file: Path) -> None:
        self._connector, self._file = connector, file

    @contextmanager
    def transaction(self, rows: Iterable[tuple[object, ...]] = ()) -> Iterator[api.StoredOffsets]:
        """Rows and what becomes of the offsets are written together, or nothing is."""
        try:
            with closing(sqlite3.connect(self._file, timeout=5, isolation_level=None)) as db:
                db.executescript(TABLES + "BEGIN IMMEDIATE")
                select = db.execute("SELECT * FROM offsets WHERE connector = ?", [self._connector])
                before = {api.TopicPartition(*r[1:3]): api.StoredOffset(*r[3:]) for r in select}
                offsets = api.StoredOffsets(before)
                yield offsets
                db.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)
                changed = [(self._connector, *p, *o) for p, o in offsets.items() - before.items()]
                db.executemany("REPLACE INTO offsets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", changed)
                db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
                raise  # wrong SQL, which waiting does not mend
            raise api.RetriableError(f"{self._file}: {error}") from error


class MySinkTask(api.BufferedSinkTask):
    def __init__(self, database: Database, context: api.SinkTaskContext) -> None:
        super().__init__()
        self._database, self._context = database, context

    def open(self, starts: api.Starts) -> api.Claims:
        with self._database.transaction() as offsets:
            return offsets.claim(starts, self._context.owner)

    def write(self, batches: api.Batches, advances: api.Advances) -> None:
        with self._database.transaction(self._rows(batches)) as offsets:
            offsets.advance(advances)

    def _rows(self, batches: api.Batches) -> Iterator[tuple[object, ...]]:
        for source, records in batches.items():
            for record in records:
                try:
                    yield *source, record.offset, json.dumps(record.value)
                except (TypeError, ValueError) as error:
                    self._context.report(source, record, api.DataError(str(error)))


class MySinkConfig(api.ConnectorConfig):
    database: Path
    """The file of the database; it is made when there is none."""


class MySinkConnector(api.SinkConnector[MySinkConfig]):
    config_class = MySinkConfig

    def create_task(self, context: api.SinkTaskContext) -> api.SinkTask:
        return MySinkTask(self.offset_store(), context)

    def offset_store(self) -> Database:
        return Database(self.name, self.config.database)
