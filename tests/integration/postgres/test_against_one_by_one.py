"""Random tables and logs: a batch makes of a table what its records make of it one by one."""

from __future__ import annotations

import pytest

from tests.integration.postgres.comparison import comparison
from tests.integration.postgres.scenarios import Scenario
from tests.services.database import Database

pytestmark = pytest.mark.postgres

BATCHES = 4


def compare(schema: Database, scenario: Scenario) -> None:
    with comparison(schema, scenario) as pair:
        for _ in range(BATCHES):
            pair.write_and_compare()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mode", ["insert", "ignore", "upsert"])
def test_a_batch_is_as_good_as_its_records_one_by_one(
    schema: Database, mode: str, seed: int
) -> None:
    compare(schema, Scenario(mode, seed))


@pytest.mark.parametrize("seed", range(12, 30))
def test_a_batch_in_parts_is_as_good_as_its_records_one_by_one(
    schema: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("connectors.postgres.caution.LEAST_PART", 3)
    monkeypatch.setattr("connectors.postgres.caution.LEAST_CAUTIOUS_PART", 2)
    compare(schema, Scenario("insert", seed))


@pytest.mark.parametrize("seed", range(30, 54))
def test_a_batch_that_is_tried_as_new_rows_is_as_good_as_its_records_one_by_one(
    schema: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("connectors.postgres.new_rows.FEWEST", 2)
    monkeypatch.setattr("connectors.postgres.novelty.FIRST_PAUSE", 1)
    monkeypatch.setattr("connectors.postgres.novelty.LONGEST_PAUSE", 1)
    compare(schema, Scenario("upsert", seed))
