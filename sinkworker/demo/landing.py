"""What landed in the store, and whether it is what was produced.

Owns the proof's counts. Everything that the demo says of rows and stored offsets comes from a landing,
which asks the store in a way of its own; nothing is the worker's word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from sinkworker.demo.topics import Place, Produced


class Proof(NamedTuple):
    """unknown: rows that nobody produced. out_of_order: rows after a later one of their partition."""

    produced: int
    rows: int
    missing: int
    duplicates: int
    unknown: int
    out_of_order: int

    @property
    def holds(self) -> bool:
        return self == Proof(self.produced, self.produced, 0, 0, 0, 0)


class Landing(Protocol):
    """One store, looked at from outside."""

    def note(self, produced: Sequence[Produced]) -> None:
        """What the proof will expect."""

    def rows(self) -> Mapping[str, int]:
        """By topic."""

    def numbers(self, topic: str) -> Sequence[int]:
        """Of all its rows."""

    def stored(self) -> Mapping[Place, int]:
        """The stored offset, the next to read, of every partition."""

    def workers_are_gone(self) -> bool:
        """Whether the store has noticed: until then a killed worker's last commit may still land."""

    def prove(self) -> Proof: ...
