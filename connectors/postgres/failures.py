"""Postgres's errors → ours.

Owns which SQLSTATE means waiting, which a bad record, and which the end of the task; and why a value
could not even be written down. An outage is never a bad record. What a row held never appears in a
sentence.
"""

from __future__ import annotations

import re
from enum import Enum

import psycopg

from connectors.postgres.encoders import UnfitValueError
from connectors.postgres.logins import refusal
from sinkworker.api import ConnectError, DataError, RetriableError

# 22 data exception, 23 integrity constraint, 21 cardinality, 54 program limit, 44 check option of a
# view; P0, 38 and 20 (a CASE without ELSE) are what a trigger's function raises about a row.
DATA = re.compile(r"20...|21...|22...|23...|38...|44...|54...|P0...")
# 40 rollback, 55P03 lock timeout, 57 operator intervention, 08 connection, 53 resources (a full disk
# too), 58 system error, 25006 read-only (a standby), 25P03 idle in transaction and 25P04 in a
# transaction too long.
RETRIABLE = re.compile(r"40...|55P03|57...|08...|53...|58...|25006|25P02|25P03|25P04")
# What Python, and psycopg's and our own forms of values, raise about a value. psycopg's are its
# DataError, and a ProgrammingError with these words.
UNWRITABLE = (UnicodeError, ValueError, OverflowError, RecursionError, TypeError)
NO_FORM = r"cannot adapt type '(.+?)'"
# What may come of writing rows, whoever is to blame.
FAILURES = (psycopg.Error, *UNWRITABLE)
# COPY's place: a table, line and column may be named misleadingly, so the first that fits counts.
PLACE = re.compile(r'^COPY .+?, line (\d+)(?:, column (.+?))?(?:: "|: null input$|$)', re.MULTILINE)
# Which words of a client's error mean what. Of those words only names of types are shown.
REASONS = {
    r".*NUL \(0x00\)": "text that contains NUL (0x00)",
    NO_FORM: r"a value of a type that Postgres has no form for (\1)",
    r"cannot dump lists of mixed types; got: (.+)": r"a list of mixed types (\1)",
    r"Circular reference|cannot dump a recursive list": "a list or object that contains itself",
    r"Exceeds the limit \((\d+) digits\)": r"an integer of more than \1 digits",
    r"cannot calculate the offset of tzinfo": "a time in a zone whose offset depends on the date",
    r"maximum recursion depth": "a value that is nested too deeply",
    r"keys must be": "an object with a key that is not text",
}


class Kind(Enum):
    DATA = "data"
    RETRIABLE = "retriable"
    FATAL = "fatal"


def kind_of(error: Exception) -> Kind:
    if isinstance(error, UNWRITABLE):
        return Kind.DATA  # the client could not even write it down
    state = getattr(error, "sqlstate", None)
    if state is None:
        return _kind_without_state(error)
    if RETRIABLE.fullmatch(state):
        return Kind.RETRIABLE
    return Kind.DATA if DATA.fullmatch(state) or _is_of_a_row(error) else Kind.FATAL


def _is_of_a_row(error: Exception) -> bool:
    """Whatever its SQLSTATE: some types' input functions raise 42601 or XX000 about a value, a
    trigger may raise a state of its own, and a row-level security policy raises 42501."""
    if not isinstance(error, psycopg.Error):
        return False
    place = _place(error)
    return bool(
        (place and place[2]) or type(error) is psycopg.DatabaseError or _is_of_a_policy(error)
    )


def _is_of_a_policy(error: psycopg.Error) -> bool:
    return error.diag.source_function == "ExecWithCheckOptions" and error.sqlstate == "42501"


def is_stuck(error: psycopg.Error) -> bool:
    """Whether the transaction before has not ended: a ROLLBACK, too, may be cancelled."""
    return error.sqlstate == "25P02"


def is_of_one_value(error: Exception) -> bool:
    """Whether no other row can have to do with it: a value that cannot be written, or read."""
    state = getattr(error, "sqlstate", None)
    return state is None or state.startswith("22")


def _kind_without_state(error: Exception) -> Kind:
    words = str(error)
    if isinstance(error, psycopg.DataError):
        return Kind.DATA
    if isinstance(error, psycopg.ProgrammingError) and re.match(NO_FORM, words):
        return Kind.DATA
    if isinstance(error, psycopg.OperationalError) and refusal(words) is None:
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
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        return _rejection_by_server(error)
    if isinstance(error, UnicodeError):
        return "text that is not valid Unicode (a lone surrogate)"
    if isinstance(error, UnfitValueError):
        return str(error)
    words = str(error)
    for pattern, reason in REASONS.items():
        if found := re.match(pattern, words):
            return found.expand(reason)
    return f"a value that cannot be written as text ({type(error).__name__})"


def _rejection_by_server(error: psycopg.Error) -> str:
    if _is_of_a_policy(error):
        return "a row-level security policy forbids the row (42501)"
    if error.diag.source_function == "ExecFindPartition":
        return "the table has no partition for the row (23514)"
    return f"{_readable(type(error).__name__)} ({error.sqlstate}){_where(error)}"


def copy_line(error: Exception) -> int | None:
    """The line of a COPY that an error names, from 1; None when it names none."""
    place = _place(error) if isinstance(error, psycopg.Error) else None
    return int(place[1]) if place else None


def _place(error: psycopg.Error) -> re.Match[str] | None:
    return PLACE.search(error.diag.context or "")


def _where(error: psycopg.Error) -> str:
    diagnostics, place = error.diag, _place(error)
    column = diagnostics.column_name or (place[2] if place else None)
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
    if state is None and (refused := refusal(str(error))):
        return refused
    text = " ".join((message or str(error)).split())
    return f"{text} ({state})" if state else text
