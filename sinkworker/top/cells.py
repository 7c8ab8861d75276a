"""What stands in the cells of a line. Owns how figures are written."""

from __future__ import annotations

from sinkworker.top.rows import Row

TITLES = (
    "CONNECTOR", "TASK", "STATE", "TOPIC", "PART", "STORED", "END", "LAG", "ROWS/S", "COMMIT",
    "ERRORS", "LETTERS", "OWNER",
)  # fmt: skip
NUMBERS = frozenset(
    {"TASK", "PART", "STORED", "END", "LAG", "ROWS/S", "COMMIT", "ERRORS", "LETTERS"}
)
NOTHING = "-"


def cells(row: Row) -> list[str]:
    """In the order of the titles."""
    rate = None if row.rate is None else f"{row.rate:.0f}"
    values = (
        row.connector, row.task, row.state, row.topic, row.partition, row.stored, row.end, row.lag,
        rate, _age(row.commit_age), row.errors, row.dead_letters, row.owner,
    )  # fmt: skip
    return [NOTHING if value is None else str(value) for value in values]


def _age(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    if seconds < 100:
        return f"{seconds:.1f}s"
    if seconds < 6_000:
        return f"{seconds / 60:.0f}m"
    return f"{seconds / 3600:.0f}h"
