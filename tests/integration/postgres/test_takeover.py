"""Taking over a partition whose last owner is frozen with its offset row locked.

Postgres ends neither a COPY that waits for its client nor such a session's locks, so the claim does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import psycopg
import pytest

from connectors.postgres import offsets
from sinkworker.api import Claim, FencedError, Offset, RetriableError, TopicPartition
from sinkworker.testing.owner import Owner
from tests.integration.postgres.sinks import connector, meanwhile, owner
from tests.services.choose import Postgres
from tests.services.database import Database
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
LOCK_ROW = "UPDATE sinkworker_offsets SET updated_at = now() WHERE partition = 0"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim waits for a lock a tenth of its usual time."""
    monkeypatch.setattr(offsets, "CLAIM_LOCK_TIMEOUT_MS", 200)


@pytest.fixture
def first(database: Database) -> Iterator[Owner]:
    database.execute("CREATE TABLE alerts (id text, text text)")
    one = owner(database, "the first")
    one.open(P0, P1)
    yield one
    one.task.stop()


def connection_of(one: Owner) -> psycopg.Connection[tuple[object, ...]]:
    connection: psycopg.Connection[tuple[object, ...]] = one.task._session.connection  # type: ignore[attr-defined]
    return connection


def is_alive(database: Database, pid: int) -> bool:
    return bool(database.one("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]))


def idle_in_transaction(one: Owner) -> None:
    """Frozen between the advance and the COMMIT."""
    connection_of(one).execute("BEGIN")
    connection_of(one).execute(LOCK_ROW)


def in_the_middle_of_copy(one: Owner) -> None:
    """Frozen while it sends rows: the server process waits for its client, for ever."""
    idle_in_transaction(one)
    server = connection_of(one).pgconn
    server.send_query(b"COPY alerts FROM STDIN")
    server.get_result()
    server.put_copy_data(b"never\tcommitted\n")
    server.flush()


@pytest.mark.parametrize("freeze", [idle_in_transaction, in_the_middle_of_copy])
def test_a_frozen_owner_is_ended_and_lands_nothing(
    database: Database, first: Owner, freeze: Callable[[Owner], None],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    first.put(P0, [0])
    first.flush({P0: 1})
    frozen = connection_of(first).info.backend_pid
    freeze(first)
    second = owner(database, "the second")
    second.open(P0, P1)
    assert second.claims == {P0: Claim(Offset(1), 2), P1: Claim(Offset(0), 2)}
    wait_until(lambda: not is_alive(database, frozen), 10, "the frozen server process is gone")
    assert caplog.messages == [
        f"alerts-0: ending server process {frozen} of the first, which holds its offset row"
    ]
    second.put(P0, [1])
    second.flush({P0: 2})
    second.stop()
    assert [row[0] for row in database.execute("SELECT id FROM alerts")] == [
        "alerts:0:0", "alerts:0:1"
    ]  # fmt: skip


def test_a_frozen_owner_is_ended_however_short_a_statement_may_take(
    database: Database, first: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offsets, "CLAIM_LOCK_TIMEOUT_MS", 2_000)
    idle_in_transaction(first)
    second = owner(database, "the second")
    second.task._session.statement_timeout_ms = 500  # type: ignore[attr-defined]
    second.open(P0)
    assert second.claims == {P0: Claim(Offset(0), 2)}
    second.stop()


def test_the_owner_that_was_ended_finds_out_and_is_fenced(database: Database, first: Owner) -> None:
    idle_in_transaction(first)
    second = owner(database, "the second")
    second.open(P0)
    first.put(P0, [0])
    with pytest.raises(RetriableError, match=r"terminating connection .* \(57P01\)$"):
        first.flush({P0: 1})
    first.close(P0, P1)
    first.open(P1)
    first.put(P0, [0])
    with pytest.raises(FencedError) as fenced:
        first.flush({P0: 1})
    assert str(fenced.value) == (
        "Postgres refused the flush of alerts-0: 1 of these were claimed by another worker, or their "
        "offsets were changed"
    )
    second.stop()


def test_only_the_server_process_in_the_way_is_ended(database: Database, first: Owner) -> None:
    others = [Owner(connector(database, "another connector")), owner(database, "the third")]
    others[0].open(P0)
    others[1].open(P1)
    idle_in_transaction(first)
    second = owner(database, "the second")
    second.open(P0)
    assert all(is_alive(database, connection_of(each).info.backend_pid) for each in others)
    for each, partition in zip(others, (P0, P1), strict=True):
        each.put(partition, [0])
        each.flush({partition: 1})
        each.stop()
    second.stop()


def test_an_owner_that_commits_in_time_is_waited_for(database: Database, first: Owner) -> None:
    """What it committed last is where the next one resumes."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    pid = connection_of(first).info.backend_pid
    second = owner(database, "the second")
    idle_in_transaction(first)
    connection_of(first).execute(
        "UPDATE sinkworker_offsets SET next_offset = 7 WHERE partition = 0"
    )
    with meanwhile(lambda: second.open(P0)):
        wait_until(lambda: database.one(waiting), 10, "the claim waits for the row")
        connection_of(first).execute("COMMIT")
    assert second.claims == {P0: Claim(Offset(7), 2)}
    assert is_alive(database, pid)
    second.stop()


def test_a_row_that_a_stranger_locks_is_told(database: Database, first: Owner) -> None:
    """The claimant's server process is gone; whoever holds the row now is not ours to end."""
    first.stop()
    wait_until(
        lambda: not database.one(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s",
            ["sinkworker alerts-to-pg 0"],
        ), 10, "the first owner's server process is gone",
    )  # fmt: skip
    second = owner(database, "the second")
    with psycopg.connect(database.url) as stranger:
        stranger.execute(LOCK_ROW)
        with pytest.raises(RetriableError) as busy:
            second.open(P0)
        assert str(busy.value) == "Postgres: the offset row of alerts-0 is locked by someone else"
        assert stranger.execute("SELECT 1").fetchone() == (1,)
    second.open(P0)
    assert second.claims == {P0: Claim(Offset(0), 2)}
    second.stop()


def test_another_process_that_got_the_claimants_pid_is_not_ended(
    database: Database, first: Owner
) -> None:
    first.stop()
    second = owner(database, "the second")
    with psycopg.connect(database.url) as stranger:
        stranger.execute("UPDATE sinkworker_offsets SET backend_pid = pg_backend_pid()")
        stranger.commit()
        stranger.execute(LOCK_ROW)
        with pytest.raises(RetriableError) as busy:
            second.open(P0)
        assert str(busy.value) == "Postgres: the offset row of alerts-0 is locked by someone else"
        table = second.task._offsets  # type: ignore[attr-defined]
        assert table._execute("terminate", topic="alerts", partition=0).fetchall() == []
        assert stranger.execute("SELECT 1").fetchone() == (1,)
    second.stop()


def test_a_task_that_claims_again_does_not_end_itself(database: Database, first: Owner) -> None:
    with psycopg.connect(database.url) as stranger:
        stranger.execute(LOCK_ROW)
        first.close(P0)
        with pytest.raises(RetriableError) as busy:
            first.open(P0)
    assert str(busy.value) == "Postgres: the offset row of alerts-0 is locked by someone else"
    assert first.task._session.is_open  # type: ignore[attr-defined]


# roles


@pytest.fixture
def roles(database: Database, postgres_server: Postgres) -> Iterator[tuple[Database, Database]]:
    """The same database as two roles that are not related; both may write everything."""
    names = [f"{name}_{os.getpid()}" for name in ("ann", "bob")]
    both = ", ".join(names)
    database.execute("".join(f"CREATE ROLE {name} LOGIN PASSWORD 'sinkworker';" for name in names))
    database.execute(f"GRANT ALL ON SCHEMA public TO {both}")
    ann, bob = (Database(re.sub("//[^:@]+", f"//{name}", database.url)) for name in names)
    yield ann, bob
    ann.close()
    bob.close()
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                     "WHERE usename = ANY (%s)", [names])  # fmt: skip
    database.execute(f"DROP OWNED BY {both} CASCADE; DROP ROLE {both}")


def role(database: Database) -> str:
    name: str = database.one("SELECT current_user::text")
    return name


@pytest.mark.parametrize(
    "sees_activity",
    [True, False],
)
def test_a_role_without_the_right_is_told_which_grant_it_needs(
    database: Database, roles: tuple[Database, Database], *, sees_activity: bool
) -> None:
    ann, bob = roles
    first = owner(ann, "the first")
    first.open(P0)
    pid = connection_of(first).info.backend_pid
    ann.execute(f"GRANT ALL ON sinkworker_offsets, sinkworker_ledger TO {role(bob)}")
    if sees_activity:
        database.execute(f"GRANT pg_read_all_stats TO {role(bob)}")
    idle_in_transaction(first)
    second = owner(bob, "the second")
    with pytest.raises(RetriableError) as busy:
        second.open(P0)
    assert str(busy.value) == (
        f"Postgres: the offset row of alerts-0 is locked by server process {pid} of role {role(ann)} "
        f"(the first), which this role may not end. End it, or GRANT {role(ann)} TO this role."
    )
    assert is_alive(database, pid)
    database.execute(f"GRANT {role(ann)} TO {role(bob)}")
    second.open(P0)
    assert second.claims == {P0: Claim(Offset(0), 2)}
    wait_until(lambda: not is_alive(database, pid), 10, "its server process is gone")
    first.task.stop()
    second.stop()


def test_a_role_that_may_end_a_process_but_not_see_it_ends_nothing(
    database: Database, roles: tuple[Database, Database]
) -> None:
    """It cannot know whether the pid is still the claimant's."""
    ann, bob = roles
    first = owner(ann, "the first")
    first.open(P0)
    ann.execute(f"GRANT ALL ON sinkworker_offsets, sinkworker_ledger TO {role(bob)}")
    database.execute(f"GRANT pg_signal_backend TO {role(bob)}")
    idle_in_transaction(first)
    second = owner(bob, "the second")
    with pytest.raises(RetriableError, match="is locked by server process"):
        second.open(P0)
    assert connection_of(first).execute("SELECT 1").fetchone() == (1,)
    first.task.stop()
    second.stop()
