"""Rounds in which the Postgres server itself ends, refuses to write, or has no room left.

Owns what is done to the server, and undoes it. These rounds have it for themselves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from tests.faults.campaign import Round
from tests.faults.rig import FaultyWorker, Rig
from tests.services.process import wait_until

MEASURE = "Postgres faults"


def rounds(each: int) -> list[Round]:
    plays = {
        "Postgres restarted, fast": partial(restart, how="fast"),
        "Postgres restarted, immediate": partial(restart, how="immediate"),
        "Postgres killed": partial(restart, how="kill"),
        "a server process killed": kill_server_process,
        "Postgres read-only": read_only,
        "Postgres disk full": fill_disk,
    }
    return [
        Round(MEASURE, name, play, own_postgres=True)
        for name, play in plays.items()
        for _ in range(each)
    ]


def a_worker(rig: Rig, **keys: str) -> FaultyWorker:
    """At work. It tolerates errors, and there must be none."""
    config = rig.config(errors__tolerance="all", **keys)
    worker = rig.worker(config, seconds_a_flush=0.05).start()
    rig.wait_for_progress(1)
    return worker


def finish(rig: Rig, worker: FaultyWorker) -> None:
    rig.finish(worker)
    rig.waited_out(worker)


def server_processes(rig: Rig) -> list[int]:
    """Those that the workers' tasks write with."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = %s"
    )
    return [row[0] for row in rig.database.execute(query, [f"sinkworker {rig.connector} 0"])]


def restart(rig: Rig, how: str) -> None:
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    worker, server, own = a_worker(rig), rig.postgres_server, _own_process(rig)
    time.sleep(rig.dice.uniform(0, 0.1))
    at = time.monotonic()
    server.kill() if how == "kill" else server.stop(how)
    worker.wait_for("trying again")
    wait_until(partial(_starts, rig), 30, "Postgres to start again")
    _struck(rig, f"restart, {how}", own)
    rig.recovered(at)
    finish(rig, worker)


def kill_server_process(rig: Rig) -> None:
    """Postgres then ends all others too, and recovers from its log."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    worker, own = a_worker(rig), _own_process(rig)
    (pid,) = server_processes(rig)
    time.sleep(rig.dice.uniform(0, 0.1))
    at = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    worker.wait_for("trying again")
    _struck(rig, f"kill -9 of server process {pid}", own)
    rig.recovered(at)
    finish(rig, worker)


def read_only(rig: Rig) -> None:
    """First the session that writes is refused, then each new one, as a standby does."""
    rig.load(table=rig.dice.choice(["inserted", "upserted"]))
    worker = a_worker(rig)
    try:
        rig.database.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        rig.database.execute("SELECT pg_reload_conf()")
        worker.wait_for("in a read-only transaction (25006); trying again")
        rig.database.execute("SELECT pg_terminate_backend(%s)", server_processes(rig))
        worker.wait_for("session is read-only")
        rig.struck_under_backlog("read-only")
    finally:
        rig.database.execute("ALTER SYSTEM RESET default_transaction_read_only")
        rig.database.execute("SELECT pg_reload_conf()")
    rig.recovered(time.monotonic())
    finish(rig, worker)


# a full disk


def fill_disk(rig: Rig) -> None:
    """The table's disk holds a part of the backlog, until it is made larger."""
    rig.load()
    with _small_disk(rig) as enlarge:
        worker = a_worker(rig)
        worker.wait_for("(53100); trying again", times=2)
        rig.struck_under_backlog("disk full")
        at = time.monotonic()
        enlarge()
        rig.recovered(at)
        finish(rig, worker)


@contextmanager
def _small_disk(rig: Rig) -> Iterator[Callable[[], object]]:
    """A tablespace on a disk of its own; where none may be mounted, a trigger that speaks like one.

    Gives what enlarges it.
    """
    disk, owner = rig.home / "disk", Path(rig.database.one("SHOW data_directory")).stat().st_uid
    disk.mkdir()
    if not _mounted("tmpfs", str(disk), "-t", "tmpfs", "-o", f"size=600k,uid={owner}"):
        rig.database.execute(FULL)
        yield lambda: rig.database.execute("DROP TRIGGER full_disk ON inserted")
        return
    name = f"of_{rig.database_name}"
    try:
        rig.database.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}'")
        rig.database.execute(f"ALTER TABLE inserted SET TABLESPACE {name}")
        yield lambda: _mounted(str(disk), "-o", "remount,size=16m")
        rig.database.execute("ALTER TABLE inserted SET TABLESPACE pg_default")
        rig.database.execute(f"DROP TABLESPACE {name}")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF new.n > 700 THEN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
  END IF;
  RETURN new; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON inserted FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def _mounted(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0


# the server again


def _own_process(rig: Rig) -> int | None:
    """The server process of this round's own connection, if there is one."""
    try:
        pid: int = rig.database.one("SELECT pg_backend_pid()")
    except psycopg.Error:
        return None
    return pid


def _struck(rig: Rig, what: str, before: int | None) -> None:
    """When the server has ended that process, and answers again."""
    wait_until(lambda: _own_process(rig) not in (None, before), 30, "Postgres to answer again")
    rig.struck_under_backlog(what)


def _starts(rig: Rig) -> bool:
    """What a killed server has left of its processes and memory may be in the way for a moment."""
    try:
        rig.postgres_server.start()
    except RuntimeError:
        return False
    return True
