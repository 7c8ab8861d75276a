"""What a log makes of a table when its records are applied one by one.

Owns the model that the sink is compared with: the plainest statements that there are. Must not know
the sink.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from tests.integration.postgres.random_tables import RandomTable

Fields = Mapping[str, Any]
Log = Sequence[tuple[Fields, Any]]  # of each record its key's columns, and its value
FAILURES = (psycopg.Error, UnicodeError, ValueError)


class UnfitError(ValueError):
    """A record that is no row, whatever the table holds."""


class OneByOne:
    """Applies records to one table. mode: the sink's insert.mode."""

    def __init__(
        self, connection: psycopg.Connection[Any], shape: RandomTable, table: str, mode: str
    ) -> None:
        self._connection, self._shape, self._mode = connection, shape, mode
        self._table = sql.Identifier(table)

    def rejected(self, log: Log) -> set[int]:
        """Which of these cannot be applied, each after those before it. Changes nothing."""
        found = set()
        with self._connection.transaction(force_rollback=True):
            for index, (key, value) in enumerate(log):
                try:
                    with self._connection.transaction():
                        self.apply(key, value)
                        self._connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                except FAILURES:
                    found.add(index)
        return found

    def apply(self, key: Fields, value: Any) -> None:
        self._check(key, value)
        if self._mode != "upsert":
            self._insert({**value, **key})
        elif value is None:
            self.delete(key)
        else:
            self.upsert(key, value)

    def _check(self, key: Fields, value: Any) -> None:
        if self._mode == "upsert" and self._shape.canonical(key) is None:
            raise UnfitError("no key")
        if value is None and self._mode == "upsert":
            return
        if not isinstance(value, dict):
            raise UnfitError("no object")
        if not value.keys() <= {*self._shape.columns, *self._shape.keys}:
            raise UnfitError("a field without a column")

    def upsert(self, key: Fields, others: Fields) -> None:
        """A row that is there is updated; one that is not is inserted."""
        changes = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in others]
        change = sql.SQL(", ").join(changes or [sql.SQL("k0 = k0")])
        where, values = self._of_key(key)
        query = sql.SQL("UPDATE {} SET {} WHERE {}").format(self._table, change, where)
        if not self._run(query, [*self._shape.texts(others), *values]):
            self._insert({**others, **key})

    def delete(self, key: Fields) -> None:
        where, values = self._of_key(key)
        self._run(sql.SQL("DELETE FROM {} WHERE {}").format(self._table, where), values)

    def _insert(self, fields: Fields) -> None:
        ending = sql.SQL("ON CONFLICT DO NOTHING" if self._mode == "ignore" else "")
        names = sql.SQL(", ").join(map(sql.Identifier, fields))
        marks = sql.SQL(", ").join([sql.SQL("%s")] * len(fields))
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({}) {}")
        self._run(query.format(self._table, names, marks, ending), self._shape.texts(fields))

    def _of_key(self, key: Fields) -> tuple[sql.Composed, list[str]]:
        names = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in key]
        return sql.SQL(" AND ").join(names), list(self._shape.canonical(key) or ())

    def _run(self, query: sql.Composed, values: Sequence[str | None]) -> int:
        return self._connection.execute(query, values).rowcount
