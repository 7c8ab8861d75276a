"""Rows whose keys are all new to their table: COPY straight into it.

Owns when that is tried, and which refusal means no more than that a key is there already. Must not
know records.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import errors

from connectors.postgres.copying import copy_rows
from connectors.postgres.failures import is_of_one_value
from connectors.postgres.novelty import Novelty
from connectors.postgres.pieces import BadRowError
from connectors.postgres.reader import Values
from connectors.postgres.rows import Columns, Plan
from connectors.postgres.savepoints import savepoint
from connectors.postgres.session import Session
from connectors.postgres.suspects import clashing_columns
from connectors.postgres.tables import Table
from connectors.postgres.upsert_statements import may_lack_required

# Of a few rows a stage costs little; and whether one alone is bad, only the statement can tell that
# would update a row.
FEWEST = 100


class NewRows:
    """Writes rows into one table, if their keys are new. For one task."""

    def __init__(self, session: Session, table: Table, key: Columns, novelty: Novelty) -> None:
        self._session, self._table, self._key, self._novelty = session, table, key, novelty

    def may_be(self, count: int, plan: Plan) -> bool:
        """Whether so many rows of this shape should be tried. Asked once for each batch."""
        return (
            count >= FEWEST
            and not self._table.needs_insert
            and not may_lack_required(self._table, plan.columns)
            and self._novelty.is_likely()
        )

    def are_written(self, plan: Plan, values: Sequence[Values]) -> bool:
        """False when a key is there already: then nothing is written. Raises BadRowError, too."""
        try:
            with savepoint(self._session.connection):
                copy_rows(self._session, self._table.identifier, plan.columns, values, plan.pick)
        except errors.FeatureNotSupported:  # such as row-level security
            self._novelty.give_up()
            return False
        except BadRowError as bad:
            cause = bad.__cause__
            assert isinstance(cause, Exception)
            if isinstance(cause, errors.UniqueViolation) and not self._is_of_other_columns(cause):
                self._novelty.learn(are_new=False)
                return False
            # Rows are not in the order of the log: it may be another one that came too late.
            raise BadRowError(bad.index, is_guess=not is_of_one_value(cause)) from cause
        self._novelty.learn(are_new=True)
        return True

    def _is_of_other_columns(self, error: psycopg.Error) -> bool:
        """Whether what is there already is certainly not the key."""
        clashing = set(clashing_columns(error))
        return (
            bool(clashing) and clashing <= self._table.columns.keys() and clashing != {*self._key}
        )
