"""Rounds side by side: which there are, from which seed each comes, and what became of it.

Owns numbers, seeds and the order. A round's faults are in the modules of its measure.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.landing import Kind
from tests.faults.rig import Outcome, Play, Rig
from tests.faults.servers import Servers

CLIENTS = ("kafka-python", "confluent")
SIDE_BY_SIDE = 3
"""Rounds mostly wait, so two cores carry three."""


@dataclass(frozen=True)
class Round:
    """measure: which line of the report it counts for. own_*: it breaks a server.

    lands_in: the store of its records.
    """

    measure: str
    name: str
    play: Play
    own_kafka: bool = False
    own_postgres: bool = False
    lands_in: Kind = "postgres"


@dataclass
class Result:
    """error: why it failed, or why it does not count; None when all is well."""

    number: int
    round: Round
    seed: int
    client: str = CLIENTS[0]
    seconds: float = 0
    outcome: Outcome = field(default_factory=Outcome)
    error: str | None = None

    @property
    def replay(self) -> str:
        round_ = f"--seed {self.seed} --round {self.number}"
        return f"pytest -m faults {round_} --kafka-client {self.client}"


class Campaign:
    """Plays rounds on common servers. Round r of a seed is always the same one.

    client: what workers read with; None: each client in turn, and each round with both.
    """

    def __init__(
        self, rounds: Sequence[Round], servers: Servers, home: Path, seed: int,
        client: str | None = None,
    ) -> None:  # fmt: skip
        self._rounds, self._servers, self._home, self._seed = rounds, servers, home, seed
        self._client = client
        self._kafka, self._postgres = threading.Lock(), threading.Lock()
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE)

    def submit(self, number: int) -> Future[Result]:
        return self._pool.submit(self.play, number)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def play(self, number: int, source: Path | None = None) -> Result:
        """source: a folder with the code to run instead of this one."""
        played = self._rounds[number % len(self._rounds)]
        client = self._client or self._client_of(number)
        result, began = Result(number, played, self._seed, client), time.monotonic()
        with self._servers_of(played):
            try:
                self._play(result, source)
                result.error = flaw(result.outcome)
            except Exception:
                result.error = traceback.format_exc()
        result.seconds = time.monotonic() - began
        return result

    def _client_of(self, number: int) -> str:
        """With the next seed, and each time through, a round has the other one."""
        return CLIENTS[(self._seed + number + number // len(self._rounds)) % len(CLIENTS)]

    def _servers_of(self, played: Round) -> ExitStack:
        """Rounds that break a server have it for themselves."""
        stack = ExitStack()
        if played.own_kafka:
            stack.enter_context(self._kafka)
        if played.own_postgres:
            stack.enter_context(self._postgres)
        return stack

    def _play(self, result: Result, source: Path | None) -> None:
        """What is known when a round breaks off is in its result too."""
        played, number = result.round, result.number
        dice = Random(f"{self._seed}/{number}/{played.name}")
        home = self._home / f"round-{number}-{time.monotonic_ns()}"
        rig = Rig(self._servers, dice, home, own_kafka=played.own_kafka,
                  own_postgres=played.own_postgres, source=source, lands_in=played.lands_in,
                  client=result.client)  # fmt: skip
        result.outcome = rig.outcome
        try:
            played.play(rig)
        finally:
            rig.close()


def flaw(outcome: Outcome) -> str | None:
    """Why a round that came to its end does not count."""
    if outcome.anomalies:
        return f"anomalies {outcome.anomalies}:\n" + "\n".join(outcome.shown)
    if not outcome.faults:
        return "no fault has struck: this round shows nothing"
    if not outcome.records:
        return "nothing was compared: the round never came to its verdict"
    if not outcome.snapshots:
        return "no snapshot was taken: nobody watched this round"
    return None
