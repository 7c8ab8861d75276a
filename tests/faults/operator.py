"""An operator: a worker without files, its connector by REST, and what shows that an order was obeyed.

Owns asking, killing and starting anew, and the proofs. Must not know in which order orders come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from threading import Thread
from typing import Any, Literal

from tests.faults.rig import Rig
from tests.services.process import wait_until
from tests.unit.rest.scene import Client, Reply

State = Literal["RUNNING", "PAUSED", "STOPPED"]
RUNNING: State = "RUNNING"

REST = 0.05
SLOWLY: Mapping[str, Any] = {"batch__size": "300", "consumer__override__max__poll__records": "60"}
"""With a rest after each poll: whenever an order comes, some records wait for the next flush."""
BACKLOG = 600
"""So much is left to read in each partition, at least, whenever an order is given."""
STILL_SECONDS = 0.3
NEWEST = "SELECT coalesce(max(number), 0) FROM sinkworker_ledger WHERE connector = %s AND kind = %s"
COMMITTED = """
SELECT count(DISTINCT partition) FROM sinkworker_ledger
WHERE connector = %s AND kind = 'commit' AND number > %s
"""
ALTERED = """
SELECT partition, to_offset FROM sinkworker_ledger
WHERE connector = %s AND kind = 'alter' AND number > %s ORDER BY number
"""


class Operator:
    """One connector of one worker. state: what it is to be in."""

    def __init__(self, rig: Rig) -> None:
        self.moments = [time.time()]
        """Each before records were sent."""
        rig.load(4 * BACKLOG)
        rig.asked = []
        self.rig, self.state = rig, RUNNING
        self._worker = rig.worker(None, rig.landing.places["put.after"].failpoint("sleep", 0, REST))
        self._starts = 0
        self._settings = rig.home / "worker.properties"
        self._settings.write_text(
            f"bootstrap.servers={rig.kafka_server.bootstrap}\nlisteners=http://127.0.0.1:0\n"
        )
        lines = rig.config(**SLOWLY).read_text().splitlines()
        self.keys = dict(line.split("=", 1) for line in lines)

    # the worker

    def start(self) -> None:
        self._starts += 1
        self._worker.start("--worker-config", str(self._settings))
        self._worker.wait_for("REST on ", times=self._starts)
        self._client = Client(self._worker.rest_port())
        wait_until(lambda: self.ask("GET", "/connectors").status == 200, 30, "REST to answer")

    def stop(self) -> None:
        assert self._worker.stop() == 0, self._worker.log()[-3000:]

    def killed_while(self, give: Callable[[], object]) -> None:
        """kill -9 while an order is on its way; then a new process, which remembers what it should."""
        asking = Thread(target=_unheard, args=(give,))
        asking.start()
        time.sleep(self.rig.dice.uniform(0, 0.05))
        self._worker.kill()
        asking.join()
        self.start()

    # asking

    def ask(self, method: str, path: str, content: Any = None) -> Reply:
        return self._client.ask(method, path, content)

    def order(self, method: str, path: str, content: Any = None, *, code: int) -> Any:
        """Of this connector. The answer, which has this code."""
        reply = self.ask(method, f"/connectors/{self.rig.connector}{path}", content)
        assert reply.status == code, f"{method} {path}: {reply.status} {reply.content}"
        return reply.content

    def status(self) -> list[str]:
        """The states of the connector and its tasks; nothing when there is none."""
        reply = self.ask("GET", f"/connectors/{self.rig.connector}/status")
        if reply.status != 200:
            return []
        tasks = [task["state"] for task in reply.content["tasks"]]
        return [reply.content["connector"]["state"], *tasks]

    # what shows that it was obeyed

    def wait_state(self, *states: str) -> None:
        try:
            wait_until(lambda: self.status() == list(states), 30, f"the connector to be {states}")
        except AssertionError as error:
            log = self._worker.log()[-3000:]
            raise AssertionError(f"{error}; it is {self.status()}\n{log}") from None

    def settled(self, since: int | None = None) -> None:
        """It is in its state, and does what that means, since now or since a row of the ledger."""
        self.wait_state(self.state, *([] if self.state == "STOPPED" else [self.state]))
        if self.state == "RUNNING":
            self.goes_on(since)
        elif self.state == "PAUSED":
            self.stands_still()
        else:
            self.has_ended()

    def has_ended(self) -> None:
        """Its tasks have left the group, and their last flush is behind them."""
        rig = self.rig
        group = f"connect-{rig.connector}"
        wait_until(lambda: not rig.kafka.members(group), 30, f"nobody in {group}")
        self.stands_still()

    def stands_still(self) -> None:
        before = self.rig.stored()
        time.sleep(STILL_SECONDS)
        now = self.rig.stored()
        assert now == before, f"{self.state}, and its offsets move: {before}, {now}"

    def goes_on(self, since: int | None = None) -> None:
        """Every partition is committed once more, from now on or from a row of the ledger on."""
        rig = self.rig
        newest = self.newest("commit") if since is None else since
        self.replenish()

        def has_committed() -> bool:
            return bool(rig.database.one(COMMITTED, [rig.connector, newest]) == rig.partitions)

        try:
            wait_until(has_committed, 30, "commits of all partitions")
        except AssertionError as error:
            log = self._worker.log()[-3000:]
            raise AssertionError(f"{error}; {rig.stored()} {self.status()}\n{log}") from None

    def claims_anew(self, epochs: Mapping[int, int]) -> None:
        def has_claimed() -> bool:
            now = self.rig.epochs()
            return all(now[p] > epoch for p, epoch in epochs.items())

        wait_until(has_claimed, 30, "all partitions to be claimed anew")

    def newest(self, kind: str) -> int:
        """The number of the ledger's last row of this kind."""
        number: int = self.rig.database.one(NEWEST, [self.rig.connector, kind])
        return number

    def altered(self, since: int) -> Sequence[tuple[int, int | None]]:
        """Partitions and offsets of the ledger's rows behind this one."""
        rows = self.rig.database.execute(ALTERED, [self.rig.connector, since])
        return [(p, offset) for p, offset in rows]

    # the backlog

    def replenish(self) -> None:
        """Every partition has something to read."""
        rig = self.rig
        ends, stored = rig.kafka.ends(rig.topic), rig.stored()
        short = [p for p, end in ends.items() if end - stored.get(p, 0) < BACKLOG]
        if short:
            self.moments.append(time.time())
            rig.send(BACKLOG * len(short), partitions=short)


def _unheard(give: Callable[[], object]) -> None:
    """Its answer may never come."""
    with suppress(OSError, HTTPException, AssertionError):
        give()
