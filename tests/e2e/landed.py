"""What landed in the table of alerts, asked with SQL of the test's own."""

from __future__ import annotations

from typing import NamedTuple

from tests.services.database import Database

CREATE = (
    "CREATE TABLE alerts (alert_id bigint, stage_id int, level text, message text, "
    "landed bigint GENERATED ALWAYS AS IDENTITY)"
)


class Landed(NamedTuple):
    """out_of_order: rows that stand before an earlier record of their partition."""

    rows: int
    missing: int
    duplicates: int
    out_of_order: int
    changed: int


def exactly(count: int) -> Landed:
    return Landed(count, 0, 0, 0, 0)


def landed(database: Database, produced: int, partitions: int) -> Landed:
    """Compare the table with alerts 0 to produced - 1, dealt to the partitions in turn."""
    rows, distinct = database.execute("SELECT count(*), count(DISTINCT alert_id) FROM alerts")[0]
    missing = database.one(
        "SELECT count(*) FROM generate_series(0, %s - 1) AS n "
        "WHERE NOT EXISTS (SELECT FROM alerts WHERE alert_id = n)",
        [produced],
    )
    out_of_order = database.one(
        "SELECT count(*) FROM (SELECT alert_id, lag(alert_id) OVER "
        "(PARTITION BY alert_id %% %s ORDER BY landed) AS before FROM alerts) AS a "
        "WHERE before >= alert_id",
        [partitions],
    )
    changed = database.one(
        "SELECT count(*) FROM alerts WHERE message <> format('stage %s reports a temperature out of "
        "its range, sequence %s, please look at the bearings and the coolant', "
        "stage_id, lpad(alert_id::text, 9, '0'))"
    )
    return Landed(rows, missing, rows - distinct, out_of_order, changed)
