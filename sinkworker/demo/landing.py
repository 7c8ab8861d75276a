"""What landed in Postgres, asked with SQL on a connection of the demo's own.

Owns the tables and the proof. Everything that the demo says of rows and stored offsets comes from
here, nothing from the worker's word.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any, LiteralString, NamedTuple

import psycopg

from sinkworker.demo.topics import Place, Produced


class Proof(NamedTuple):
    """unknown: rows that nobody produced. out_of_order: rows after a later one of their partition."""

    produced: int
    rows: int
    missing: int
    duplicates: int
    unknown: int
    out_of_order: int

    @property
    def holds(self) -> bool:
        return self == Proof(self.produced, self.produced, 0, 0, 0, 0)


class Landing:
    """One database, and one connection to it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

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
        """By topic."""
        return dict(self._all("SELECT topic, count(*) FROM landed GROUP BY topic"))

    def numbers(self, topic: str) -> list[int]:
        """Of all its rows, as they landed."""
        query: LiteralString = "SELECT number FROM landed WHERE topic = %s ORDER BY landed"
        return [number for (number,) in self._connection.execute(query, [topic]).fetchall()]

    def stored(self) -> dict[Place, int]:
        """The stored offset, the next to read, of every partition."""
        try:
            found = self._all("SELECT topic, partition, next_offset FROM sinkworker_offsets")
        except psycopg.errors.UndefinedTable:  # no worker has begun yet
            return {}
        return {(topic, partition): offset for topic, partition, offset in found}

    def workers_are_gone(self) -> bool:
        """Whether Postgres has noticed: until then a killed worker's last commit may still land."""
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
