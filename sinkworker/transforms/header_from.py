"""HeaderFrom: fields copied or moved into headers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from sinkworker.api import ConfigModel, CsvList, DataError, Schema, SinkRecord
from sinkworker.transforms.lists import not_empty
from sinkworker.transforms.schemas import (
    Memo,
    a_struct,
    an_object,
    defaults_of,
    field_of,
    fields_of,
    filled,
    struct,
)
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed


class HeaderFromConfig(ConfigModel):
    fields: Annotated[CsvList, AfterValidator(not_empty)]
    """The fields."""
    headers: Annotated[CsvList, AfterValidator(not_empty)]
    """The headers that they become, in the same order."""
    operation: Literal["move", "copy"]
    """move: the fields are removed. copy: they stay."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""

    @model_validator(mode="after")
    def _one_header_each(self) -> HeaderFromConfig:
        if len(self.fields) != len(self.headers):
            raise ValueError("fields and headers must have the same number of elements")
        return self


class HeaderFrom(SidedTransform):
    """Adds headers behind those that there are. Headers have no schema here: values only."""

    config_class = HeaderFromConfig

    def __init__(self, config: HeaderFromConfig) -> None:
        super().__init__(config)
        self._pairs = tuple(zip(config.fields, config.headers, strict=True))
        self._fields, self._moves = frozenset(config.fields), config.operation == "move"
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        defaults: dict[str, Any] = {}
        if schema is None:
            value = an_object(value, self.title)
        else:
            value = a_struct(schema, value, self.title)
            schema, defaults = self._plans.of(schema)
        source = filled(value, defaults) if defaults else value
        headers = [(header, source.get(field)) for field, header in self._pairs]
        record.headers = [*record.headers, *headers]
        if self._moves:
            value = {name: each for name, each in source.items() if name not in self._fields}
        return schema, value

    def _plan(self, schema: Schema) -> tuple[Schema, dict[str, Any]]:
        missing = [name for name, _ in self._pairs if field_of(schema, name) is None]
        if missing:
            raise DataError(f"{self.title}: there is no field {missing[0]}")
        defaults = defaults_of(schema) if self._fills_nulls else {}
        if not self._moves:
            return schema, defaults
        stay = (field for field in fields_of(schema) if field["field"] not in self._fields)
        return struct(stay, schema), defaults


class HeaderFromKey(OfKey, HeaderFrom):
    """Makes headers of fields of keys."""


class HeaderFromValue(OfValue, HeaderFrom):
    """Makes headers of fields of values."""
