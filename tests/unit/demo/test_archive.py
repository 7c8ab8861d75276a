"""The proof of what landed in S3: it holds for every record once and in order, and for nothing else."""

from __future__ import annotations

import pytest

from sinkworker.demo.archive import Row, proof
from sinkworker.demo.landing import Proof
from sinkworker.demo.topics import Produced

PRODUCED = [Produced("alerts", number, number % 2, number // 2) for number in range(6)]
ROWS = [Row("alerts", number, "a" if number < 4 else "b") for number in (0, 2, 1, 3, 4, 5)]


def test_every_record_once_and_in_the_order_of_its_folder_is_what_should_be() -> None:
    found = proof(PRODUCED, ROWS)
    assert found == Proof(6, 6, 0, 0, 0, 0)
    assert found.holds


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ROWS[:-1], Proof(6, 5, 1, 0, 0, 0)),
        ([*ROWS, ROWS[-1]], Proof(6, 7, 0, 1, 0, 1)),
        ([*ROWS, Row("alerts", 9, "b")], Proof(6, 7, 0, 0, 1, 0)),
        ([ROWS[1], ROWS[0], *ROWS[2:]], Proof(6, 6, 0, 0, 0, 1)),
    ],
    ids=["missing", "twice", "never produced", "out of order"],
)
def test_a_record_that_is_not_as_it_should_be_is_counted(rows: list[Row], expected: Proof) -> None:
    found = proof(PRODUCED, rows)
    assert found == expected
    assert not found.holds
