"""Rounds of orders: what an operator may tell a worker at any moment, under load, some with a kill -9.

Owns the orders and their proofs. Only what was provably carried out counts, and what was asked to be
written again, or to be left out, is all that may be there twice, or not at all.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.faults.campaign import Round
from tests.faults.operator import RUNNING, Operator, State
from tests.faults.rig import Rig

MEASURE = "operator's orders"

ORDERS_A_ROUND = 15
WITH_KILL = 0.2
FAR = 400
"""The farthest that offsets are shifted."""

ANY: Collection[State] = ("RUNNING", "PAUSED", "STOPPED")
REFUSE_ALL = "ALTER TABLE inserted ADD CONSTRAINT refused CHECK (false) NOT VALID"
ACCEPT_ALL = "ALTER TABLE inserted DROP CONSTRAINT refused"


def rounds(count: int) -> list[Round]:
    return [Round(MEASURE, "orders under load", give_orders)] * count


def give_orders(rig: Rig) -> None:
    operator = Operator(rig)
    operator.start()
    Create(operator).give()
    operator.settled()
    for _ in range(ORDERS_A_ROUND):
        time.sleep(rig.dice.uniform(0, 0.3))
        operator.replenish()
        allowed = [kind for kind in ORDERS if operator.state in kind.states]
        _carry_out(operator, rig.dice.choice(allowed)(operator))
    if operator.state != "RUNNING":
        Resume(operator).carry_out()
    operator.stop()
    rig.finish()


def _carry_out(operator: Operator, order: Order) -> None:
    assert operator.rig.backlog() > 0, f"{order}: the worker had nothing left to do"
    killed = order.may_be_killed and operator.rig.dice.random() < WITH_KILL
    (order.carry_out_killed if killed else order.carry_out)()
    operator.rig.struck(f"{order}{', kill -9' if killed else ''}")


class Order(ABC):
    """Made when it is about to be given. states: in which it may be; then: the state after it."""

    states: ClassVar[Collection[State]] = (RUNNING,)
    then: ClassVar[State | None] = None
    may_be_killed: ClassVar[bool] = True

    def __init__(self, operator: Operator) -> None:
        self._operator, self._rig = operator, operator.rig
        self._epochs = self._rig.epochs()

    def __str__(self) -> str:
        return type(self).__name__.lower()

    def carry_out(self) -> None:
        self.give()
        self._prove()

    def carry_out_killed(self) -> None:
        """Whether it was heard before the worker's end shows what its heir remembers."""
        before = self._operator.state
        self._operator.killed_while(self.give)
        remembered = (self._operator.status() or ["nothing"])[0]
        assert remembered in {before, self.then or before}, f"{before}, {self}: now {remembered}"
        if not self._was_heard():
            self.give()
        self._prove()

    @abstractmethod
    def give(self) -> None: ...

    def _was_heard(self) -> bool:
        """If nobody can tell, it is given again, which must change nothing."""
        return False

    def _prove(self) -> None:
        self._operator.state = self.then or self._operator.state
        self._operator.settled()


class Pause(Order):
    then = "PAUSED"

    def give(self) -> None:
        self._operator.order("PUT", "/pause", code=202)


class Resume(Order):
    states, then = ("PAUSED", "STOPPED"), "RUNNING"

    def give(self) -> None:
        self._operator.order("PUT", "/resume", code=202)


class Stop(Order):
    states, then = ("RUNNING", "PAUSED"), "STOPPED"

    def give(self) -> None:
        self._operator.order("PUT", "/stop", code=204)


class Restart(Order):
    def give(self) -> None:
        path = "/restart?includeTasks=true&onlyFailed=false"
        self._operator.order("POST", path, code=202)

    def _prove(self) -> None:
        self._operator.claims_anew(self._epochs)
        super()._prove()


class RestartFailed(Order):
    """Its table takes no row for a while: then the task has failed, and only this order helps."""

    may_be_killed = False

    def __str__(self) -> str:
        return "restart what failed"

    def carry_out(self) -> None:
        self._rig.database.execute(REFUSE_ALL)
        self._operator.wait_state("RUNNING", "FAILED")
        self._rig.database.execute(ACCEPT_ALL)
        super().carry_out()

    def give(self) -> None:
        path = "/restart?includeTasks=true&onlyFailed=true"
        self._operator.order("POST", path, code=202)


class Create(Order):
    then = "RUNNING"

    def give(self) -> None:
        content = {"name": self._rig.connector, "config": self._operator.keys}
        reply = self._operator.ask("POST", "/connectors", content)
        assert reply.status == 201, reply


class Recreate(Create):
    """Deleted, in whatever state it is, and created or applied again."""

    states, may_be_killed = ANY, False

    def give(self) -> None:
        self._operator.order("DELETE", "", code=204)
        assert self._operator.status() == []
        self._operator.has_ended()
        if self._rig.dice.random() < 0.5:
            super().give()
        else:
            self._operator.order("PUT", "/config", self._operator.keys, code=201)

    def _prove(self) -> None:
        self._operator.claims_anew(self._epochs)
        super()._prove()


class Move(Order):
    """To an offset that chance chooses, in whatever state the connector is."""

    states = ANY

    def __init__(self, operator: Operator) -> None:
        super().__init__(operator)
        self._since = operator.newest("alter")
        self._to = self._choice()
        self._answer: list[tuple[int, int | None]] | None = None

    def __str__(self) -> str:
        what = "reset" if self._to == "reset" else f"to {next(iter(self._to))}"
        return f"{what}, {self._operator.state.lower()}"

    def _choice(self) -> Any:
        """Offsets that were reset cannot be shifted; what was never passed cannot be gone back over."""
        dice, stored = self._rig.dice, self._rig.stored()
        moment = datetime.fromtimestamp(dice.choice(self._operator.moments), UTC)
        choices: list[Any] = ["reset", {"datetime": moment.isoformat().replace("+00:00", "Z")}]
        if len(stored) == self._rig.partitions:
            most = min(FAR, *stored.values())
            choices += [{"shift": dice.randint(1, FAR)}]
            choices += [{"shift": -dice.randint(1, most)}] if most else []
        return dice.choice(choices)

    def give(self) -> None:
        path = f"/sinkworker/v1/connectors/{self._rig.connector}/offsets"
        reply = self._operator.ask("POST", path, {"to": self._to})
        if reply.status == 409 and "Try again" in reply.content["message"]:  # claimed just then
            reply = self._operator.ask("POST", path, {"to": self._to})
        assert reply.status == 200, reply
        moves = reply.content["moves"]
        self._answer = [(each["partition"]["kafka_partition"], each["new"]) for each in moves]

    def _was_heard(self) -> bool:
        return bool(self._operator.altered(self._since))

    def _prove(self) -> None:
        """The ledger has what was answered. Who runs goes on from there, others stay there."""
        altered = self._operator.altered(self._since)
        assert len(altered) == self._rig.partitions, altered
        assert self._answer in (None, altered), f"answered {self._answer}, altered {altered}"
        assert self._rig.asked is not None
        self._rig.asked += altered
        self._operator.settled(since=self._operator.newest("alter"))


ORDERS: list[type[Order]] = [
    *[Pause] * 2, *[Resume] * 3, Stop, Restart, RestartFailed, Recreate, *[Move] * 3
]  # fmt: skip
"""What was paused and is read on from where it stood shows most; a move is of four kinds."""
