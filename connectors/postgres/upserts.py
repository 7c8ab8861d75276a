"""Writing a batch by key: COPY into a stage, then one set statement. Never a row at a time.

Owns the statements of insert.mode=upsert and of deletes. Must not know offsets.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import LiteralString

from psycopg import sql

from connectors.postgres.batch import Batch
from connectors.postgres.copying import copy_rows, names_of
from connectors.postgres.keys import keys_of
from connectors.postgres.merge import Merged, merge
from connectors.postgres.pieces import BadRowError
from connectors.postgres.reader import Values
from connectors.postgres.rows import Columns, Plan, Plans, Row, picker
from connectors.postgres.session import Session
from connectors.postgres.stages import LINE, Purpose, Stages
from connectors.postgres.suspects import naming_suspects
from connectors.postgres.tables import Table

UPSERT = sql.SQL(
    "INSERT INTO {table} ({names}) SELECT {names} FROM {stage} ORDER BY {key} "
    "ON CONFLICT ({key}) {action}"
)
# INSERT … ON CONFLICT looks at NOT NULL and CHECK before it looks for a conflict: a record that lacks
# a required field updates a row that has it, and is rejected where there is no row.
UPDATE_EXISTING = sql.SQL("UPDATE {table} AS t SET {changes} FROM {stage} AS s WHERE {same}")
UPSERT_NEW = sql.SQL(
    "INSERT INTO {table} ({names}) SELECT {names} FROM {stage} AS s "
    "WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {same}) ORDER BY {key} "
    "ON CONFLICT ({key}) {action}"
)
# Where a key first appears, for every one that is not the first of its kind.
SAME_KEYS = sql.SQL(
    "SELECT line, first FROM ("
    "SELECT {line} AS line, min({line}) OVER (PARTITION BY {key}) AS first FROM {stage}"
    ") AS lines WHERE line <> first"
)


class Upserts:
    """Writes batches into one table, by key. An attempt may be rolled back and repeated.

    Raises BadRowError when a failure names its record, or psycopg's error when it does not.
    """

    def __init__(
        self, session: Session, table: Table, plans: Plans, stages: Stages, key: Columns
    ) -> None:
        self._session, self._table, self._plans, self._stages = session, table, plans, stages
        self._key, self._pick_key = key, picker(key, table, ())

    def write(self, batch: Batch) -> None:
        """Delete, then insert or update: once per key, with its last value."""
        keys = keys_of(batch, self._key, self._table)
        distinct = keys.of if keys.are_exact else self._as_postgres_sees(keys.of, batch)
        if batch.is_uniform():
            self._upsert_uniform(batch, distinct)
        else:
            self._upsert_merged(batch, distinct)

    def _as_postgres_sees(self, keys: Sequence[Hashable], batch: Batch) -> Sequence[Hashable]:
        """The same number for all keys that Postgres finds equal: it has the last word."""
        lines: dict[Hashable, int] = {}
        for index, each in enumerate(keys):
            lines.setdefault(each, index)
        found = list(lines.values())
        stage = self._stages.get(self._table, Purpose.KEYS, len(found))

        def key_of(index: int) -> Row:
            return [index, *self._pick_key(batch.values[index])]

        try:
            copy_rows(self._session, stage, (LINE, *self._key), found, key_of)
        except BadRowError as bad:
            raise BadRowError(found[bad.index]) from bad.__cause__
        query = SAME_KEYS.format(line=sql.Identifier(LINE), key=names_of(self._key), stage=stage)
        same: dict[int, int] = dict(self._session.connection.execute(query).fetchall())
        return [same.get(lines[each], lines[each]) for each in keys]

    def _upsert_uniform(self, batch: Batch, keys: Sequence[Hashable]) -> None:
        """With the same fields in all records the last one of a key is all that counts."""
        last = list(dict(zip(keys, range(len(batch)), strict=True)).values())
        plan = batch.plans[0]
        try:
            self._upsert(plan, [batch.values[index] for index in last])
        except BadRowError as bad:
            index = last[bad.index]
            named = _named(bad, index, is_certain=keys.count(keys[index]) == 1)
            raise named from named.__cause__

    def _upsert_merged(self, batch: Batch, keys: Sequence[Hashable]) -> None:
        merged = merge(batch, keys)
        try:
            self._delete([each for each in merged if each.is_deleted])
            self._update(merged)
        except _BadMergedError as bad:
            members = bad.merged.members
            named = _named(bad.bad_row, members[0], is_certain=len(members) == 1)
            raise named from named.__cause__

    def _delete(self, merged: Sequence[Merged]) -> None:
        if not merged:
            return
        stage = self._stages.get(self._table, Purpose.KEYS, len(merged))
        with _telling(merged):
            keys = [each.key for each in merged]
            copy_rows(self._session, stage, self._key, keys, self._pick_key)
        query = sql.SQL("DELETE FROM {} AS t USING {} AS s WHERE {}")
        self._execute(query.format(self._table.identifier, stage, _same(self._key)))

    def _update(self, merged: Sequence[Merged]) -> None:
        groups: dict[Plan, list[Merged]] = {}
        for each in merged:
            if each.values is not None:
                groups.setdefault(self._plans.plan(each.values), []).append(each)
        for plan, group in groups.items():
            with _telling(group):
                self._upsert(plan, [each.values for each in group if each.values is not None])

    def _upsert(self, plan: Plan, values: Sequence[Values]) -> None:
        """In the order of the keys, so that two tasks that meet at the same rows do not deadlock."""
        stage = self._stages.get(self._table, Purpose.ROWS, len(values))
        columns = plan.columns
        copy_rows(self._session, stage, columns, values, plan.pick)
        others = [column for column in columns if column not in self._key]
        parts = {
            "table": self._table.identifier, "stage": stage, "action": _on_conflict(others),
            "names": names_of(columns), "key": names_of(self._key), "same": _same(self._key),
        }  # fmt: skip
        with naming_suspects(values):
            if not self._may_lack_required(columns):
                self._execute(UPSERT.format(**parts))
                return
            if others:
                self._execute(UPDATE_EXISTING.format(**parts, changes=_changes(others, "s")))
            self._execute(UPSERT_NEW.format(**parts))

    def _may_lack_required(self, columns: Columns) -> bool:
        return any(
            each.may_be_required and each.name not in columns
            for each in self._table.columns.values()
        )

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
    return bad.at(index)


def _same(key: Sequence[str]) -> sql.Composed:
    """That a row of the table `t` has the key of a row of the stage `s`."""
    return sql.SQL(" AND ").join(
        sql.SQL("t.{0} = s.{0}").format(sql.Identifier(column)) for column in key
    )


def _on_conflict(columns: Sequence[str]) -> sql.Composable:
    if not columns:
        return sql.SQL("DO NOTHING")
    return sql.SQL("DO UPDATE SET ") + _changes(columns, "excluded")


def _changes(columns: Sequence[str], source: LiteralString) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{0} = " + source + ".{0}").format(sql.Identifier(column)) for column in columns
    )
