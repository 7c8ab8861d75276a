"""Which records have the same key: never two that Postgres tells apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from connectors.postgres.batch import Batch
from connectors.postgres.keys import keys_of
from connectors.postgres.tables import Column, Table

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def keys(exact: str, *values: Any) -> tuple[list[int], bool]:
    """For every value the index of the first one with the same key; and whether that is final."""
    table = Table("alerts", {"id": Column("id", "any", "plain", True, False, exact)})
    found = keys_of(Batch(values=[{"id": value} for value in values]), ("id",), table)
    return [found.of.index(each) for each in found.of], found.are_exact


@pytest.mark.parametrize(
    ("exact", "values", "first", "is_final"),
    [
        ("int", (1, 2, 1), [0, 1, 0], True),
        ("str", ("a", "A", "a"), [0, 1, 0], True),
        ("int", (1, True, 1.0, "1"), [0, 1, 2, 3], False),
        ("str", ("1", 1, "1"), [0, 1, 0], False),
        ("", ("a", "A", "a"), [0, 1, 0], False),
        ("", (0.0, -0.0), [0, 1], False),
        ("", (Decimal("1.5"), Decimal("1.50")), [0, 1], False),
        ("", (NOON, NOON.astimezone(timezone(timedelta(hours=1)))), [0, 1], False),
        ("", (10**5000, 10**5000), [0, 0], False),
        ("", (b"a", "a", b"a"), [0, 1, 0], False),
    ],
)
def test_keys_are_equal_only_if_they_reach_postgres_as_the_same_text(
    exact: str, values: tuple[Any, ...], first: list[int], *, is_final: bool
) -> None:
    assert keys(exact, *values) == (first, is_final)


def test_keys_of_several_columns_are_final_when_all_their_columns_are() -> None:
    columns = {
        name: Column(name, "any", "plain", True, False, exact)
        for name, exact in {"a": "int", "b": "str", "c": ""}.items()
    }
    batch = Batch(values=[{"a": 1, "b": "x", "c": 1}, {"a": 1, "b": "x", "c": "1"}])
    assert keys_of(batch, ("a", "b"), Table("t", columns)) == ([(1, "x"), (1, "x")], True)
    assert not keys_of(batch, ("a", "c"), Table("t", columns)).are_exact
