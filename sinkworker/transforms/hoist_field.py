"""HoistField: the whole as the only field of a new struct or object."""

from __future__ import annotations

from typing import Any

from sinkworker.api import ConfigModel, Schema, SinkRecord
from sinkworker.transforms.schemas import Memo, named, struct
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed


class HoistFieldConfig(ConfigModel):
    field: str
    """The name of the only field."""


class HoistField(SidedTransform):
    """Wraps whatever there is; null, too."""

    config_class = HoistFieldConfig

    def __init__(self, config: HoistFieldConfig) -> None:
        super().__init__(config)
        self._field = name = config.field
        self._schemas = Memo(lambda schema: struct([named(name, schema)]))

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        return None if schema is None else self._schemas.of(schema), {self._field: value}


class HoistFieldKey(OfKey, HoistField):
    """Wraps keys."""


class HoistFieldValue(OfValue, HoistField):
    """Wraps values."""
