"""One connection to Postgres.

Owns how it is opened, its time limits, and that psycopg's errors leave as ours. Must not know tables.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from connectors.postgres.address import connection_arguments
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.connection import PatientConnection
from connectors.postgres.failures import is_stuck, translated
from connectors.postgres.queries import statement
from sinkworker.api import ConnectError, RetriableError

log = logging.getLogger(__name__)

LOCK_TIMEOUT = "5s"
# Of statement_timeout: by then the server has answered, were it only that it gave up.
SILENCE = 1.5

# libpq's own patience: a peer that vanished without a word is noticed within seconds.
PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "target_session_attrs": "read-write",
}


class Session:
    """Opened on first use, dropped when broken. For one thread."""

    def __init__(self, config: PostgresSinkConfig, purpose: str, statement_timeout_ms: int) -> None:
        """purpose: shown as application_name in pg_stat_activity."""
        self._config, self._purpose = config, purpose
        self.statement_timeout_ms = statement_timeout_ms
        self._connection: PatientConnection | None = None
        self.generation = 0

    @property
    def is_open(self) -> bool:
        return self._connection is not None and not self._connection.closed

    @property
    def connection(self) -> psycopg.Connection[TupleRow]:
        """The open connection. RetriableError when there is none: claims made on it are stale."""
        if self._connection is None or self._connection.closed:
            raise RetriableError("Postgres: the connection is gone")
        return self._connection

    def open(self) -> None:
        """Connect unless connected. Raises RetriableError or ConnectError."""
        if self.is_open:
            return
        self.close()
        with self.using("connecting"):
            connection = PatientConnection.connect(**self._arguments(), autocommit=True)
            connection.patience_s = SILENCE * self.statement_timeout_ms / 1000
            self._connection = connection
            self._set_up(connection)
        self.generation += 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    @contextmanager
    def using(self, doing: str) -> Iterator[None]:
        """Run statements; psycopg's errors leave as ours, and a broken connection is dropped."""
        try:
            yield
        except psycopg.Error as error:
            if self._connection is not None and (self._connection.broken or is_stuck(error)):
                self.close()
            raise translated(error, doing) from error

    def _arguments(self) -> dict[str, Any]:
        config = self._config
        address = connection_arguments(config.connection_url.get_secret_value())
        chosen: dict[str, Any] = dict(PATIENCE) | address
        if config.connection_user is not None:
            chosen["user"] = config.connection_user
        if config.connection_password is not None:
            chosen["password"] = config.connection_password.get_secret_value()
        return chosen | {
            "application_name": f"sinkworker {self._purpose}"[:63],
            "client_encoding": "UTF8",  # a database's own may not hold what JSON holds
        }

    def _set_up(self, connection: psycopg.Connection[TupleRow]) -> None:
        limits = {
            "statement_timeout": f"{self.statement_timeout_ms}ms",
            "lock_timeout": LOCK_TIMEOUT,
        }
        row = connection.execute(statement("catalog", "session"), limits).fetchone()
        assert row is not None
        server_process, announced = row[-1], connection.info.backend_pid
        if server_process != announced:
            self.close()
            raise ConnectError(
                f"connection.url leads to a connection pooler: the connection announced server "
                f"process {announced}, and statements run in {server_process}. Claims name a server "
                "process, so connect to Postgres itself."
            )
