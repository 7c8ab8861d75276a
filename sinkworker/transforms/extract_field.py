"""ExtractField: one field in the place of the whole."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import field_validator, model_validator

from sinkworker.api import ConfigModel, DataError, Schema, SinkRecord
from sinkworker.transforms.field_path import Version, steps
from sinkworker.transforms.schemas import (
    Memo,
    a_struct,
    an_object,
    default_of,
    field_of,
    unnamed,
)
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed


class ExtractFieldConfig(ConfigModel):
    field: str
    """The field that is to stand for the whole."""
    field_syntax_version: Version = "V1"
    """V1: field is a name. V2: a path such as a.b, or `a.b`.c where a name has a dot."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""

    @field_validator("field_syntax_version", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _is_a_path(self) -> ExtractFieldConfig:
        steps(self.field, self.field_syntax_version)
        return self


class Plan(NamedTuple):
    """The schema of what is extracted, and the default of each step on the way to it."""

    schema: Schema
    defaults: tuple[Any, ...]


class ExtractField(SidedTransform):
    """Null stays null, and so does what is in a struct that is null."""

    config_class = ExtractFieldConfig

    def __init__(self, config: ExtractFieldConfig) -> None:
        super().__init__(config)
        self._path, self._steps = config.field, steps(config.field, config.field_syntax_version)
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if schema is None:
            for step in self._steps:
                value = an_object(value, self.title).get(step) if value is not None else None
            return None, value
        if value is not None:
            a_struct(schema, value, self.title)
        plan = self._plans.of(schema)
        for step, default in zip(self._steps, plan.defaults, strict=True):
            if value is None:
                break
            value = value.get(step)
            value = default if value is None else value
        return plan.schema, value

    def _plan(self, schema: Schema) -> Plan:
        defaults = []
        for step in self._steps:
            field = field_of(schema, step)
            if field is None:
                raise DataError(f"{self.title}: unknown field {self._path}")
            schema = unnamed(field)
            defaults.append(default_of(schema))
        if not self._fills_nulls:
            defaults[-1] = None
        return Plan(schema, tuple(defaults))


class ExtractFieldKey(OfKey, ExtractField):
    """Takes a field out of keys."""


class ExtractFieldValue(OfValue, ExtractField):
    """Takes a field out of values."""
