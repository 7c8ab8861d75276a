"""The Postgres sink passes the conformance kit, on a real server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest

from connectors.postgres import PostgresSinkConnector
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.task import PostgresSinkTask
from sinkworker.testing.conformance import SinkConformance
from sinkworker.testing.harness import AnyConnector
from tests.services.database import Database

pytestmark = pytest.mark.postgres


class PostgresFaults:
    """Ends the server process of the flush, just before or just after its COMMIT.

    After it: the COMMIT has happened, and what the task sees is a broken connection.
    """

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self._database, self._monkeypatch = database, monkeypatch
        self._commit = PostgresSinkTask._commit
        self._advance = None

    def before_commit(self) -> AbstractContextManager[None]:
        return self._patched(self._broken_before)

    def after_commit(self) -> AbstractContextManager[None]:
        return self._patched(self._broken_after)

    @contextmanager
    def _patched(self, commit: Any) -> Iterator[None]:
        with self._monkeypatch.context() as patch:
            patch.setattr(PostgresSinkTask, "_commit", lambda *arguments: commit(*arguments))
            yield

    def _broken_before(self, task: PostgresSinkTask, shares: Any, advances: Any) -> None:
        with task._session.connection.transaction():
            task._offsets.advance(advances)
            for share in shares:
                task._work(share).attempt(share.batch)
            self._end_server_process(task)

    def _broken_after(self, task: PostgresSinkTask, shares: Any, advances: Any) -> None:
        self._commit(task, shares, advances)
        self._end_server_process(task)
        task._session.connection.execute("SELECT 1")

    def _end_server_process(self, task: PostgresSinkTask) -> None:
        pid = task._session.connection.info.backend_pid
        self._database.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


class OfPostgres(SinkConformance):
    """What both ways of writing have in common."""

    settings: Mapping[str, Any] = {}
    histories = 8
    history_steps = 120

    @pytest.fixture(autouse=True)
    def _place(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database, self.monkeypatch = database, monkeypatch

    def connector(self, name: str) -> PostgresSinkConnector:
        self.database.execute(
            f'CREATE TABLE IF NOT EXISTS "{name}" '
            "(id text, text text, written bigint GENERATED ALWAYS AS IDENTITY)"
        )
        config = PostgresSinkConfig(
            connection_url=self.database.url, table_name_format=name, **self.settings
        )
        return PostgresSinkConnector(name, config)

    def read_back(self, connector: AnyConnector) -> Sequence[Mapping[str, Any]]:
        rows = self.database.execute(
            f'SELECT id, text FROM "{connector.config.table_name_format}" ORDER BY written'
        )
        return [{"id": id_, "text": text} for id_, text in rows]

    def faults(self, connector: AnyConnector) -> PostgresFaults:
        return PostgresFaults(self.database, self.monkeypatch)


class TestPostgresInsert(OfPostgres):
    """COPY into a table without any unique key: whatever is written twice is there twice."""


class TestPostgresUpsert(OfPostgres):
    keeps_order = False
    settings = {"insert_mode": "upsert", "pk_mode": "record_value", "pk_fields": ("id",)}

    def connector(self, name: str) -> PostgresSinkConnector:
        connector = super().connector(name)
        self.database.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS "{name}_id" ON "{name}" (id)')
        return connector


def test_the_kit_runs_on_this_server(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        assert connection.info.server_version >= 150000
