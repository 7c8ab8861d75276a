"""Snapshots of records and offsets during a round: what a reader could ever see.

Owns when they are taken. Whether they agree with the log, the checker says, when the log is known.
"""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from tests.faults.cargo import ROW_HASH, Cargo
from tests.faults.chains import Chains, unpacked

OFFSETS = "SELECT topic, partition, next_offset FROM sinkworker_offsets WHERE connector = %s"
STEPS = (
    "SELECT topic, partition, kind, from_offset, to_offset FROM sinkworker_ledger "
    "WHERE connector = %s AND kind <> 'commit' ORDER BY number"
)

Take = Callable[[], dict[str, Any]]


class Observer(ABC):
    """Takes snapshots on a thread of its own until it is stopped, one JSON line each."""

    every_seconds: ClassVar[float]
    outage: ClassVar[tuple[type[Exception], ...]]
    """What is raised while somebody breaks the server."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stopped = threading.Event()
        self.failure: Exception | None = None
        """Why the last snapshot could not be taken. After `stop` a round with one shows nothing."""
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> Observer:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    @abstractmethod
    def _taking(self) -> AbstractContextManager[Take]:
        """A connection, and how to take a snapshot by it."""

    def _watch(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._stopped.is_set()
            try:
                self._take_all()
                self.failure, is_last = None, True
            except self.outage as error:
                self.failure = error
                self._stopped.wait(self.every_seconds)
            except Exception as error:
                self.failure, is_last = error, True

    def _take_all(self) -> None:
        with self._taking() as take:
            while True:
                is_last = self._stopped.is_set()
                self._note(take())
                if is_last:
                    return
                self._stopped.wait(self.every_seconds)

    def _note(self, snapshot: dict[str, Any]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(snapshot) + "\n")


class PostgresObserver(Observer):
    """REPEATABLE READ: offsets as [topic, partition, next_offset], rows as [p, count, last, hash], and
    the ledger's steps but for commits."""

    every_seconds = 0.1
    outage = (psycopg.Error,)

    def __init__(self, url: str, connector: str, table: str, file: Path) -> None:
        super().__init__(file)
        self._url, self._connector = url, connector
        self._rows = f"SELECT p, count(*), max(n), sum({ROW_HASH})::text FROM {table} GROUP BY p"

    @contextmanager
    def _taking(self) -> Iterator[Take]:
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield lambda: self._take(connection)

    def _take(self, connection: psycopg.Connection[Any]) -> dict[str, Any]:
        with connection.transaction():
            offsets = connection.execute(OFFSETS, [self._connector]).fetchall()
            rows = connection.execute(self._rows).fetchall()
            steps = connection.execute(STEPS, [self._connector]).fetchall()
        return {"offsets": offsets, "rows": rows, "steps": steps}


class S3Observer(Observer):
    """Through the newest entry of each chain: [p, its number and id, next_offset, records, hash].

    Entries and files never change, so only new ones are read, as soon as they can be seen.
    """

    every_seconds = 0.3
    outage = (BotoCoreError, ClientError)

    def __init__(self, url: str, connector: str, topic: str, file: Path) -> None:
        super().__init__(file)
        self._where = url, connector, topic
        self._seen: dict[int, str] = {}
        self._rows: dict[int, list[Any]] = {}

    @contextmanager
    def _taking(self) -> Iterator[Take]:
        chains = Chains(*self._where)
        try:
            yield lambda: self._take(chains)
        finally:
            chains.close()

    def _take(self, chains: Chains) -> dict[str, Any]:
        for p in chains.partitions():
            for key in reversed(list(chains.keys(p, self._seen.get(p), at_once=20))):
                self._follow(chains, p, chains.entry(key))
                self._seen[p] = key
        return {"chains": list(self._rows.values())}

    def _follow(self, chains: Chains, p: int, entry: dict[str, Any]) -> None:
        records = [record for file in entry["files"] for record in _read(chains, file["key"])]
        *_, count, total = self._rows.get(p, (0, "0"))
        total = str(int(total) + sum(record.hash() for record in records))
        head = [p, entry["seq"], entry["id"], entry["next_offset"]]
        self._rows[p] = [*head, count + len(records), total]


def _read(chains: Chains, key: str) -> list[Cargo]:
    """What a file holds at the moment; nothing, if it is not there."""
    content = chains.get(key)
    return [] if content is None else unpacked(key, content)
