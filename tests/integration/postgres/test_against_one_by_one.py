"""Random tables and logs: a batch makes of a table what its records make of it one by one."""

from __future__ import annotations

import pytest

from tests.integration.postgres.comparison import Comparison
from tests.integration.postgres.random_tables import SURROUNDINGS
from tests.services.database import Database

pytestmark = pytest.mark.postgres

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mode", ["insert", "ignore", "upsert"])
def test_a_batch_is_as_good_as_its_records_one_by_one(
    schema: Database, mode: str, seed: int
) -> None:
    schema.execute(SURROUNDINGS)
    Comparison(schema, mode, seed).run()
