"""A field of a record's value, by its name in a configuration.

Owns what a dot means: a field of that very name, else a field within a field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sinkworker.api import DataError, SinkRecord


class Field:
    def __init__(self, name: str) -> None:
        self.name = name
        self._names = name.split(".")

    def of_all(self, records: Sequence[SinkRecord]) -> list[Any]:
        """None where a record lacks it. DataError when a value has no fields."""
        name = self.name
        try:
            return [record.value[name] for record in records]
        except (KeyError, TypeError):  # not all have it, or it lies deeper
            return [self._of(record.value) for record in records]

    def _of(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise DataError(f"it has no field {self.name}: its value is no object")
        if self.name in value:
            return value[self.name]
        for name in self._names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value
