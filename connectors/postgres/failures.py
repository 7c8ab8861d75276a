"""Postgres's errors → ours.

Owns which SQLSTATE means waiting, which a bad record, and which the end of the task. An outage is
never a bad record. What a row held never appears in a sentence.
"""

from __future__ import annotations

import re
from enum import Enum

import psycopg

from sinkworker.api import ConnectError, DataError, RetriableError

# 22 data exception, 23 integrity constraint, 21 cardinality, 54 program limit, 44 check option of a
# view; P0001 is what a trigger raises about a row.
DATA = re.compile(r"22...|23...|21000|54...|44000|P0001")
# 40 rollback, 55P03 lock timeout, 57 operator intervention, 08 connection, 53 resources (a full disk
# too), 58 system error, 25006 read-only (a standby), 25P03 idle in transaction too long.
RETRIABLE = re.compile(r"40...|55P03|57...|08...|53...|58...|25006|25P03")
# What libpq says when the server refuses a login; it gives no SQLSTATE then.
REFUSED_LOGIN = re.compile(
    r"authentication failed|no pg_hba\.conf entry|does not exist|no password supplied|"
    r"is not permitted to log in|certificate verify failed|server does not support SSL"
)
COPY_LINE = re.compile(r"^COPY .+?, line (\d+)", re.MULTILINE)
COPY_COLUMN = re.compile(r"^COPY .+?, line \d+, column (.+?)(?::|$)", re.MULTILINE)


class Kind(Enum):
    DATA = "data"
    RETRIABLE = "retriable"
    FATAL = "fatal"


def kind_of(error: Exception) -> Kind:
    if isinstance(error, UnicodeError | ValueError | OverflowError | RecursionError | DataError):
        return Kind.DATA  # the client could not even write it down
    state = getattr(error, "sqlstate", None)
    if state is None:
        return _kind_without_state(error)
    if DATA.fullmatch(state):
        return Kind.DATA
    return Kind.RETRIABLE if RETRIABLE.fullmatch(state) else Kind.FATAL


def _kind_without_state(error: Exception) -> Kind:
    if isinstance(error, psycopg.DataError):
        return Kind.DATA
    if isinstance(error, psycopg.OperationalError) and not REFUSED_LOGIN.search(str(error)):
        return Kind.RETRIABLE
    return Kind.FATAL


def translated(error: Exception, doing: str) -> ConnectError:
    """The error to raise instead of psycopg's."""
    kind = kind_of(error)
    if kind is Kind.RETRIABLE:
        return RetriableError(f"Postgres, {doing}: {_words(error)}")
    if kind is Kind.DATA:
        return DataError(f"Postgres, {doing}: {rejection(error)}")
    return ConnectError(f"Postgres, {doing}: {_words(error)}")


def rejection(error: Exception) -> str:
    """Why a row was rejected: the kind of error and where, never the value."""
    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, UnicodeError):
        return "text that is not valid Unicode (a lone surrogate)"
    if not isinstance(error, psycopg.Error) or error.sqlstate is None:
        return "text that contains NUL (0x00)" if "NUL" in str(error) else type(error).__name__
    where = _where(error)
    return f"{_readable(type(error).__name__)} ({error.sqlstate}){where}"


def copy_line(error: Exception) -> int | None:
    """The line of a COPY that an error names, from 1; None when it names none."""
    context = error.diag.context if isinstance(error, psycopg.Error) else None
    found = COPY_LINE.search(context or "")
    return int(found[1]) if found else None


def _where(error: psycopg.Error) -> str:
    diagnostics = error.diag
    column = diagnostics.column_name
    if column is None and (found := COPY_COLUMN.search(diagnostics.context or "")):
        column = found[1]
    if column is not None:
        return f" in column {column}"
    if diagnostics.constraint_name is not None:
        return f" of constraint {diagnostics.constraint_name}"
    return ""


def _readable(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _words(error: Exception) -> str:
    """One line without the detail and context lines, which may show a row."""
    message = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    state = getattr(error, "sqlstate", None)
    text = " ".join((message or str(error)).split())
    return f"{text} ({state})" if state else text
