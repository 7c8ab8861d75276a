"""A part of a transaction that can be undone alone.

Owns that undoing leaves the connection's prepared statements: psycopg's own `transaction()` forgets them
all, on both sides, and planning the statements of a flush anew was a tenth of what a bad row cost. What
they mean does not change: nothing within a savepoint here creates or drops. Must not know statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import generators, pq
from psycopg.errors import error_from_result


@contextmanager
def savepoint(
    connection: psycopg.Connection[Any], first: bytes = b"", last: bytes = b""
) -> Iterator[None]:
    """For a block within a transaction. Undone by any exception; psycopg.Rollback ends here.

    first, last: commands within it, before and after the block, sent with its own. These nest: one
    name stands for the innermost that has it.
    """
    _run(connection, b"SAVEPOINT part;" + first)
    try:
        yield
        _run(connection, last + b"; RELEASE part")
    except BaseException as error:
        with suppress(psycopg.Error):  # of a connection that is gone, the first failure tells
            _run(connection, b"ROLLBACK TO part; RELEASE part")
        if not isinstance(error, psycopg.Rollback):
            raise


def _run(connection: psycopg.Connection[Any], command: bytes) -> None:
    """As `execute`, past the cache of prepared statements."""
    connection.pgconn.send_query(command)
    for result in connection.wait(generators.execute(connection.pgconn)):
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise error_from_result(result, encoding="utf-8")
