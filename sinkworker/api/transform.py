"""Value → value, and condition.

Owns the contracts of transforms and predicates. They are named in `transforms` and `predicates`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from sinkworker.api.config import ConfigModel
from sinkworker.api.record import SinkRecord


class Transform(ABC):
    """Changes, renames or drops records. Called from the task's thread for every record."""

    config_class: ClassVar[type[ConfigModel]] = ConfigModel

    def __init__(self, config: ConfigModel) -> None:
        self.config = config

    @abstractmethod
    def apply(self, record: SinkRecord) -> SinkRecord | None:
        """The record to go on with (the same object, changed, is fine), or None to filter it.

        Raises DataError, or any other exception, when this record can never be transformed.
        """


class Predicate(ABC):
    """Says whether a transform applies to a record."""

    config_class: ClassVar[type[ConfigModel]] = ConfigModel

    def __init__(self, config: ConfigModel) -> None:
        self.config = config

    @abstractmethod
    def test(self, record: SinkRecord) -> bool: ...
