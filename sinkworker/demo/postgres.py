"""Postgres as the demo's store: its server, its tables, and the keys of a sink that writes there.

Owns what the scenarios need to know of Postgres.
"""

from __future__ import annotations

from pathlib import Path

from sinkworker.demo.patience import Patience
from sinkworker.demo.postgres_server import ROLE, PostgresServer
from sinkworker.demo.tables import Tables
from sinkworker.demo.target import Flaw


class Postgres:
    """One database of a server of the demo's own."""

    word = "postgres"
    flaw = Flaw("stage_id", "the paint shop", "the stage is no number")
    ended_by = "INT"

    def __init__(self, home: Path) -> None:
        self._home, self._server = home, PostgresServer(home)
        self.child = self._server.child
        self._tables: Tables | None = None

    def start(self, patience: Patience) -> None:
        self._server.start(patience)
        self._tables = Tables(self._server.connect())
        self._tables.create()

    @property
    def landing(self) -> Tables:
        assert self._tables is not None, "not started"
        return self._tables

    def stop(self) -> None:
        if self._tables is not None:
            self._tables.close()
        self._server.stop()

    def introduction(self) -> str:
        return f"{self.landing.server_version()}, in {self._home}"

    def keys(self, batch_size: int) -> dict[str, str]:
        return {
            "name": "factory-to-pg",
            "connector.class": "PostgresSink",
            "connection.url": self._server.url(),
            "connection.user": ROLE,
            "table.name.format": "${topic}",
            "insert.mode": "insert",
            "batch.size": str(batch_size),
        }

    def look(self, worker_file: Path) -> str:
        return f"{self._server.psql} '{self._server.url()}&user={ROLE}'"
