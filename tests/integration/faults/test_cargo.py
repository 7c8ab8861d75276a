"""A record's hash is the same in Python and in SQL, or no snapshot would ever be judged rightly."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.cargo import ROW_HASH, Cargo, make
from tests.services.database import Database

pytestmark = pytest.mark.postgres

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
RECORDS = st.builds(Cargo, st.integers(0, 99), st.integers(-1, 2**40), TEXT, st.none() | TEXT)
QUERY = f"""
SELECT {ROW_HASH} FROM unnest(%s::int[], %s::bigint[], %s::text[], %s::text[])
  WITH ORDINALITY AS cargo (p, n, k, body, place) ORDER BY place
"""


def hashes(database: Database, records: list[Cargo]) -> list[int]:
    columns = [list(column) for column in zip(*(record[:4] for record in records), strict=True)]
    return [row[0] for row in database.execute(QUERY, columns)]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORDS, min_size=1, max_size=50))
def test_any_record_has_the_same_hash_in_sql(database: Database, records: list[Cargo]) -> None:
    assert hashes(database, records) == [record.hash() for record in records]


def test_what_rounds_send_has_the_same_hash_in_sql(database: Database) -> None:
    records = make(Random(1), 3, range(500), keys=20, tombstones=0.1)
    assert hashes(database, records) == [record.hash() for record in records]
    assert len(set(hashes(database, records))) == 500
