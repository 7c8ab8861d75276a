"""The offset table: created once, seeded, claimed, advanced, altered; and what it refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.offsets import OffsetTable
from connectors.postgres.session import Session
from sinkworker.api import (
    Advance,
    Alteration,
    Claim,
    ConnectError,
    ErrantRecord,
    FencedError,
    Offset,
    Stage,
    StoredOffset,
    TopicPartition,
)
from tests.integration.postgres.sinks import meanwhile
from tests.services.database import Database
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
SEEDED = StoredOffset(5, None, None, None, 0, None)


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


class Table(OffsetTable):
    """With its session, which a test closes."""

    def __init__(
        self, database: Database, connector: str = "alerts-to-pg", name: str = "sinkworker_offsets"
    ) -> None:
        config = PostgresSinkConfig(connection_url=database.url, offsets_table=name)
        self.session = Session(config, connector, 10_000)
        super().__init__(self.session, config, connector)


@pytest.fixture
def table(database: Database) -> Iterator[Table]:
    table = Table(database)
    yield table
    table.session.close()


def advance(table: Table, advances: dict[TopicPartition, Advance]) -> None:
    """As a flush without rows does it."""
    with table.session.using("flushing"), table.session.connection.transaction():
        table.advance(advances)


# the table itself


def test_it_is_created_at_the_first_use_and_only_then(table: Table, database: Database) -> None:
    assert database.one("SELECT to_regclass('sinkworker_offsets')") is None
    assert table.read() == {}
    assert database.one("SELECT to_regclass('sinkworker_offsets')") is not None


def test_racers_create_it_once(database: Database) -> None:
    tables = [Table(database, f"connector {i}") for i in range(8)]
    start = threading.Barrier(len(tables))

    def seed(table: Table) -> None:
        start.wait()
        table.seed({P0: Offset(1)})
        table.session.close()

    with ExitStack() as running:
        for table in tables:
            running.enter_context(meanwhile(lambda table=table: seed(table)))
    assert database.one("SELECT count(*) FROM sinkworker_offsets") == len(tables)


def test_a_table_that_somebody_creates_at_the_same_moment_is_taken(database: Database) -> None:
    """As a migration does that an operator runs while the worker starts."""
    other, table = Table(database), Table(database)
    with psycopg.connect(database.url) as connection:
        other.session._connection = connection
        other._execute("create")
        with meanwhile(table.read):
            wait_until(
                lambda: database.one("SELECT count(*) FROM pg_locks WHERE NOT granted"), 10,
                "CREATE TABLE waits for the other one",
            )  # fmt: skip
            connection.commit()
    assert table.read() == {}
    table.session.close()


def test_something_else_of_that_name_is_not_taken_for_the_table(
    table: Table, database: Database
) -> None:
    database.execute("CREATE TYPE sinkworker_offsets AS ENUM ()")
    with pytest.raises(ConnectError) as refused:
        table.read()
    assert str(refused.value) == (
        'Postgres, creating sinkworker_offsets: type "sinkworker_offsets" already exists (42710)'
    )


def test_a_table_of_another_schema_version_is_refused(table: Table, database: Database) -> None:
    table.seed({P0: Offset(5)})
    database.execute("UPDATE sinkworker_offsets SET schema_version = 2")
    newcomer = Table(database)
    for use in (newcomer.read, lambda: newcomer.claim({P0: Offset(0)}, "one")):
        with pytest.raises(ConnectError) as refused:
            use()
        assert str(refused.value) == (
            "sinkworker_offsets has schema version 2; this sinkworker knows 1"
        )
    newcomer.session.close()
    assert database.one("SELECT epoch FROM sinkworker_offsets") == 0


def test_another_table_of_that_name_is_refused(table: Table, database: Database) -> None:
    database.execute("CREATE TABLE sinkworker_offsets (id int)")
    with pytest.raises(ConnectError) as refused:
        table.read()
    assert str(refused.value) == (
        'Postgres, creating sinkworker_offsets: column "schema_version" does not exist (42703)'
    )


def test_a_schema_that_is_missing_is_told(database: Database) -> None:
    table = Table(database, name="nowhere.offsets")
    with pytest.raises(ConnectError) as refused:
        table.read()
    assert str(refused.value) == (
        'Postgres, creating nowhere.offsets: schema "nowhere" does not exist (3F000)'
    )
    table.session.close()


def test_a_role_that_may_not_create_it_uses_one_that_is_there(database: Database) -> None:
    """A database administrator may have made it."""
    name = database.one("SELECT 'limited_' || pg_backend_pid()")
    Table(database).read()
    where = database.one("SELECT current_schema()")
    database.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'sinkworker'")
    database.execute(f"GRANT USAGE ON SCHEMA {where} TO {name}")
    both = "sinkworker_offsets, sinkworker_ledger"
    database.execute(f"GRANT SELECT, INSERT, UPDATE ON {both} TO {name}")
    try:
        limited = Table(Database(database.url.replace("//postgres", f"//{name}")))
        limited.seed({P0: Offset(5)})
        assert limited.claim({P0: Offset(0)}, "one") == {P0: Claim(Offset(5), 1)}
        limited.session.close()
    finally:
        database.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


# seed, claim, advance


def test_a_seed_is_kept_and_never_replaced(table: Table) -> None:
    table.seed({P0: Offset(5), P1: Offset(6, 2, "topic-id", "cluster")})
    table.seed({P0: Offset(50), P1: Offset(60)})
    assert table.read() == {
        P0: SEEDED,
        P1: StoredOffset(6, 2, "topic-id", "cluster", 0, None),
    }
    assert table.claim({P0: Offset(0)}, "one") == {P0: Claim(Offset(5), 1)}


def test_a_claim_learns_the_ids_that_were_unknown(table: Table) -> None:
    table.seed({P0: Offset(5)})
    claimed = table.claim({P0: Offset(0, 9, "topic-id", "cluster")}, "one")
    assert claimed == {P0: Claim(Offset(5, None, "topic-id", "cluster"), 1)}
    assert table.claim({P0: Offset(0)}, "two")[P0].resume.topic_id == "topic-id"


@pytest.mark.parametrize(
    "start", [Offset(0, None, "another", "cluster"), Offset(0, None, "topic-id", "another")]
)
def test_a_claim_for_another_log_is_refused_and_changes_nothing(
    table: Table, database: Database, start: Offset
) -> None:
    """A higher epoch would fence the rightful owner."""
    table.claim({P0: Offset(5, None, "topic-id", "cluster")}, "one")
    before = database.execute("SELECT * FROM sinkworker_offsets")
    assert table.claim({P0: start, P1: start}, "two") == {P1: Claim(start, 1)}
    assert database.execute("SELECT * FROM sinkworker_offsets WHERE partition = 0") == before


def test_a_claim_names_the_server_process_of_its_session(table: Table, database: Database) -> None:
    table.claim({P0: Offset(0)}, "one")
    assert database.one(
        "SELECT count(*) FROM sinkworker_offsets o JOIN pg_stat_activity a "
        "ON (a.pid, a.backend_start) = (o.backend_pid, o.backend_start) "
        "WHERE o.owner = 'one' AND a.pid = %s",
        [table.session.connection.info.backend_pid],
    )  # fmt: skip


def test_neighbours_with_similar_names_are_other_rows(table: Table, database: Database) -> None:
    neighbours = [
        (Table(database, "alerts-to-p"), P0),
        (Table(database, "alerts-to-pg%"), P0),
        (table, TopicPartition("alert", 0)),
        (table, TopicPartition("alerts_", 0)),
        (table, TopicPartition('al"erts', 10)),
    ]
    for other, partition in neighbours:
        other.claim({partition: Offset(1)}, "other")
    table.claim({P0: Offset(7)}, "one")
    advance(table, {P0: Advance(1, 7, Offset(8), 1)})
    table.alter({P0: Alteration(Offset(9))})
    for other, partition in neighbours:
        assert other.read()[partition] == StoredOffset(1, None, None, None, 1, "other")
    for other, _ in neighbours[:2]:
        other.session.close()


def test_an_advance_moves_offset_and_counts(table: Table, database: Database) -> None:
    table.claim({P0: Offset(0), P1: Offset(0)}, "one")
    bad = ErrantRecord(P0, 1, Stage.TASK_PUT, ValueError(), None, None, None, ())
    step = Advance(1, 0, Offset(10, 3), records=4, filtered=3, gaps=1, errant=(bad, bad))
    advance(table, {P0: step, P1: Advance(1, 0, Offset(2), records=2)})
    advance(table, {P0: Advance(1, 10, Offset(11), records=1)})
    assert table.read()[P0] == StoredOffset(11, None, None, None, 1, "one")
    assert database.execute(
        "SELECT partition, records, errant, filtered, gaps FROM sinkworker_offsets ORDER BY 1"
    ) == [(0, 5, 2, 3, 1), (1, 2, 0, 0, 0)]


@pytest.mark.parametrize(
    "stale",
    [
        Advance(1, 0, Offset(1), 1),
        Advance(3, 0, Offset(1), 1),
        Advance(2, 7, Offset(8), 1),
    ],
    ids=["an older epoch", "an epoch to come", "another offset"],
)
def test_one_refused_advance_refuses_the_whole_flush(table: Table, stale: Advance) -> None:
    table.claim({P0: Offset(0), P1: Offset(0)}, "one")
    table.claim({P0: Offset(0), P1: Offset(0)}, "two")
    with pytest.raises(FencedError) as fenced:
        advance(table, {P0: Advance(2, 0, Offset(1), 1), P1: stale})
    assert str(fenced.value) == (
        "Postgres refused the flush of alerts-0, alerts-1: 1 of these were claimed by another worker, "
        "or their offsets were changed"
    )
    assert {stored.next for stored in table.read().values()} == {0}


# alter


def test_an_alter_moves_the_offset_and_fences(table: Table, database: Database) -> None:
    table.claim({P0: Offset(5, 1, "topic-id", "cluster")}, "one")
    assert table.alter({P0: Alteration(Offset(40, None, "topic-id", "cluster"))}) == {P0}
    assert table.read()[P0] == StoredOffset(40, None, "topic-id", "cluster", 2, None)
    assert database.one("SELECT backend_pid FROM sinkworker_offsets") is None
    with pytest.raises(FencedError):
        advance(table, {P0: Advance(1, 5, Offset(6), 1)})


@pytest.mark.parametrize(("epoch", "is_changed"), [(None, True), (0, False), (1, True), (2, False)])
def test_an_alter_may_depend_on_the_epoch(
    table: Table, *, epoch: int | None, is_changed: bool
) -> None:
    table.claim({P0: Offset(5), P1: Offset(5)}, "one")
    changed = table.alter({P0: Alteration(Offset(40), epoch), P1: Alteration(Offset(41), 1)})
    assert changed == ({P0, P1} if is_changed else {P1})
    assert [table.read()[p].next for p in (P0, P1)] == [40 if is_changed else 5, 41]


@pytest.mark.parametrize(("epoch", "is_made"), [(None, True), (0, True), (1, False)])
def test_an_alter_of_a_partition_without_a_row_makes_one(
    table: Table, *, epoch: int | None, is_made: bool
) -> None:
    expected: dict[Any, Any] = {P0: StoredOffset(40, None, None, None, 1, None)} if is_made else {}
    assert table.alter({P0: Alteration(Offset(40), epoch)}) == set(expected)
    assert table.read() == expected


def test_a_reset_forgets_everything_but_the_epoch(table: Table) -> None:
    """With the old ids kept, no claim of a new topic would ever pass again."""
    table.claim({P0: Offset(5, 1, "topic-id", "cluster")}, "one")
    table.alter({P0: Alteration(None)})
    assert table.read()[P0] == StoredOffset(None, None, None, None, 2, None)
    start = Offset(9, 4, "new-id", "cluster")
    assert table.claim({P0: start}, "two") == {P0: Claim(start, 3)}


def test_an_operator_who_alters_while_a_flush_commits_waits_for_it(
    table: Table, database: Database
) -> None:
    """And then has the last word; the next flush is fenced."""
    table.claim({P0: Offset(5)}, "one")
    operator, waiting = Table(database), "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with ExitStack() as running, table.session.connection.transaction():
        table.advance({P0: Advance(1, 5, Offset(6), 1)})
        running.enter_context(meanwhile(lambda: operator.alter({P0: Alteration(Offset(40))})))
        wait_until(lambda: database.one(waiting), 10, "the alter waits for the row")
    assert table.read()[P0] == StoredOffset(40, None, None, None, 2, None)
    operator.session.close()
