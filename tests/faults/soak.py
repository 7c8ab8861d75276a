"""One worker through a whole long run: a steady stream, and now and then a lost connection.

Owns its memory's course. What it wrote is judged like any round.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random

from tests.faults.campaign import Round
from tests.faults.proxy import PostgresProxy
from tests.faults.rig import Outcome, Rig
from tests.faults.servers import Servers

RECORDS_A_SECOND = 300
LOOK_EVERY_SECONDS = 5
CUT_EVERY_SECONDS = 30

SOAK = Round("soak", "one worker, a steady stream, lost connections", lambda rig: None)


class Soak:
    """Runs beside rounds, on the shared servers, from `start` to `end`."""

    def __init__(self, servers: Servers, seed: int, home: Path) -> None:
        self._rig = Rig(servers, Random(f"{seed}/soak"), home)
        self._proxy = PostgresProxy(self._rig.postgres_server.port)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure: Exception | None = None
        self.memory: list[tuple[float, int]] = []
        """(seconds since the start, resident bytes)."""

    def start(self) -> Soak:
        self._proxy.start()
        self._rig.load(1_000, partitions=4, table="upserted", keys=500)
        config = self._rig.config(postgres_port=self._proxy.port, batch__size="2000")
        self._worker = self._rig.worker(config).start()
        self._thread.start()
        return self

    def _run(self) -> None:
        try:
            self._stream()
        except Exception as error:
            self._failure = error

    def _stream(self) -> None:
        began = time.monotonic()
        cut = began
        while not self._stopped.wait(LOOK_EVERY_SECONDS):
            self._rig.send(RECORDS_A_SECOND * LOOK_EVERY_SECONDS, keys=500)
            self.memory.append((time.monotonic() - began, self._worker.memory()))
            if time.monotonic() - cut > CUT_EVERY_SECONDS:
                self._cut()
                cut = time.monotonic()

    def _cut(self) -> None:
        before = len(self._proxy.fired)
        self._proxy.reset()
        if len(self._proxy.fired) > before:
            self._rig.struck("reset of its connections to Postgres")

    def end(self) -> Outcome:
        """Let it read to the end, and judge."""
        self._stopped.set()
        self._thread.join()
        try:
            if self._failure is not None:
                raise AssertionError("the stream broke off") from self._failure
            self._rig.finish(self._worker, seconds=120)
        finally:
            self._proxy.close()
            self._rig.close()
        return self._rig.outcome

    def growth(self, warm_up: float) -> tuple[int, int]:
        """Resident bytes after `warm_up` seconds and at the end: medians of ten looks."""
        warm = [size for at, size in self.memory if at >= warm_up] or [s for _, s in self.memory]
        return _median(warm[:10]), _median(warm[-10:])


def _median(sizes: list[int]) -> int:
    return sorted(sizes)[len(sizes) // 2] if sizes else 0
