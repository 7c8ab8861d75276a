"""A Postgres server of the demo's own, reached by a socket in its folder.

Owns starting it. There is no port, and nobody but the user who started the demo can connect.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from urllib.parse import quote

import psycopg

from sinkworker.demo import programs
from sinkworker.demo.child import Child
from sinkworker.demo.patience import DemoError, Patience

ROLE, DATABASE, PORT = "sinkworker", "factory", 5432
LONGEST_SOCKET = 100


class PostgresServer:
    """Data, socket and log are in `home`."""

    def __init__(self, home: Path) -> None:
        self._home, self._data, self._socket = home, home / "data", home / "socket"
        self._programs = programs.find(home)
        self.child = Child(
            [self._programs.path("postgres"), "-D", str(self._data), "-k", str(self._socket),
             "-h", "", "-p", str(PORT)],
            home / "postgres.log", self._programs.user,
        )  # fmt: skip

    def url(self, database: str = DATABASE) -> str:
        host = quote(str(self._socket), safe="/")
        return f"postgresql:///{database}?host={host}&port={PORT}"

    @property
    def psql(self) -> str:
        return self._programs.path("psql")

    def connect(self, database: str = DATABASE) -> psycopg.Connection:
        return psycopg.connect(self.url(database), user=ROLE, autocommit=True)

    def start(self, patience: Patience) -> None:
        if len(str(self._socket / ".s.PGSQL.5432")) > LONGEST_SOCKET:
            raise DemoError(f"The path of {self._socket} is too long for a socket; set TMPDIR")
        self._make_folders()
        self._initialise()
        self.child.start()
        patience.until(self._answers, 30, "Postgres")
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def stop(self) -> None:
        """Its fast shutdown: connections are ended, nothing is lost."""
        self.child.stop(signal.SIGINT)

    def _make_folders(self) -> None:
        for folder in (self._data, self._socket):
            folder.mkdir(mode=0o700)
            if self._programs.user is not None:
                shutil.chown(folder, self._programs.user)

    def _initialise(self) -> None:
        initdb = Child(
            [self._programs.path("initdb"), "-D", str(self._data), "-U", ROLE, "-A", "trust",
             "-E", "UTF8", "--no-locale", "--no-sync"],
            self._home / "initdb.log", self._programs.user,
        )  # fmt: skip
        initdb.start()
        if initdb.wait() != 0:
            raise DemoError(f"initdb failed:\n{initdb.log()}")

    def _answers(self) -> bool:
        if not self.child.is_running():
            raise DemoError(f"Postgres ended; its log says:\n{self.child.log()[-2000:]}")
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True
