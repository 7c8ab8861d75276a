"""Writing a batch as new rows: COPY, or COPY and one set statement. Never a row at a time.

Owns the statements of insert.mode=insert and ignore. Must not know offsets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from psycopg import sql

from connectors.postgres.batch import Batch
from connectors.postgres.copying import copy_rows, names_of
from connectors.postgres.pieces import BadRowError, LeftOut
from connectors.postgres.reader import Values
from connectors.postgres.rows import Columns, Pick, Plans
from connectors.postgres.session import Session
from connectors.postgres.stages import Purpose, Stages
from connectors.postgres.suspects import naming_suspects
from connectors.postgres.tables import Table


class Inserts:
    """Writes batches into one table. Each method is one attempt: it may be rolled back and repeated.

    Raises BadRowError when a failure names its record, or psycopg's error when it does not; leaves out
    nothing.
    """

    def __init__(self, session: Session, table: Table, plans: Plans, stages: Stages) -> None:
        self._session, self._table, self._plans, self._stages = session, table, plans, stages

    def insert(self, batch: Batch) -> Sequence[LeftOut]:
        """COPY straight into the table."""
        return self._write_runs(batch, self._copy)

    def ignore(self, batch: Batch) -> Sequence[LeftOut]:
        """Insert; a row whose key is there already stays as it is."""
        return self._write_runs(batch, self._insert_new)

    def _write_runs(
        self, batch: Batch, write: Callable[[Columns, Pick, Sequence[Values]], None]
    ) -> Sequence[LeftOut]:
        done = 0
        for columns, pick, values in self._plans.runs(batch.plans, batch.values):
            try:
                write(columns, pick, values)
            except BadRowError as bad:
                raise bad.at(done + bad.index) from bad.__cause__
            done += len(values)
        return ()

    def _copy(self, columns: Columns, pick: Pick, values: Sequence[Values]) -> None:
        if columns and not self._table.needs_insert:
            copy_rows(self._session, self._table.identifier, columns, values, pick)
        else:
            self._insert_staged(columns, pick, values, sql.SQL(""))

    def _insert_new(self, columns: Columns, pick: Pick, values: Sequence[Values]) -> None:
        self._insert_staged(columns, pick, values, sql.SQL(" ON CONFLICT DO NOTHING"))

    def _insert_staged(
        self, columns: Columns, pick: Pick, values: Sequence[Values], ending: sql.SQL
    ) -> None:
        """Through a stage, for what COPY has no words for: conflicts, views, rows of defaults."""
        if not columns:
            query = sql.SQL("INSERT INTO {} SELECT FROM generate_series(1, {})")
            self._execute(query.format(self._table.identifier, len(values)) + ending)
            return
        stage = self._stages.get(self._table, Purpose.ROWS, len(values))
        copy_rows(self._session, stage, columns, values, pick)
        query = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
        names = names_of(columns)
        with naming_suspects(values):
            self._execute(query.format(self._table.identifier, names, names, stage) + ending)

    def _execute(self, query: sql.Composed) -> None:
        self._session.connection.execute(query)
