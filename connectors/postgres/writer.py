"""Writing a batch into a table: COPY, or COPY and one set statement. Never a row at a time.

Owns the statements of the three insert modes. Runs within the flush's transaction. Must not know
offsets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import psycopg
from psycopg import sql

from connectors.postgres.batch import Batch
from connectors.postgres.failures import Kind, copy_line, kind_of
from connectors.postgres.isolation import FAILURES, BadRowError
from connectors.postgres.json_text import copying
from connectors.postgres.merge import Merged, merge
from connectors.postgres.rows import Plan, Plans, Row
from connectors.postgres.session import Session
from connectors.postgres.stages import Stages
from connectors.postgres.tables import Table

Columns = tuple[str, ...]


class Writer:
    """Writes batches into one table. Each method is one attempt: it may be rolled back and repeated.

    Raises BadRowError when a failure names its record, or psycopg's error when it does not.
    """

    def __init__(self, session: Session, table: Table, plans: Plans, stages: Stages) -> None:
        self._session, self._table, self._plans, self._stages = session, table, plans, stages

    def insert(self, batch: Batch) -> None:
        """COPY straight into the table."""
        self._write_runs(batch, self._copy)

    def ignore(self, batch: Batch) -> None:
        """Insert; a row whose key is there already stays as it is."""
        self._write_runs(batch, self._insert_new)

    def upsert(self, batch: Batch, key: Columns) -> None:
        """Delete, then insert or update: once per key, with its last value."""
        merged = merge(batch, key)
        try:
            self._delete([each for each in merged if each.is_deleted], key)
            self._update(merged, key)
        except _BadMergedError as bad:
            cause = bad.__cause__
            assert cause is not None
            if len(bad.merged.members) > 1:
                raise cause from None  # which of them it was, only trying can tell
            raise BadRowError(bad.merged.members[0]) from cause
        self._check_deferred()

    # stretches of rows with the same columns

    def _write_runs(self, batch: Batch, write: Callable[[Columns, Sequence[Row]], None]) -> None:
        done = 0
        for columns, rows in self._plans.rows(batch.plans, batch.values):
            try:
                write(columns, rows)
            except BadRowError as bad:
                raise BadRowError(done + bad.index) from bad.__cause__
            done += len(rows)
        self._check_deferred()

    def _copy(self, columns: Columns, rows: Sequence[Row]) -> None:
        copy_rows(self._session, self._table.identifier, columns, rows)

    def _insert_new(self, columns: Columns, rows: Sequence[Row]) -> None:
        stage = self._stages.get(self._table, columns, "ignore")
        copy_rows(self._session, stage, columns, rows)
        query = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING")
        names = _names(columns)
        self._execute(query.format(self._table.identifier, names, names, stage))

    # by key

    def _delete(self, merged: Sequence[Merged], key: Columns) -> None:
        if not merged:
            return
        stage = self._stages.get(self._table, key, "delete")
        self._copy_merged(stage, key, merged, [each.key for each in merged])
        same = sql.SQL(" AND ").join(
            sql.SQL("t.{0} = s.{0}").format(sql.Identifier(column)) for column in key
        )
        query = sql.SQL("DELETE FROM {} AS t USING {} AS s WHERE {}")
        self._execute(query.format(self._table.identifier, stage, same))

    def _update(self, merged: Sequence[Merged], key: Columns) -> None:
        groups: dict[Plan, list[Merged]] = {}
        for each in merged:
            if each.values is not None:
                groups.setdefault(self._plans.plan(each.values), []).append(each)
        for plan, group in groups.items():
            rows = [plan.pick(each.values) for each in group if each.values is not None]
            self._upsert(plan.columns, rows, group, key)

    def _upsert(
        self, columns: Columns, rows: Sequence[Row], merged: Sequence[Merged], key: Columns
    ) -> None:
        """In the order of the keys, so that two tasks that meet at the same rows do not deadlock.

        Postgres has the last word about which keys are equal: DISTINCT ON keeps the last of rows
        that only differ to Python, such as 1 and "1".
        """
        stage = self._stages.get(self._table, columns, "upsert")
        self._copy_merged(stage, columns, merged, rows)
        query = sql.SQL(
            "INSERT INTO {} ({names}) SELECT DISTINCT ON ({key}) {names} FROM {} "
            "ORDER BY {key}, ctid DESC ON CONFLICT ({key}) {}"
        )
        action = _on_conflict([column for column in columns if column not in key])
        self._execute(
            query.format(
                self._table.identifier, stage, action, names=_names(columns), key=_names(key)
            )
        )

    def _copy_merged(
        self, stage: sql.Identifier, columns: Columns, merged: Sequence[Merged], rows: Sequence[Row]
    ) -> None:
        try:
            copy_rows(self._session, stage, columns, rows)
        except BadRowError as bad:
            raise _BadMergedError(merged[bad.index]) from bad.__cause__

    def _check_deferred(self) -> None:
        """Deferred constraints would otherwise show at COMMIT, past every savepoint."""
        if self._table.has_deferrable:
            self._execute(sql.SQL("SET CONSTRAINTS ALL IMMEDIATE"))

    def _execute(self, query: sql.Composed | sql.SQL) -> None:
        self._session.connection.execute(query)


class _BadMergedError(Exception):
    def __init__(self, merged: Merged) -> None:
        super().__init__()
        self.merged = merged


def copy_rows(
    session: Session, target: sql.Identifier, columns: Columns, rows: Iterable[Row]
) -> None:
    """COPY rows. BadRowError with the index of the one that the client or the server rejects."""
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(target, _names(columns))
    index = 0
    try:
        with copying(session.connection.cursor()) as cursor, cursor.copy(query) as copy:
            write_row = copy.write_row
            for index, row in enumerate(rows):  # noqa: B007  the handler reads it
                write_row(row)
    except FAILURES as error:
        if kind_of(error) is not Kind.DATA:
            raise
        if isinstance(error, psycopg.Error) and error.sqlstate is not None:
            line = copy_line(error)
            if line is None:
                raise
            index = line - 1
        raise BadRowError(index) from error


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _on_conflict(columns: Sequence[str]) -> sql.Composable:
    if not columns:
        return sql.SQL("DO NOTHING")
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in columns
    )
    return sql.SQL("DO UPDATE SET {}").format(changes)
