"""What a fault is: when it strikes, what it then does, and the proof that it did.

Owns triggers and the record of firings. Knows neither sockets nor a protocol: it is handed the
pieces that a protocol's reader has recognised.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

Then = Literal["cut", "reset", "blackhole", "hold"]
Where = Literal["request", "answer"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one direction. Without a kind they are of no interest to any trigger."""

    data: bytes
    kind: str = ""
    note: str = ""
    key: object = None


class Reader(Protocol):
    """Cuts one direction of a connection into pieces, whatever the reads were."""

    def feed(self, data: bytes) -> Iterable[Piece]: ...


class Raw:
    """Of a protocol that nobody looks at."""

    def feed(self, data: bytes) -> Iterable[Piece]:
        return (Piece(data),)


@dataclass
class Fired:
    """One fault that happened, and to what.

    bytes: what a lasting fault (delay, throttle …) has affected so far, and it grows; of a trigger,
    what of the message had passed.
    """

    name: str
    connection: int
    what: str
    bytes: int = 0
    at: float = field(default_factory=time.monotonic)


class Firings:
    """All of a proxy's, in order; for several threads."""

    def __init__(self) -> None:
        self.all: list[Fired] = []
        self.hook: Callable[[Fired], object] | None = None
        self._added = threading.Condition()

    def add(self, fired: Fired) -> Fired:
        with self._added:
            self.all.append(fired)
            self._added.notify_all()
        if self.hook is not None:
            self.hook(fired)
        return fired

    def wait(self, name: str, seconds: float, count: int) -> Fired:
        """The `count`th of that name. AssertionError after `seconds`."""

        def named() -> list[Fired]:
            return [fired for fired in self.all if fired.name == name]

        with self._added:
            if not self._added.wait_for(lambda: len(named()) >= count, seconds):
                raise AssertionError(
                    f"fault {name} fired {len(named())} of {count} times in {seconds:g} s; "
                    f"fired: {self.all}"
                )
            return named()[count - 1]


class Trigger:
    """Strikes once: at the n-th request that matches since it was armed, or at its answer."""

    def __init__(
        self,
        name: str,
        then: Then,
        matches: Callable[[Piece], bool],
        where: Where = "request",
        nth: int = 1,
        answers: Callable[[Piece, Piece], bool] = lambda request, answer: False,
    ) -> None:
        self.name, self.then, self.where = name, then, where
        self._matches, self._answers, self._left = matches, answers, nth
        self._asked: tuple[int, Piece] | None = None
        self.fired: Fired | None = None
        self._struck = threading.Event()
        self.go_on: Callable[[Then | None], object] = lambda then: None

    def strikes(self, connection: int, piece: Piece) -> int | None:
        """How many of the piece's bytes still pass before it strikes; None if it does not."""
        if self._asked is not None:
            asked_on, request = self._asked
            return 0 if asked_on == connection and self._answers(request, piece) else None
        if not self._matches(piece):
            return None
        self._left -= 1
        if self._left:
            return None
        if self.where == "request":
            return 0
        self._asked = (connection, piece)
        return None

    def describe(self, piece: Piece) -> str:
        return piece.note

    def strike(self, fired: Fired, go_on: Callable[[Then | None], object]) -> None:
        self.fired, self.go_on = fired, go_on
        self._struck.set()

    @property
    def has_fired(self) -> bool:
        return self._struck.is_set()

    def wait(self, seconds: float = 20) -> Fired:
        """Until it has struck. AssertionError after `seconds`."""
        assert self._struck.wait(seconds), f"fault {self.name} did not fire in {seconds:g} s"
        assert self.fired is not None
        return self.fired

    def release(self, then: Then | None = None) -> None:
        """Let go what is held; with `then`, lose it in that way instead."""
        self.go_on(then)


class AtByte(Trigger):
    """Strikes in the middle of a piece: at the n-th byte of its kind since it was armed."""

    def __init__(self, name: str, then: Then, kind: str, byte: int) -> None:
        super().__init__(name, then, lambda piece: piece.kind == kind)
        self._byte = self._bytes_left = byte

    def describe(self, piece: Piece) -> str:
        return f"byte {self._byte} of {piece.note}"

    def strikes(self, connection: int, piece: Piece) -> int | None:
        if not self._matches(piece):
            return None
        passing = self._bytes_left
        self._bytes_left -= len(piece.data)
        return passing if self._bytes_left <= 0 else None
