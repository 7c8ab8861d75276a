"""Tables of the sink's own: offsets, dead letters.

Owns that one is there before it is used, whoever else creates it at the same moment. Must not know
what is in it.
"""

from __future__ import annotations

from psycopg import errors, sql

from connectors.postgres.queries import identifier, statement
from connectors.postgres.session import Session

# What CREATE … IF NOT EXISTS raises when somebody who does not take our lock creates it as well.
CREATED_MEANWHILE = (errors.UniqueViolation, errors.DuplicateTable, errors.DuplicateObject)


def make_sure_of(session: Session, table: str, create: sql.Composed) -> None:
    """Create a table unless it is there, in a transaction of its own. psycopg's errors leave it."""
    if _exists(session, table):
        return
    connection = session.connection
    try:
        with connection.transaction():
            connection.execute(statement("catalog", "lock for ddl"))
            connection.execute(create)
    except CREATED_MEANWHILE:
        if not _exists(session, table):
            raise


def _exists(session: Session, table: str) -> bool:
    name = identifier(table).as_string(session.connection)
    row = session.connection.execute(statement("catalog", "exists"), {"table": name}).fetchone()
    return bool(row and row[0])
