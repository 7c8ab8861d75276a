"""The statements that write or delete a stage's rows by key.

Owns their words. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from connectors.postgres.copying import names_of
from connectors.postgres.rows import Columns
from connectors.postgres.tables import Table

UPSERT = sql.SQL(
    "INSERT INTO {table} ({names}) SELECT {names} FROM {stage} AS s ORDER BY {key} "
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
# Nothing is known of how few a stage's rows are: Postgres would rather read a table of some 100,000 rows
# as a whole than look these up.
DELETE = sql.SQL(
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; "
    "DELETE FROM {table} AS t USING {stage} AS s WHERE {same}; "
    "RESET enable_hashjoin; RESET enable_mergejoin"
)


def delete(table: Table, key: Columns, stage: sql.Composable) -> sql.Composed:
    """The rows that have a stage's keys."""
    return DELETE.format(table=table.identifier, stage=stage, same=same_keys(key))


def upsert(
    table: Table, key: Columns, columns: Columns, stage: sql.Composable
) -> Sequence[sql.Composed]:
    """In the order of the keys, so that two tasks that meet at the same rows do not deadlock.

    stage: with these columns; or a query in brackets.
    """
    others = [column for column in columns if column not in key]
    parts = {
        "table": table.identifier, "stage": stage, "action": _on_conflict(others),
        "names": names_of(columns), "key": names_of(key), "same": same_keys(key),
    }  # fmt: skip
    if not may_lack_required(table, columns):
        return [UPSERT.format(**parts)]
    new = UPSERT_NEW.format(**parts)
    if not others:
        return [new]
    return [UPDATE_EXISTING.format(**parts, changes=_changes(others, "s")), new]


def same_keys(key: Sequence[str]) -> sql.Composed:
    """That a row of the table `t` has the key of a row of the stage `s`."""
    return sql.SQL(" AND ").join(
        sql.SQL("t.{0} = s.{0}").format(sql.Identifier(column)) for column in key
    )


def may_lack_required(table: Table, columns: Columns) -> bool:
    return any(each.may_be_required and each.name not in columns for each in table.columns.values())


def _on_conflict(columns: Sequence[str]) -> sql.Composable:
    if not columns:
        return sql.SQL("DO NOTHING")
    return sql.SQL("DO UPDATE SET ") + _changes(columns, "excluded")


def _changes(columns: Sequence[str], source: LiteralString) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{0} = " + source + ".{0}").format(sql.Identifier(column)) for column in columns
    )
