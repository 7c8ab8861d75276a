"""Snapshots of table and offsets during a round: what a reader of the database could ever see.

Owns taking them. Whether they agree with the log, the checker says, when the log is known.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.cargo import ROW_HASH

EVERY_SECONDS = 0.1

OFFSETS = "SELECT topic, partition, next_offset FROM sinkworker_offsets WHERE connector = %s"


class Observer:
    """Takes REPEATABLE READ snapshots on a thread of its own until it is stopped.

    One JSON line a snapshot: offsets as [topic, partition, next_offset], rows as [p, count, last, hash].
    """

    def __init__(self, url: str, connector: str, table: str, file: Path) -> None:
        self._url, self._connector, self._file = url, connector, file
        self._rows = f"SELECT p, count(*), max(n), sum({ROW_HASH})::text FROM {table} GROUP BY p"
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

    def _watch(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._stopped.is_set()
            try:
                self._take_all()
                self.failure, is_last = None, True
            except psycopg.Error as error:  # the server is being broken at the moment
                self.failure = error
                self._stopped.wait(EVERY_SECONDS)
            except Exception as error:
                self.failure, is_last = error, True

    def _take_all(self) -> None:
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while True:
                is_last = self._stopped.is_set()
                self._note(self._take(connection))
                if is_last:
                    return
                self._stopped.wait(EVERY_SECONDS)

    def _take(self, connection: psycopg.Connection[Any]) -> dict[str, Any]:
        with connection.transaction():
            offsets = connection.execute(OFFSETS, [self._connector]).fetchall()
            rows = connection.execute(self._rows).fetchall()
        return {"offsets": offsets, "rows": rows}

    def _note(self, snapshot: dict[str, Any]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(snapshot) + "\n")
