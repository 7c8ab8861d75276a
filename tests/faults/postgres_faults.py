"""Rounds of what users and operators of a Postgres do to the worker: locks, rights, changed offsets.

Owns what they do. The server itself stays whole, so that other rounds may use it, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg

from tests.faults.campaign import Round
from tests.faults.postgres_servers import MEASURE, a_worker, finish, server_processes
from tests.faults.rig import Rig
from tests.services.process import wait_until

A_WORKER_WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock' AND application_name LIKE 'sinkworker %'"
)

BACK_UP = """
CREATE TABLE old_rows AS TABLE inserted;
CREATE TABLE old_offsets AS TABLE sinkworker_offsets;
CREATE TABLE old_moves AS TABLE moves;
"""

RESTORE = """
SET LOCAL session_replication_role = replica;
DELETE FROM sinkworker_offsets;
DELETE FROM inserted;
DELETE FROM moves;
INSERT INTO sinkworker_offsets TABLE old_offsets;
INSERT INTO inserted OVERRIDING SYSTEM VALUE TABLE old_rows;
INSERT INTO moves OVERRIDING SYSTEM VALUE TABLE old_moves;
"""
"""Not TRUNCATE, which the observer's older snapshots would see at once."""


def rounds(each: int) -> list[Round]:
    plays = {
        "server processes ended": end_server_processes,
        "a table locked by a user": lock_table,
        "a deadlock": deadlock,
        "revoked rights": revoke,
        "too many connections": use_up_connections,
        "offsets moved back by hand": partial(move_back, raises_epoch=False),
        "offsets moved back with a new epoch": partial(move_back, raises_epoch=True),
        "restored from a backup": restore,
    }
    return [Round(MEASURE, name, play) for name, play in plays.items() for _ in range(each)]


@contextmanager
def _user(rig: Rig) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else's transaction."""
    with psycopg.connect(rig.database.url) as connection:
        yield connection


def end_server_processes(rig: Rig) -> None:
    """Three times, in the middle of whatever they are doing."""
    rig.load(6_000, table=rig.dice.choice(["inserted", "upserted"]))
    worker = a_worker(rig)
    for _ in range(3):
        time.sleep(rig.dice.uniform(0, 0.1))
        (pid,) = server_processes(rig)
        at = time.monotonic()
        assert rig.database.one("SELECT pg_terminate_backend(%s, 5000)", [pid])
        rig.struck_under_backlog("server process ended")
        rig.recovered(at)
    finish(rig, worker)


def lock_table(rig: Rig) -> None:
    """For longer than a statement may wait."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    worker = a_worker(rig)
    with _user(rig) as user:
        user.execute(f"LOCK TABLE {rig.table} IN ACCESS EXCLUSIVE MODE")  # type: ignore[call-overload]
        worker.wait_for("lock timeout (55P03); trying again", times=rig.dice.randint(1, 2))
        rig.struck_under_backlog("table locked")
        at = time.monotonic()
    rig.recovered(at)
    finish(rig, worker)


def deadlock(rig: Rig) -> None:
    """A user locks the table, the worker its offsets and waits for the table, then the user wants the
    offsets: Postgres ends whoever looks first, which is the worker."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    rig.database.execute(f"ALTER DATABASE {rig.database_name} SET deadlock_timeout = '2s'")
    worker = a_worker(rig)
    with _user(rig) as user:
        user.execute("SET LOCAL deadlock_timeout = '1min'")
        user.execute(f"LOCK TABLE {rig.table} IN ACCESS EXCLUSIVE MODE")  # type: ignore[call-overload]
        wait_until(lambda: rig.database.one(A_WORKER_WAITS), 30, "the worker to wait for the user")
        user.execute("SELECT FROM sinkworker_offsets FOR UPDATE")
        worker.wait_for("deadlock detected (40P01); trying again")
        rig.struck_under_backlog("deadlock")
        at = time.monotonic()
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    wait_until(lambda: rig.database.one(deadlocks), 30, "Postgres to count the deadlock")
    rig.recovered(at)
    finish(rig, worker)


# rights


def revoke(rig: Rig) -> None:
    """Waiting does not mend that: the task fails, and says why."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    with _role(rig) as role:
        worker = a_worker(rig, connection__user=role)
        rig.database.execute(f"REVOKE INSERT ON {rig.table} FROM {role}")
        worker.wait_failed()
        denied = f"Postgres, flushing: permission denied for table {rig.table} (42501)"
        assert denied in worker.log(), worker.log()[-3000:]
        rig.struck_under_backlog("rights revoked")
        rig.database.execute(f"GRANT INSERT ON {rig.table} TO {role}")
        at = time.monotonic()
        heir = a_worker(rig, connection__user=role)
        rig.outcome.recovery.append(time.monotonic() - at)
        finish(rig, heir)


def use_up_connections(rig: Rig) -> None:
    """The worker's are ended, and it gets no new ones for a while."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    with _role(rig) as role:
        worker = a_worker(rig, connection__user=role)
        rig.database.execute(f"ALTER ROLE {role} CONNECTION LIMIT 0")
        rig.database.execute("SELECT pg_terminate_backend(%s)", server_processes(rig))
        worker.wait_for(f'too many connections for role "{role}"', times=2)
        rig.struck_under_backlog("too many connections")
        at = time.monotonic()
        rig.database.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
        rig.recovered(at)
        finish(rig, worker)


@contextmanager
def _role(rig: Rig) -> Iterator[str]:
    """An ordinary one, for this round's database."""
    role = f"of_{rig.database_name}"
    rig.database.execute(f"CREATE ROLE {role} LOGIN")
    rig.database.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    yield role
    rig.database.execute(f"DROP OWNED BY {role}")
    rig.database.execute(f"DROP ROLE {role}")


# changed offsets


def move_back(rig: Rig, raises_epoch: bool) -> None:
    """With the rows that came after it, so that they may come again."""
    rig.load()
    worker = a_worker(rig)
    rig.wait_for_progress(800)
    with _user(rig) as user:
        furthest = max(rig.stored().items(), key=lambda each: each[1])[0]
        if not raises_epoch:  # which is not for the trigger to see: no worker may do that
            user.execute("SET LOCAL session_replication_role = replica")
        (back_to,) = user.execute(
            "UPDATE sinkworker_offsets SET next_offset = next_offset - %s "
            f"{', epoch = epoch + 1, owner = NULL, backend_pid = NULL' if raises_epoch else ''} "
            "WHERE connector = %s AND partition = %s RETURNING next_offset",
            [rig.dice.randint(1, 300), rig.connector, furthest],
        ).fetchone() or (None,)
        later = "DELETE FROM inserted WHERE p = %s AND n >= %s"
        deleted = user.execute(later, [furthest, back_to]).rowcount
        assert deleted > 0
    at = time.monotonic()
    worker.wait_for("Postgres refused the flush of")
    rig.struck_under_backlog(f"offset moved back by {deleted}")
    rig.recovered(at)
    finish(rig, worker)


def restore(rig: Rig) -> None:
    """Rows and offsets together, as they were a while ago, under a worker that goes on."""
    rig.load(6_000)
    worker = a_worker(rig)
    with _user(rig) as user:
        user.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        user.execute(BACK_UP)
    before = rig.progress()
    rig.wait_for_progress(800)
    with _user(rig) as user:
        user.execute(RESTORE)
    at = time.monotonic()
    worker.wait_for("Postgres refused the flush of")
    rig.struck_under_backlog(f"restored to {before}")
    rig.recovered(at)
    finish(rig, worker)
