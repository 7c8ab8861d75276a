"""The ledger: one row for each step of an offset, written with that step and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.offsets import OffsetTable, PostgresOffsetStore
from connectors.postgres.session import Session
from sinkworker.api import Advance, Alteration, FencedError, Offset, TopicPartition
from tests.integration.postgres.sinks import Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
TWO_OLD_ROWS = (
    "INSERT INTO sinkworker_ledger (connector, topic, partition, kind, epoch, to_offset, at) "
    "SELECT '{}', 'alerts', 1, 'commit', 1, 9, now() - interval '2 minutes' "
    "FROM generate_series(1, 2)"
)


@pytest.fixture
def session(schema: Database) -> Iterator[Session]:
    session = Session(PostgresSinkConfig(connection_url=schema.url), "alerts-to-pg", 10_000)
    yield session
    session.close()


@pytest.fixture
def table(schema: Database, session: Session) -> OffsetTable:
    config = PostgresSinkConfig(connection_url=schema.url, ledger_retention_ms=60_000)
    return OffsetTable(session, config, "alerts-to-pg", "c0ffee")


def advance(session: Session, table: OffsetTable, advances: dict[TopicPartition, Advance]) -> None:
    with session.using("flushing"), session.connection.transaction():
        table.advance(advances)


def steps(table: OffsetTable) -> list[tuple[Any, ...]]:
    """Oldest first, without times."""
    return [entry[:-1] for entry in reversed(table.ledger(100))]


def test_a_claim_and_a_commit_are_noted_with_their_owner_and_configuration(
    session: Session, table: OffsetTable
) -> None:
    table.claim({P0: Offset(5)}, "me")
    advance(session, table, {P0: Advance(1, 5, Offset(15), records=6, filtered=3, gaps=1)})
    assert steps(table) == [
        (P0, "claim", 1, 5, 5, 0, 0, 0, 0, "me", "c0ffee"),
        (P0, "commit", 1, 5, 15, 6, 0, 3, 1, "me", "c0ffee"),
    ]


def test_a_refused_flush_leaves_no_trace(session: Session, table: OffsetTable) -> None:
    table.claim({P0: Offset(5), P1: Offset(0)}, "me")
    good, late = Advance(1, 0, Offset(3), records=3), Advance(1, 4, Offset(9), records=5)
    with pytest.raises(FencedError):
        advance(session, table, {P1: good, P0: late})
    assert [step[1] for step in steps(table)] == ["claim", "claim"]


def test_an_alteration_is_noted_with_what_it_replaced(session: Session, table: OffsetTable) -> None:
    table.claim({P0: Offset(5)}, "me")
    table.alter({P0: Alteration(Offset(2)), P1: Alteration(Offset(7))})
    table.alter({P0: Alteration(None)})
    table.alter({P0: Alteration(Offset(1), epoch=1)})  # refused
    assert sorted(steps(table)[1:]) == [
        (P0, "alter", 2, 5, 2, 0, 0, 0, 0, None, None),
        (P0, "alter", 3, 2, None, 0, 0, 0, 0, None, None),
        (P1, "alter", 1, None, 7, 0, 0, 0, 0, None, None),
    ]


def test_the_newest_come_first_and_no_more_than_asked_for(
    session: Session, table: OffsetTable
) -> None:
    table.claim({P0: Offset(0)}, "me")
    for start in range(0, 50, 10):
        advance(session, table, {P0: Advance(1, start, Offset(start + 10), records=10)})
    assert [entry.to_offset for entry in table.ledger(3)] == [50, 40, 30]


def test_old_rows_are_trimmed_but_never_the_newest_of_a_partition(
    session: Session, table: OffsetTable, schema: Database
) -> None:
    table.claim({P0: Offset(0), P1: Offset(0)}, "me")
    advance(session, table, {P0: Advance(1, 0, Offset(10), records=10)})
    advance(session, table, {P0: Advance(1, 10, Offset(20), records=10)})
    schema.execute(
        "UPDATE sinkworker_ledger SET at = at - interval '2 minutes' WHERE to_offset < 20"
    )
    table.trim_ledger()
    assert [(step[0], step[4]) for step in steps(table)] == [(P1, 0), (P0, 20)]


@pytest.mark.parametrize(
    ("at_once", "of_one", "expected"),
    [(3, 3, [9, 6, 3, 2, 2]), (100, 2, [8, 4, 2, 2, 2]), (4, 3, [8, 4, 2, 2, 2])],
)
def test_as_long_as_there_is_more_to_trim_it_is_trimmed_with_every_look(
    session: Session, table: OffsetTable, schema: Database, monkeypatch: pytest.MonkeyPatch,
    at_once: int, of_one: int, expected: list[int],
) -> None:  # fmt: skip
    monkeypatch.setattr("connectors.postgres.ledger.TRIMMED_AT_ONCE", at_once)
    monkeypatch.setattr("connectors.postgres.ledger.TRIMMED_OF_ONE", of_one)
    monkeypatch.setattr("connectors.postgres.offsets.TRIM_EVERY_SECONDS", 0.0)
    store = PostgresOffsetStore(session, table)
    monkeypatch.setattr("connectors.postgres.offsets.TRIM_EVERY_SECONDS", 1e9)
    table.claim({P0: Offset(0), P1: Offset(0)}, "me")
    for start in range(5):
        to = Offset(start + 1)
        advance(session, table, {p: Advance(1, start, to, records=1) for p in (P0, P1)})
    schema.execute("UPDATE sinkworker_ledger SET at = at - interval '2 minutes'")
    left = []
    for _ in range(5):
        store.read()
        left.append(len(steps(table)))
    assert left == expected
    schema.execute(TWO_OLD_ROWS.format("alerts-to-pg"))
    store.read()
    assert len(steps(table)) == 4


def test_what_is_trimmed_is_this_connectors_whatever_others_have_there(
    session: Session, table: OffsetTable, schema: Database
) -> None:
    table.claim({P0: Offset(0), P1: Offset(0)}, "me")
    for name in ("aaa", "alerts-to-pg", "zzz"):
        schema.execute(TWO_OLD_ROWS.format(name))
    table.trim_ledger()
    assert [(step[0], step[4]) for step in steps(table)] == [(P0, 0), (P1, 0), (P1, 9)]
    assert (
        schema.one("SELECT count(*) FROM sinkworker_ledger WHERE connector <> 'alerts-to-pg'") == 4
    )


def test_a_record_that_the_flush_found_to_be_bad_is_counted_as_errant(database: Database) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    sink = Sink(database, tolerates=True)
    sink.send({"id": 1}, {"id": "x"}, {"id": 3}).run()
    commits = database.execute("SELECT sum(records), sum(errant) FROM sinkworker_ledger")
    assert commits == [(2, 1)]


def test_it_stands_beside_the_offsets_unless_it_is_given(schema: Database) -> None:
    def named(**keys: str) -> str:
        return PostgresSinkConfig(connection_url=schema.url, **keys).ledger

    assert named() == "sinkworker_ledger"
    assert named(offsets_table="ops.offsets") == "ops.sinkworker_ledger"
    assert named(offsets_table="ops.offsets", ledger_table="audit.steps") == "audit.steps"


def test_a_record_that_the_flush_left_out_is_counted_as_filtered(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY)")
    sink = Sink(schema, tolerates=True, behavior_on_null_values="ignore")
    sink.send({"id": 1}, None, {"id": "x"}, None).run()
    commits = schema.execute(
        "SELECT sum(records)::int, sum(errant)::int, sum(filtered)::int FROM sinkworker_ledger"
    )
    assert commits == [(1, 1, 2)]
