"""The sink is exact, as the conformance kit understands it, and writes what it should."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from my_sink import MySinkConfig, MySinkConnector

from sinkworker.api import SinkConnector, TopicPartition
from sinkworker.testing import Harness
from sinkworker.testing.conformance import SinkConformance


def connector(file: Path, name: str = "my-sink") -> MySinkConnector:
    return MySinkConnector(name, MySinkConfig(database=file))


def query(file: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute(sql).fetchall()


class Faults:
    """Breaks every COMMIT: before it takes effect, or after it, when only its answer is lost."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def before_commit(self) -> AbstractContextManager[None]:
        return self._broken(takes_effect=False)

    def after_commit(self) -> AbstractContextManager[None]:
        return self._broken(takes_effect=True)

    @contextmanager
    def _broken(self, *, takes_effect: bool) -> Iterator[None]:
        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                if sql != "COMMIT" or takes_effect:
                    cursor = super().execute(sql, *parameters)
                if sql == "COMMIT":
                    error = sqlite3.OperationalError("disk I/O error")
                    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                    raise error
                return cursor

        with self._patch.context() as patch:
            patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Connection))
            yield


class TestMySink(SinkConformance):
    histories = 8

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.patch = tmp_path, monkeypatch

    def connector(self, name: str) -> MySinkConnector:
        return connector(self.place / f"{name}.db", name)

    def read_back(self, connector: SinkConnector[Any]) -> Sequence[Mapping[str, Any]]:
        rows = query(connector.config.database, "SELECT value FROM records ORDER BY rowid")
        return [json.loads(value) for (value,) in rows]

    def faults(self, connector: SinkConnector[Any]) -> Faults:
        return Faults(self.patch)


def test_a_record_becomes_a_row_that_says_where_it_was_read(tmp_path: Path) -> None:
    file = tmp_path / "my-sink.db"
    harness = Harness(connector(file), topics=["alerts"], partitions=2)
    harness.produce(TopicPartition("alerts", 1), {"id": 1}, None)
    harness.start()
    harness.run()
    assert query(file, "SELECT * FROM records") == [
        ("alerts", 1, 0, '{"id": 1}'),
        ("alerts", 1, 1, "null"),
    ]


def test_two_connectors_may_share_a_database(tmp_path: Path) -> None:
    file, alerts = tmp_path / "my-sink.db", TopicPartition("alerts", 0)
    for name in ("one", "two"):
        harness = Harness(connector(file, name), topics=["alerts"])
        harness.produce(alerts, {"id": name})
        harness.start()
        harness.run()
    assert query(file, "SELECT connector, next FROM offsets") == [("one", 1), ("two", 1)]
    assert query(file, "SELECT count(*) FROM records") == [(2,)]
