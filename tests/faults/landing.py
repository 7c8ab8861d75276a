"""Where a round's records land: what a rig, its lanes and the judge have to know of it.

Owns that there is nothing else that they know. Must not know any store.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from tests.faults.observer import Observer
from tests.faults.places import Place

Kind = Literal["postgres", "s3"]


class Landing(ABC):
    """One round's part of a store. url: for the judge."""

    tables: ClassVar[Sequence[str]]
    """What may become of records: each is one more, or takes the place of an older one."""
    different_keys: ClassVar[int]
    places: ClassVar[Mapping[str, Place]]
    in_a_hurry: ClassVar[Mapping[str, str]]
    """Keys of a connector that flushes seldom."""
    at_every_poll: ClassVar[Mapping[str, str]]
    """And of one that flushes after each poll of 200 records."""
    claims_apart: ClassVar[bool]
    """Whether each partition is claimed by itself."""
    bad: ClassVar[Sequence[str]]
    """In which ways a record may be bad."""
    environment: ClassVar[Mapping[str, str]]
    """What a worker's secrets are read from."""
    url: str

    @abstractmethod
    def keys(self, table: str, connector: str) -> dict[str, str]:
        """Of the connector's file. It flushes as often as it can."""

    @abstractmethod
    def observer(self, connector: str, topic: str, table: str, file: Path) -> Observer: ...

    @abstractmethod
    def stored(self, connector: str, topic: str) -> dict[int, int]:
        """The next offset of each partition that has one."""

    @abstractmethod
    def epochs(self, connector: str, topic: str) -> dict[int, int]: ...

    @abstractmethod
    def owners(self, connector: str, topic: str) -> dict[int, int]:
        """The process that claimed each partition last."""

    @abstractmethod
    def passed(self, connector: str, topic: str) -> tuple[int, int, int]:
        """How many offsets are stored without a record: errant, filtered, gaps."""

    @abstractmethod
    def close(self) -> None:
        """Give back everything."""
