"""The named statements of sql/*.sql.

Owns reading them. A file is a row of blocks, each headed `-- name --`; `{offsets}` in a statement
is an identifier that the caller gives.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from psycopg import sql

# https://www.postgresql.org/docs/current/limits.html
LONGEST_NAME = 63

_HEADING = re.compile(r"^-- ([a-z ]+) --$", re.MULTILINE)


def statement(file: str, name: str, **identifiers: sql.Identifier) -> sql.Composed:
    """One statement, ready to execute. KeyError when there is none of that name."""
    return sql.SQL(_statements(file)[name]).format(**identifiers)


@cache
def _statements(file: str) -> dict[str, str]:
    text = (Path(__file__).parent / "sql" / f"{file}.sql").read_text()
    _, *blocks = _HEADING.split(text)
    return {name: body.strip() for name, body in zip(blocks[::2], blocks[1::2], strict=True)}


def identifier(name: str) -> sql.Identifier:
    """A table's name, perhaps with its schema before the first dot. Always quoted."""
    return sql.Identifier(*name.split(".", 1))


def would_be_cut(name: str) -> bool:
    """Whether Postgres would shorten it without a word: two such names may be one table."""
    return any(len(part.encode()) > LONGEST_NAME for part in name.split(".", 1))
