"""Writing a batch by key: COPY into a stage, then one set statement; or, while all keys are new, COPY
straight into the table. Never a row at a time.

Owns what is written and deleted, in which order, and which record stands behind a refused row. Must
not know offsets.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn, TypeVar

from psycopg import sql

from connectors.postgres.batch import Batch
from connectors.postgres.copying import copy_rows, names_of
from connectors.postgres.keys import keys_of
from connectors.postgres.merge import Merged, merge
from connectors.postgres.new_rows import NewRows
from connectors.postgres.novelty import Novelty
from connectors.postgres.pieces import BadRowError, LeftOut
from connectors.postgres.reader import Values
from connectors.postgres.rows import Columns, Plan, Plans, Row, picker
from connectors.postgres.savepoints import savepoint
from connectors.postgres.session import Session
from connectors.postgres.staged_suspect import StagedSuspect
from connectors.postgres.stages import LINE, Purpose, Stages
from connectors.postgres.suspects import naming_suspects
from connectors.postgres.tables import Table
from connectors.postgres.upsert_statements import delete, same_keys, upsert

T = TypeVar("T")

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
        self, session: Session, table: Table, plans: Plans, stages: Stages, key: Columns,
        novelty: Novelty,
    ) -> None:  # fmt: skip
        self._session, self._table, self._plans, self._stages = session, table, plans, stages
        self._key, self._pick_key = key, picker(key, table, ())
        self._new_rows = NewRows(session, table, key, novelty)

    def write(self, batch: Batch) -> Sequence[LeftOut]:
        """Delete, then insert or update: once per key, with its last value."""
        keys = keys_of(batch, self._key, self._table)
        distinct = keys.of if keys.are_exact else self._as_postgres_sees(keys.of, batch)
        if batch.is_uniform():
            return self._write_last(batch, distinct, are_exact=keys.are_exact)
        self._upsert_merged(batch, distinct)
        return ()

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

    def _write_last(
        self, batch: Batch, keys: Sequence[Hashable], *, are_exact: bool
    ) -> Sequence[LeftOut]:
        """With the same fields in all records that write, the last one of a key is all that counts."""
        written, deletes = list(_last(keys).values()), set(batch.deletes())
        if deletes:
            self._delete_last(batch, keys, deletes)
            written = [index for index in written if index not in deletes]
        if not written or (are_exact and self._are_new(batch, keys, written)):
            return ()
        return self._upsert_last(batch, keys, written)

    def _delete_last(
        self, batch: Batch, keys: Sequence[Hashable], deletes: Collection[int]
    ) -> None:
        ended = list({keys[index]: index for index in deletes}.values())
        try:
            self._delete([batch.values[index] for index in ended])
        except BadRowError as bad:
            index = ended[bad.index]
            _tell(bad, index, is_certain=_is_alone(index, keys))

    def _are_new(self, batch: Batch, keys: Sequence[Any], written: Sequence[int]) -> bool:
        """False when not all of their keys are: then nothing is written."""
        plan, new_rows = batch.plans[written[0]], self._new_rows
        if not new_rows.may_be(len(written), plan):
            return False
        # In the order of the keys, as set statements write them.
        last = sorted(written, key=keys.__getitem__)
        try:
            return new_rows.are_written(plan, [batch.values[index] for index in last])
        except BadRowError as bad:
            index = last[bad.index]
            _tell(bad, index, is_certain=_is_alone(index, keys))

    def _upsert_last(
        self, batch: Batch, keys: Sequence[Hashable], last: Sequence[int]
    ) -> Sequence[LeftOut]:
        plan, values = batch.plans[last[0]], [batch.values[index] for index in last]
        try:
            stage = self._staged(plan, values)
            with savepoint(self._session.connection), naming_suspects(values):
                self._write_staged(plan, stage)
        except BadRowError as bad:
            index = last[bad.index]
            is_certain = _is_alone(index, keys)
            if bad.is_guess and is_certain and len(values) > 1:
                reason = self._reason_to_leave_out(values[bad.index], plan, stage)
                if reason is not None:
                    return [LeftOut(index, reason)]
            _tell(bad, index, is_certain=is_certain)
        return ()

    def _reason_to_leave_out(self, values: Values, plan: Plan, stage: sql.Identifier) -> str | None:
        """What is in the stage need not be sent again to be written without this row."""
        keys = self._stages.get(self._table, Purpose.KEYS, 1)
        copy_rows(self._session, keys, self._key, [values], self._pick_key)
        suspect = StagedSuspect(stage, keys, same_keys(self._key))
        return suspect.reason_to_leave_out(self._session, partial(self._write_staged, plan))

    def _upsert_merged(self, batch: Batch, keys: Sequence[Hashable]) -> None:
        merged = merge(batch, keys)
        try:
            self._delete_merged([each for each in merged if each.is_deleted])
            self._update(merged)
        except _BadMergedError as bad:
            members = bad.merged.members
            _tell(bad.bad_row, members[0], is_certain=len(members) == 1)

    def _delete(self, keys: Sequence[Values]) -> None:
        stage = self._stages.get(self._table, Purpose.KEYS, len(keys))
        copy_rows(self._session, stage, self._key, keys, self._pick_key)
        self._execute(delete(self._table, self._key, stage))

    def _delete_merged(self, merged: Sequence[Merged]) -> None:
        if merged:
            with _telling(merged):
                self._delete([each.key for each in merged])

    def _update(self, merged: Sequence[Merged]) -> None:
        groups: dict[Plan, list[Merged]] = {}
        for each in merged:
            if each.values is not None:
                groups.setdefault(self._plans.plan(each.values), []).append(each)
        for plan, group in groups.items():
            values = [each.values for each in group if each.values is not None]
            with _telling(group):
                stage = self._staged(plan, values)
                with naming_suspects(values):
                    self._write_staged(plan, stage)

    def _staged(self, plan: Plan, values: Sequence[Values]) -> sql.Identifier:
        stage = self._stages.get(self._table, Purpose.ROWS, len(values))
        copy_rows(self._session, stage, plan.columns, values, plan.pick)
        return stage

    def _write_staged(self, plan: Plan, stage: sql.Composable) -> None:
        for query in upsert(self._table, self._key, plan.columns, stage):
            self._execute(query)

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


def _last(keys: Sequence[T]) -> dict[T, int]:
    """Where each key appears for the last time."""
    return dict(zip(keys, range(len(keys)), strict=True))


def _is_alone(index: int, keys: Sequence[Hashable]) -> bool:
    """Whether no other record has the key of this one."""
    return keys.count(keys[index]) == 1


def _tell(bad: BadRowError, index: int, *, is_certain: bool) -> NoReturn:
    """The culprit's index; or, if several records made the row, the bare error: then only trying
    tells which of them it was."""
    cause = bad.__cause__
    assert cause is not None
    named = bad.at(index) if is_certain else cause
    raise named from named.__cause__
