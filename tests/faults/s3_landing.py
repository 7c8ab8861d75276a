"""A round's records in a bucket: a folder of its own, in one of two forms.

Owns the folder and the connector's keys for it. Must not know any fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.cargo import BAD_JSON, SECRET
from tests.faults.chains import Chains
from tests.faults.landing import Landing
from tests.faults.observer import S3Observer
from tests.faults.places import S3_PLACES
from tests.faults.servers import Servers
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY

ASKS_EVERY_SECONDS = 0.1
"""A question is a few requests, and rounds ask again and again."""

FORMS = (
    {"flush.size": "200"},
    {
        "flush.size": "50", "partitioner.class": "FieldPartitioner", "partition.field.name": "k",
        "s3.compression.type": "gzip",
    },
)  # fmt: skip
"""One file a commit, or one for each key."""


class S3Landing(Landing):
    tables = ("inserted",)
    different_keys = 4
    places = S3_PLACES
    in_a_hurry = {"flush.size": "2000"}
    at_every_poll = {"rotate.schedule.interval.ms": "1"}
    claims_apart = True
    bad = (BAD_JSON,)
    environment = {"S3_SECRET": SECRET_KEY, "PG_PASSWORD": SECRET}

    def __init__(self, servers: Servers, dice: Random) -> None:
        self.server, self.bucket = servers.seaweed(), servers.bucket
        self.url = f"{self.server.url}/{self.bucket}"
        self._form = dice.choice(FORMS)
        self._chains: dict[tuple[str, str], Chains] = {}
        self._asked_at = 0.0

    def keys(self, table: str, connector: str) -> dict[str, str]:
        return self._form | {
            "connector.class": "S3Sink",
            "store.url": self.server.url,
            "s3.bucket.name": self.bucket,
            "aws.access.key.id": ACCESS_KEY,
            "aws.secret.access.key": "${env:S3_SECRET}",
            "topics.dir": connector,
            "rotate.schedule.interval.ms": "300",
            "consumer.override.max.poll.records": "200",
        }

    def observer(self, connector: str, topic: str, table: str, file: Path) -> S3Observer:
        return S3Observer(self.url, connector, topic, file)

    def chains(self, connector: str, topic: str) -> Chains:
        where = connector, topic
        if where not in self._chains:
            self._chains[where] = Chains(self.url, *where)
        return self._chains[where]

    def stored(self, connector: str, topic: str) -> dict[int, int]:
        return self._of_newest(connector, topic, lambda entry: entry["next_offset"])

    def epochs(self, connector: str, topic: str) -> dict[int, int]:
        return self._of_newest(connector, topic, lambda entry: entry["epoch"])

    def owners(self, connector: str, topic: str) -> dict[int, int]:
        return self._of_newest(
            connector, topic, lambda entry: entry["owner"] and int(entry["owner"].split(":")[1])
        )

    def _of_newest(
        self, connector: str, topic: str, what: Callable[[Any], int | None]
    ) -> dict[int, int]:
        time.sleep(max(0.0, self._asked_at + ASKS_EVERY_SECONDS - time.monotonic()))
        self._asked_at = time.monotonic()
        newest = self.chains(connector, topic).newest()
        return {p: found for p, entry in newest.items() if (found := what(entry)) is not None}

    def passed(self, connector: str, topic: str) -> tuple[int, int, int]:
        chains = self.chains(connector, topic)
        counts = [entry["counts"] for p in chains.partitions() for entry in chains.entries(p)]
        errant, filtered, gaps = (
            sum(c[each] for c in counts) for each in ("errant", "filtered", "gaps")
        )
        return errant, filtered, gaps

    def close(self) -> None:
        for chains in self._chains.values():
            chains.close()
