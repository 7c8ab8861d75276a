"""Which half of a record a transform changes: `$Key` or `$Value`.

Owns taking that half out of a record and putting the result back. Must not know what changes.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any, TypeAlias

from sinkworker.api import Schema, SinkRecord, Transform

Typed: TypeAlias = tuple[Schema | None, Any]


class SidedTransform(Transform):
    """A transform of keys or of values. What it is given stays as it is; what is new is returned."""

    @abstractmethod
    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        """The new schema and value of this side."""

    @cached_property
    def title(self) -> str:
        """Its name as users write it, for messages: `InsertField$Value`."""
        name = type(self).__name__
        return f"{name[:-3]}$Key" if name.endswith("Key") else f"{name.removesuffix('Value')}$Value"


class OfKey(SidedTransform):
    """Changes keys."""

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        record.key_schema, record.key = self.change(record.key_schema, record.key, record)
        return record


class OfValue(SidedTransform):
    """Changes values."""

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        record.value_schema, record.value = self.change(record.value_schema, record.value, record)
        return record
