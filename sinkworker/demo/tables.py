"""What landed in Postgres, asked with SQL on a connection of the demo's own.

Owns the tables and the queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any, LiteralString

import psycopg

from sinkworker.demo.landing import Proof
from sinkworker.demo.topics import Place, Produced


class Tables:
    """One database, and one connection to it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def close(self) -> None:
        self._connection.close()

    def server_version(self) -> str:
        version: str = self._connection.info.parameter_status("server_version") or "unknown"
        return version

    def create(self) -> None:
        self._connection.execute(_sql("tables"))

    def note(self, produced: Sequence[Produced]) -> None:
        with self._connection.cursor().copy("COPY produced FROM STDIN") as copy:
            for each in produced:
                copy.write_row(each)

    def rows(self) -> dict[str, int]:
        return dict(self._all("SELECT topic, count(*) FROM landed GROUP BY topic"))

    def numbers(self, topic: str) -> list[int]:
        """As they landed."""
        query: LiteralString = "SELECT number FROM landed WHERE topic = %s ORDER BY landed"
        return [number for (number,) in self._connection.execute(query, [topic]).fetchall()]

    def stored(self) -> dict[Place, int]:
        try:
            found = self._all("SELECT topic, partition, next_offset FROM sinkworker_offsets")
        except psycopg.errors.UndefinedTable:  # no worker has begun yet
            return {}
        return {(topic, partition): offset for topic, partition, offset in found}

    def workers_are_gone(self) -> bool:
        return not self._all(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'sinkworker %'"
        )

    def prove(self) -> Proof:
        ((*counts,),) = self._all(_sql("proof"))
        return Proof(*counts)

    def _all(self, query: LiteralString) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


def _sql(name: str) -> LiteralString:
    """A file of this package, and so as literal as what stands in its modules."""
    return resources.files("sinkworker.demo").joinpath(f"{name}.sql").read_text()
