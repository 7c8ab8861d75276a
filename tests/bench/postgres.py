"""The Postgres cases: the worker, the loop by hand, and COPY alone, into tables of the same shape.

Owns the tables and how far each program is. Must not know what is measured, nor what results mean.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from connectors.postgres.queries import identifier, statement
from tests.bench.cases import POSTGRES, Case
from tests.bench.measuring import Program
from tests.services.database import Database

BATCH_SIZE = 5000
COLUMNS = "alert_id bigint{}, stage_id int, level text, message text"
OWN_TABLE, HAND = "alerts", "hand"


class Landing:
    """One database, emptied before each run."""

    def __init__(self, database: Database, home: Path, bootstrap: str) -> None:
        self._database, self._home, self._bootstrap = database, home, bootstrap
        self._number = 0
        query = statement("offsets", "create", offsets=identifier("sinkworker_offsets"))
        database.execute(query)  # type: ignore[arg-type]

    def make(self, table: str, *, is_keyed: bool) -> None:
        key = " PRIMARY KEY" if is_keyed else ""
        self._database.execute(f"DROP TABLE IF EXISTS {table}")
        self._database.execute(f"CREATE TABLE {table} ({COLUMNS.format(key)})")
        self._database.execute("CHECKPOINT")  # of what the run before wrote

    def rows(self, table: str) -> int:
        return int(self._database.one(f"SELECT count(*) FROM {table}"))

    def worker(
        self, topic: str, keys: Mapping[str, str], *, is_keyed: bool | None = None,
        name: str | None = None,
    ) -> Program:  # fmt: skip
        """A new connector that reads the topic into its table, which upserts give a primary key. One
        with a name has its ledger from before, and no offsets."""
        self.make(OWN_TABLE, is_keyed=is_keyed or keys.get("insert.mode") == "upsert")
        if name is not None:
            self._database.execute("DELETE FROM sinkworker_offsets WHERE connector = %s", (name,))
        self._number += 1
        return self._start(name or f"bench-{self._number}", topic, keys)

    def _start(self, name: str, topic: str, keys: Mapping[str, str]) -> Program:
        config = self._home / f"{name}.properties"
        told = {
            "name": name, "connector.class": "PostgresSink", "bootstrap.servers": self._bootstrap,
            "connection.url": self._database.url, "table.name.format": OWN_TABLE,
            "batch.size": str(BATCH_SIZE),
        } | keys  # fmt: skip
        if "topics.partitions" not in told:
            told["topics"] = topic
        config.write_text("".join(f"{key}={value}\n" for key, value in told.items()))
        command = [sys.executable, "-m", "sinkworker", "start", "--log-level", "error", str(config)]
        progress = (
            "SELECT coalesce(sum(next_offset), 0) FROM sinkworker_offsets "
            f"WHERE connector = '{name}'"
        )
        return Program(command, lambda: int(self._database.one(progress)))

    def by_hand(self, case: Case, topic: str, partitions: int, records: int) -> Program:
        self._make_hand(partitions, is_keyed="insert.mode" in POSTGRES[case.mode])
        arguments = [
            case.client, self._bootstrap, self._database.url, topic, str(partitions), str(records),
            case.mode, str(BATCH_SIZE), str(case.tasks),
        ]  # fmt: skip
        return self._hand("tests.bench.hand_written", arguments)

    def copy_alone(self, records: int, *, is_keyed: bool) -> Program:
        self._make_hand(1, is_keyed=is_keyed)
        arguments = [self._database.url, str(records), str(BATCH_SIZE)]
        return self._hand("tests.bench.copy_alone", arguments)

    def _make_hand(self, partitions: int, *, is_keyed: bool) -> None:
        self.make(HAND, is_keyed=is_keyed)
        self._database.execute("DROP TABLE IF EXISTS hand_offsets")
        self._database.execute(
            "CREATE TABLE hand_offsets AS SELECT n AS partition, 0::bigint AS next_offset "
            f"FROM generate_series(0, {partitions - 1}) AS n"
        )

    def _hand(self, module: str, arguments: list[str]) -> Program:
        progress = "SELECT sum(next_offset) FROM hand_offsets"
        return Program(
            [sys.executable, "-m", module, *arguments],
            lambda: int(self._database.one(progress)),
        )
