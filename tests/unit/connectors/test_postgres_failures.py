"""Postgres's errors → ours: what means waiting, a bad record, or the end; and never a value."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.pq import DiagnosticField

from connectors.postgres.failures import Kind, copy_line, kind_of, rejection, translated
from sinkworker.api import ConnectError, DataError, RetriableError

SECRET = "4711-secret-4711"


def server_error(state: str, **diagnostics: str) -> psycopg.Error:
    """An error as the server reports it; every part that may show a row does so here."""
    parts = {
        "message_primary": "something went wrong",
        "message_detail": f"Failing row contains (1, {SECRET}).",
        "message_hint": SECRET,
    } | diagnostics
    info = {DiagnosticField[name.upper()]: text.encode() for name, text in parts.items()}
    try:
        kind: type[psycopg.Error] = psycopg.errors.lookup(state)
    except KeyError:
        kind = psycopg.DatabaseError
    error = kind(f"something went wrong\nDETAIL: {SECRET}", info=info)
    error.sqlstate = state
    return error


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        (
            Kind.DATA,
            "22001 22003 22007 22008 22012 22021 22023 22P02 22P03 22P04 22P05 23502 23503 23505 "
            "23514 23P01 20000 21000 38000 44000 54000 54001 54011 54023 P0001 P0002 P0004 ZZ999",
        ),
        (
            Kind.RETRIABLE,
            "08000 08001 08003 08006 25006 25P02 25P03 25P04 40001 40002 40003 40P01 53000 53100 53200 "
            "53300 53400 55P03 57014 57P01 57P02 57P03 57P04 57P05 58000 58030 58P01",
        ),
        (
            Kind.FATAL,
            "0A000 26000 28000 28P01 2BP01 3D000 3F000 42501 42601 42703 42804 42809 42883 "
            "42P01 42P10 42P18 55000 F0000 XX000 XX001",
        ),
    ],
)
def test_the_sqlstate_decides_what_an_error_means(kind: Kind, states: str) -> None:
    assert {state: kind_of(server_error(state)) for state in states.split()} == dict.fromkeys(
        states.split(), kind
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (psycopg.DataError("text fields cannot contain NUL (0x00) bytes"),
         "text that contains NUL (0x00)"),
        (UnicodeEncodeError("utf-8", f"{SECRET}\ud800", 16, 17, "surrogates not allowed"),
         "text that is not valid Unicode (a lone surrogate)"),
        (RecursionError(f"maximum recursion depth exceeded while encoding {SECRET}"),
         "a value that is nested too deeply"),
        (psycopg.ProgrammingError("cannot adapt type 'set' using placeholder '%t' (format: TEXT)"),
         "a value of a type that Postgres has no form for (set)"),
        (psycopg.DataError("cannot dump lists of mixed types; got: int, str"),
         "a list of mixed types (int, str)"),
        (psycopg.DataError("cannot dump a recursive list"),
         "a list or object that contains itself"),
        (ValueError("Circular reference detected"), "a list or object that contains itself"),
        (ValueError("Exceeds the limit (4300 digits) for integer string conversion; use …"),
         "an integer of more than 4300 digits"),
        (psycopg.DataError("cannot calculate the offset of tzinfo 'Asia/Tokyo' without a date"),
         "a time in a zone whose offset depends on the date"),
        (TypeError("keys must be str, int, float, bool or None, not tuple"),
         "an object with a key that is not text"),
        (ValueError(SECRET), "a value that cannot be written as text (ValueError)"),
        (OverflowError(SECRET), "a value that cannot be written as text (OverflowError)"),
        (TypeError(SECRET), "a value that cannot be written as text (TypeError)"),
        (psycopg.DataError(SECRET), "a value that cannot be written as text (DataError)"),
    ],
)  # fmt: skip
def test_what_the_client_cannot_write_down_is_a_bad_record(error: Exception, sentence: str) -> None:
    assert kind_of(error) is Kind.DATA
    assert rejection(error) == sentence


@pytest.mark.parametrize(
    "error",
    [psycopg.ProgrammingError("the query has 1 placeholder but 2 parameters were passed"),
     psycopg.InterfaceError("cannot adapt type 'set'"), KeyError("id")],
)  # fmt: skip
def test_a_fault_of_the_program_is_no_bad_record(error: Exception) -> None:
    assert kind_of(error) is Kind.FATAL


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (server_error("22P02", context=f'COPY t, line 3, column level: "{SECRET}"'),
         "invalid text representation (22P02) in column level"),
        (server_error("22P04", context=f'COPY t, line 3: "{SECRET}"'),
         "bad copy file format (22P04)"),
        (server_error("22P04", context=f'COPY t, line 3: "a, line 4, column {SECRET}'),
         "bad copy file format (22P04)"),
        (server_error("22P02", context=f'COPY t, line 3, column a: b, line 4: "{SECRET}"'),
         "invalid text representation (22P02) in column a: b, line 4"),
        (server_error("22P02", context="COPY t, line 3, column level: null input"),
         "invalid text representation (22P02) in column level"),
        (server_error("23502", column_name="level", context=f'COPY t, line 3: "{SECRET}"'),
         "not null violation (23502) in column level"),
        (server_error("23505", constraint_name="t_pkey", context=f'COPY t, line 1: "{SECRET}"'),
         "unique violation (23505) of constraint t_pkey"),
        (server_error("P0001", message_primary=SECRET, context="PL/pgSQL function f()"),
         "raise exception (P0001)"),
        (server_error("22003"), "numeric value out of range (22003)"),
    ],
)  # fmt: skip
def test_a_rejection_names_the_kind_and_the_place_and_never_the_value(
    error: Exception, sentence: str
) -> None:
    assert rejection(error) == sentence


@pytest.mark.parametrize(
    ("state", "kind", "sentence"),
    [
        ("57P01", RetriableError, "Postgres, flushing: something went wrong (57P01)"),
        ("42501", ConnectError, "Postgres, flushing: something went wrong (42501)"),
        ("22003", DataError, "Postgres, flushing: numeric value out of range (22003)"),
    ],
)
def test_psycopgs_error_becomes_ours_with_what_was_being_done(
    state: str, kind: type[ConnectError], sentence: str
) -> None:
    error = translated(server_error(state, context=f'COPY t, line 3: "{SECRET}"'), "flushing")
    assert (type(error), str(error)) == (kind, sentence)


def test_a_message_of_several_lines_becomes_one() -> None:
    error = psycopg.OperationalError("connection failed: FATAL:\n\tno room\n")
    assert str(translated(error, "connecting")) == (
        "Postgres, connecting: connection failed: FATAL: no room"
    )


@pytest.mark.parametrize(
    ("context", "line"),
    [
        ("COPY alerts, line 1", 1),
        ('COPY alerts, line 12, column level: "a, line 99"', 12),
        ('COPY odd name, with comma, line 7: "1\t2"', 7),
        ('COPY a, line 7, line 2, column v: "one"', 2),
        ('COPY a, line 7, line 2: "one"', 2),
        ("COPY a, line 7, line 2", 2),
        ('COPY alerts, line 2, column a, line 7: "one"', 2),
        ("COPY alerts, line 2, column a: null input", 2),
        ('COPY alerts, line 2: "x, line 7, column a"', 2),
        ('COPY alerts, line 2, column a: "x\nCOPY alerts, line 7"', 2),
        ('SQL function "f" statement 1\nCOPY alerts, line 5: "x"', 5),
        ("PL/pgSQL function f() line 3 at RAISE", None),
        ("COPY alerts, Zeile 12", None),
        ("", None),
    ],
)
def test_the_line_of_a_copy_is_read_from_the_context(context: str, line: int | None) -> None:
    assert copy_line(server_error("22P02", context=context)) == line


def test_errors_of_the_client_name_no_line() -> None:
    assert copy_line(ValueError("COPY t, line 3")) is None
