"""Writing a batch into a table: COPY, or COPY and one set statement. Never a row at a time.

Owns the statements of the three insert modes. Runs within the flush's transaction. Must not know
offsets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

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

UPSERT = sql.SQL(
    "INSERT INTO {table} ({names}) SELECT {names} FROM {stage} ORDER BY {key} "
    "ON CONFLICT ({key}) {action}"
)
# Postgres has the last word about which keys are equal. Some that differ here, such as 1 and "1", are
# one there: then the one that came last is taken.
UPSERT_DISTINCT = sql.SQL(
    "INSERT INTO {table} ({names}) SELECT DISTINCT ON ({key}) {names} FROM {stage} "
    "ORDER BY {key}, ctid DESC ON CONFLICT ({key}) {action}"
)


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
        if batch.is_uniform():
            self._upsert_uniform(batch, key)
        else:
            self._upsert_merged(batch, key)
        self._check_deferred()

    def _upsert_uniform(self, batch: Batch, key: Columns) -> None:
        """With the same fields in all records the last one of a key is all that counts."""
        keys = [tuple([values[column] for column in key]) for values in batch.values]
        last = list(dict(zip(keys, range(len(batch)), strict=True)).values())
        plan = batch.plans[0]
        rows = [plan.pick(batch.values[index]) for index in last]
        try:
            self._upsert(plan.columns, rows, key)
        except BadRowError as bad:
            index = last[bad.index]
            named = _named(bad, index, is_certain=keys.count(keys[index]) == 1)
            raise named from named.__cause__

    def _upsert_merged(self, batch: Batch, key: Columns) -> None:
        merged = merge(batch, key)
        try:
            self._delete([each for each in merged if each.is_deleted], key)
            self._update(merged, key)
        except _BadMergedError as bad:
            members = bad.merged.members
            named = _named(bad.bad_row, members[0], is_certain=len(members) == 1)
            raise named from named.__cause__

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
        with _telling(merged):
            copy_rows(self._session, stage, key, [each.key for each in merged])
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
            with _telling(group):
                self._upsert(plan.columns, rows, key)

    def _upsert(self, columns: Columns, rows: Sequence[Row], key: Columns) -> None:
        """In the order of the keys, so that two tasks that meet at the same rows do not deadlock."""
        stage = self._stages.get(self._table, columns, "upsert")
        copy_rows(self._session, stage, columns, rows)
        action = _on_conflict([column for column in columns if column not in key])
        parts = {
            "table": self._table.identifier, "stage": stage, "action": action,
            "names": _names(columns), "key": _names(key),
        }  # fmt: skip
        try:
            with self._session.connection.transaction():
                self._execute(UPSERT.format(**parts))
        except psycopg.errors.CardinalityViolation:
            self._execute(UPSERT_DISTINCT.format(**parts))

    def _check_deferred(self) -> None:
        """Deferred constraints would otherwise show at COMMIT, past every savepoint."""
        if self._table.has_deferrable:
            self._execute(sql.SQL("SET CONSTRAINTS ALL IMMEDIATE"))

    def _execute(self, query: sql.Composed | sql.SQL) -> None:
        self._session.connection.execute(query)


class _BadMergedError(Exception):
    """A row that stands for a key was rejected."""

    def __init__(self, merged: Merged, bad_row: BadRowError) -> None:
        super().__init__()
        self.merged, self.bad_row = merged, bad_row


@contextmanager
def _telling(merged: Sequence[Merged]) -> Iterator[None]:
    """Rows that stand for these keys are written."""
    try:
        yield
    except BadRowError as bad:
        raise _BadMergedError(merged[bad.index], bad) from None


def _named(bad: BadRowError, index: int, *, is_certain: bool) -> BaseException:
    """The culprit's index; or, if several records made the row, the bare error: then only trying
    tells which of them it was."""
    cause = bad.__cause__
    assert cause is not None
    if not is_certain:
        return cause
    named = BadRowError(index)
    named.__cause__ = cause
    return named


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
