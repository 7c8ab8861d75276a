"""MaskField: nothing, or a replacement, in the place of what a field contains."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from sinkworker.api import ConfigModel, CsvList, DataError, Schema, SinkRecord
from sinkworker.converters.envelope import EPOCH
from sinkworker.transforms.java_numbers import decimal, float32, wrapped
from sinkworker.transforms.lists import distinct, not_empty
from sinkworker.transforms.schemas import (
    Memo,
    a_struct,
    an_object,
    default_of,
    fields_of,
    filled,
    kind_of,
)
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed

NOTHING: Mapping[type, Any] = {
    bool: False, int: 0, float: 0.0, str: "", Decimal: Decimal(0), date: EPOCH.date(),
    time: time(), datetime: EPOCH,
}  # fmt: skip
INT64: Schema = {"type": "int64"}


class MaskFieldConfig(ConfigModel):
    fields: Annotated[CsvList, AfterValidator(not_empty), AfterValidator(distinct)]
    """The fields to mask."""
    replacement: str | None = Field(default=None, min_length=1)
    """What they get instead of 0, false, an empty text …; for numbers and texts only."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""


class MaskField(SidedTransform):
    """Null stays null in a masked field; the whole must not be null."""

    config_class = MaskFieldConfig

    def __init__(self, config: MaskFieldConfig) -> None:
        super().__init__(config)
        self._fields, self._replacement = config.fields, config.replacement
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if schema is None:
            masked = {**an_object(value, self.title)}
            for name in self._fields:
                masked[name] = self._masked(masked.get(name), INT64)
            return None, masked
        value = a_struct(schema, value, self.title)
        schemas, defaults = self._plans.of(schema)
        masked = filled(value, defaults)
        for name, its_schema in schemas.items():
            masked[name] = self._masked(masked.get(name), its_schema)
        return schema, masked

    def _plan(self, schema: Schema) -> tuple[dict[str, Schema], dict[str, Any]]:
        """The schemas of what is masked, and the defaults of all fields."""
        fields = {field["field"]: field for field in fields_of(schema)}
        defaults = {n: default_of(f) for n, f in fields.items()} if self._fills_nulls else {}
        return {name: fields[name] for name in self._fields if name in fields}, defaults

    def _masked(self, value: Any, schema: Schema) -> Any:
        if value is None:
            return None
        if self._replacement is not None:
            return self._replaced(value, schema, self._replacement)
        if schema["type"] in ("array", "map") or (schema is INT64 and type(value) in (list, dict)):
            return type(value)()
        if type(value) not in NOTHING:
            raise DataError(f"{self.title} cannot mask {kind_of(value)}")
        return NOTHING[type(value)]

    def _replaced(self, value: Any, schema: Schema, text: str) -> Any:
        if type(value) is str:
            return text
        if type(value) not in (int, float, Decimal):
            raise DataError(f"{self.title} cannot replace {kind_of(value)}; leave replacement out")
        number = decimal(text)
        if number is None:
            raise DataError(f"{self.title}: the replacement is no number, and a field is one")
        if type(value) is Decimal:
            return number
        if type(value) is int:
            return wrapped(int(number), schema["type"])
        return float32(float(number)) if schema["type"] in ("float", "float32") else float(number)


class MaskFieldKey(OfKey, MaskField):
    """Masks fields of keys."""


class MaskFieldValue(OfValue, MaskField):
    """Masks fields of values."""
