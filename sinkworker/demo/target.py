"""What the demo's worker may write to, and the choice between these.

Owns what a scenario needs to know of a store. Must not know scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sinkworker.demo.child import Child
from sinkworker.demo.landing import Landing
from sinkworker.demo.patience import Patience


class Flaw(NamedTuple):
    """What makes an alert one that cannot be written: this value of this field."""

    field: str
    value: Any
    words: str


class Target(Protocol):
    """One store. word: its name in the first lines. ended_by: the signal that its process obeys."""

    word: str
    flaw: Flaw
    child: Child
    ended_by: str

    @property
    def landing(self) -> Landing:
        """To be asked when the store has started."""

    def start(self, patience: Patience) -> None: ...

    def stop(self) -> None: ...

    def introduction(self) -> str:
        """Which one it is, and where."""

    def keys(self, batch_size: int) -> Mapping[str, str]:
        """Of the worker's file, with its name. batch_size: after how many records to commit."""

    def look(self, worker_file: Path) -> str:
        """The command that shows what has landed."""


def target(sink: str, home: Path) -> Target:
    """Not started yet. Each has packages of its own, and only those are needed."""
    if sink == "s3":
        from sinkworker.demo.s3 import S3

        return S3(home)
    from sinkworker.demo.postgres import Postgres

    return Postgres(home)
