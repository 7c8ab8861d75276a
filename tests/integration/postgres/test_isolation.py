"""The search for culprits: exactly the bad records, in order, and not too many attempts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log2
from random import Random
from typing import Any
from weakref import ReferenceType, ref

import pytest

from connectors.postgres import tables
from connectors.postgres.batch import Batch, Chunks
from connectors.postgres.caution import Caution
from connectors.postgres.copying import copy_rows
from connectors.postgres.isolation import Isolation
from connectors.postgres.pieces import BadRowError, LeftOut, Work
from connectors.postgres.rows import Plans
from connectors.postgres.session import Session
from connectors.postgres.stages import Stages
from sinkworker.api import SinkRecord, TopicPartition
from tests.integration.postgres.batches import Batches, Message
from tests.integration.postgres.sinks import connector
from tests.services.database import Database

pytestmark = pytest.mark.postgres

SOURCE = TopicPartition("alerts", 0)


@pytest.fixture
def session(schema: Database) -> Iterator[Session]:
    schema.execute("CREATE TABLE written (id int)")
    session = Session(connector(schema).config, "test", 10_000)
    session.open()
    yield session
    session.close()


class RefusedError(ValueError):
    pass


class Table:
    """Writes offsets into a table, and refuses some. names_them: says which one it was."""

    def __init__(self, session: Session, bad: set[int], *, names_them: bool) -> None:
        self._session, self._bad, self._names_them = session, bad, names_them
        self.rows_tried = 0
        self._errors: list[ReferenceType[RefusedError]] = []

    def attempt(self, batch: Batch) -> Sequence[LeftOut]:
        offsets = [record.offset for record in batch.records]
        self.rows_tried += len(offsets)
        for index, offset in enumerate(offsets):
            if offset in self._bad:
                raise self._error(index)
        self._session.connection.execute("INSERT INTO written SELECT unnest(%s::int[])", [offsets])
        return ()

    def _error(self, index: int) -> Exception:
        error = RefusedError("bad")
        self._errors.append(ref(error))
        if not self._names_them:
            return error
        named = BadRowError(index)
        named.__cause__ = error
        return named

    def errors_in_memory(self) -> int:
        return sum(error() is not None for error in self._errors)

    def write(self, count: int) -> list[int]:
        """The offsets that are rejected."""
        records = [SinkRecord("alerts", 0, offset, None, None, {}) for offset in range(count)]
        no_plans = [Plans(tables.Table("written", {})).plan({})] * count
        batch = Batch([SOURCE] * count, Chunks(records), [{}] * count, no_plans)
        rejected: list[int] = []

        def report(_: TopicPartition, record: SinkRecord, __: Exception) -> None:
            assert self.errors_in_memory() <= 1
            rejected.append(record.offset)

        with self._session.connection.transaction():
            isolation = Isolation(self._session, report, Stages(self._session), Caution())
            isolation.write_all_good([Work(batch, self.attempt)])
        return rejected


def bad_ones(count: int) -> list[set[int]]:
    random = Random(count)
    everything = range(count)
    return [set(), {0}, {count - 1}, set(random.sample(everything, count // 10)), set(everything)]


@pytest.mark.parametrize("names_them", [True, False])
@pytest.mark.parametrize("bad", bad_ones(200), ids=["none", "first", "last", "some", "all"])
def test_all_but_the_bad_records_are_written_with_about_n_log_n_tries(
    schema: Database, session: Session, bad: set[int], *, names_them: bool
) -> None:
    table = Table(session, bad, names_them=names_them)
    assert table.write(200) == sorted(bad)
    written = [row[0] for row in schema.execute("SELECT id FROM written")]
    assert sorted(written) == sorted(set(range(200)) - bad)
    assert table.rows_tried <= 200 * (log2(200) + 3)


def test_bad_keys_are_found_with_about_n_log_n_tries(
    schema: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the keys that Postgres is asked to compare, the first bad one is named."""
    tried: list[int] = []

    def counting(session: Session, target: Any, columns: Any, items: Any, row_of: Any) -> None:
        tried.append(len(items))
        copy_rows(session, target, columns, items, row_of)

    monkeypatch.setattr("connectors.postgres.upserts.copy_rows", counting)
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    sink = Batches(schema, SOURCE, insert_mode="upsert", pk_mode="record_value", pk_fields="id")
    told = sink.flush({SOURCE: [Message(None, {"id": f"x{i}"}) for i in range(200)]})
    assert len(told) == 200
    assert sum(tried) <= 200 * (log2(200) + 3)
