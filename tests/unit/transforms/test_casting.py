"""Cast at the limits of Java's integers."""

from __future__ import annotations

import pytest

from sinkworker.transforms.casting import casting

# https://docs.oracle.com/javase/specs/jls/se17/html/jls-4.html#jls-4.2.1
LIMITS = {"int8": 127, "int16": 32_767, "int32": 2_147_483_647, "int64": 9_223_372_036_854_775_807}


@pytest.mark.parametrize(("kind", "limit"), LIMITS.items())
def test_what_an_integer_cannot_hold_loses_its_upper_bits(kind: str, limit: int) -> None:
    cast = casting(kind, None)
    assert [cast(number) for number in (limit, limit + 1)] == [limit, -limit - 1]
    assert [cast(number) for number in (-limit - 1, -limit - 2)] == [-limit - 1, limit]
    assert [cast(number) for number in (0, -1, 2 * limit + 2, 2 * limit + 1)] == [0, -1, 0, -1]


@pytest.mark.parametrize("kind", LIMITS)
def test_a_boolean_becomes_a_number_and_null_stays_null(kind: str) -> None:
    cast = casting(kind, None)
    assert [(value, type(value)) for value in map(cast, (True, False, None))] == [
        (1, int), (0, int), (None, type(None)),
    ]  # fmt: skip
