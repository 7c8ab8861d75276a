"""Looking into a Postgres database from outside, on a connection of the test's own."""

from __future__ import annotations

from typing import Any

import psycopg


class Database:
    """An autocommit connection that opens itself again when the server was restarted."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.Connection[Any] | None = None

    def execute(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        if self._connection is None or self._connection.broken or self._connection.closed:
            self._connection = psycopg.connect(self.url, autocommit=True)
        cursor = self._connection.execute(query, parameters)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []

    def one(self, query: str, parameters: Any = None) -> Any:
        return self.execute(query, parameters)[0][0]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
