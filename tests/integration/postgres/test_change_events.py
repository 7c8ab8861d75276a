"""configs/with-smt.properties: a table of another database, followed by Debezium, in Postgres."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sinkworker.api import TopicPartition
from sinkworker.configuration import configure
from sinkworker.properties import read_file
from sinkworker.testing import Harness
from tests.services.database import Database
from tests.unit.transforms.golden.forms import a, maybe, struct

pytestmark = pytest.mark.postgres

FILE = Path(__file__).parents[3] / "configs" / "with-smt.properties"
SOURCE = TopicPartition("shop.public.orders", 0)
KEY = struct({"id": a("int32")}, name="shop.public.orders.Key")
ROW = struct({"id": a("int32"), "state": maybe("string")}, name="shop.public.orders.Value")
ENVELOPE = struct(
    {"before": {**ROW, "optional": True}, "after": {**ROW, "optional": True}, "op": a("string")},
    name="shop.public.orders.Envelope",
)


@pytest.fixture
def harness(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Harness:
    monkeypatch.setenv("PG_PASSWORD", "x")
    lines = [each for each in FILE.read_text().splitlines() if not each.startswith("connection.")]
    file = tmp_path / "with-smt.properties"
    file.write_text("\n".join([*lines, f"connection.url={database.url}"]))
    found = configure(read_file(file))
    return Harness(found.connector, topics=[SOURCE.topic], conversion=found.conversion)


def send(harness: Harness, op: str, before: Any, after: Any, tombstone: bool = False) -> None:
    row_id = (after or before)["id"]
    key = json.dumps({"schema": KEY, "payload": {"id": row_id}}).encode()
    payload = {"before": before, "after": after, "op": op}
    event = json.dumps({"schema": ENVELOPE, "payload": payload}).encode()
    harness.broker.produce(SOURCE, event, key)
    if tombstone:
        harness.broker.produce(SOURCE, None, key)


def rows(database: Database) -> list[tuple[Any, ...]]:
    return database.execute("SELECT id, state FROM orders ORDER BY id")


def test_inserts_updates_and_deletes_of_debezium_are_followed(
    harness: Harness, database: Database
) -> None:
    send(harness, "c", None, {"id": 1, "state": "new"})
    send(harness, "c", None, {"id": 2, "state": "new"})
    send(harness, "u", {"id": 1, "state": "new"}, {"id": 1, "state": "paid"})
    worker = harness.start()
    harness.run()
    assert rows(database) == [(1, "paid"), (2, "new")]
    send(harness, "d", {"id": 2, "state": "new"}, None, tombstone=True)
    send(harness, "c", None, {"id": 3, "state": "new"})
    send(harness, "d", {"id": 3, "state": "new"}, None, tombstone=True)
    harness.crash(worker)
    harness.start()
    harness.run()
    assert rows(database) == [(1, "paid")]
    (changed_at,) = database.execute("SELECT changed_at FROM orders")[0]
    assert changed_at is not None
    stored = "SELECT topic, next_offset FROM sinkworker_offsets"
    assert database.execute(stored) == [(SOURCE.topic, 8)]
