"""A round's records in Postgres: a database of its own.

Owns the database and the connector's keys for it. Must not know any fault.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.faults.cargo import BAD_JSON, BAD_ROW, SECRET
from tests.faults.landing import Landing
from tests.faults.observer import PostgresObserver
from tests.faults.places import PLACES
from tests.faults.servers import Servers
from tests.services.database import Database

KEYS = {
    "inserted": {"insert.mode": "insert"},
    "upserted": {
        "insert.mode": "upsert", "pk.mode": "record_key", "pk.fields": "k",
        "delete.enabled": "true", "key.converter": "StringConverter",
    },
}  # fmt: skip


class PostgresLanding(Landing):
    """own_server: one that the round may break."""

    tables = ("inserted", "upserted")
    different_keys = 200
    places = PLACES
    in_a_hurry = {"batch.size": "2000"}
    at_every_poll = {"batch.size": "1", "consumer.override.max.poll.records": "200"}
    claims_apart = False
    bad = (BAD_JSON, BAD_ROW)
    environment = {"PG_PASSWORD": SECRET}

    def __init__(self, servers: Servers, *, own_server: bool) -> None:
        self._servers = servers
        self.server = servers.own_postgres() if own_server else servers.postgres()
        self.name = servers.new_database(self.server)
        self.url = self.server.url(self.name)
        self.database = Database(self.url)

    def keys(self, table: str, connector: str) -> dict[str, str]:
        return KEYS[table] | {
            "connector.class": "PostgresSink",
            "connection.url": self.url,
            "connection.password": "${env:PG_PASSWORD}",
            "table.name.format": table,
            "batch.size": "200",
        }

    def url_at(self, port: int) -> str:
        """Through a proxy."""
        return self.url.replace(f":{self.server.port}/", f":{port}/")

    def observer(self, connector: str, topic: str, table: str, file: Path) -> PostgresObserver:
        return PostgresObserver(self.url, connector, table, file)

    def stored(self, connector: str, topic: str) -> dict[int, int]:
        return self._by_partition("next_offset", "next_offset", connector, topic)

    def epochs(self, connector: str, topic: str) -> dict[int, int]:
        return self._by_partition("epoch", "epoch", connector, topic)

    def owners(self, connector: str, topic: str) -> dict[int, int]:
        return self._by_partition("split_part(owner, ':', 2)::int", "owner", connector, topic)

    def _by_partition(self, what: str, known: str, *where: Any) -> dict[int, int]:
        rows = self.database.execute(
            f"SELECT partition, {what} FROM sinkworker_offsets "
            f"WHERE connector = %s AND topic = %s AND {known} IS NOT NULL", where,
        )  # fmt: skip
        return dict(rows)  # type: ignore[arg-type]

    def passed(self, connector: str, topic: str) -> tuple[int, int, int]:
        (sums,) = self.database.execute(
            "SELECT sum(errant), sum(filtered), sum(gaps) FROM sinkworker_offsets "
            "WHERE connector = %s AND topic = %s", [connector, topic],
        )  # fmt: skip
        return sums  # type: ignore[return-value]

    def close(self) -> None:
        self.database.close()
        self._servers.drop_database(self.server, self.name)
