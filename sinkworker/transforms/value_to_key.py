"""ValueToKey: a new key of fields of the value."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from sinkworker.api import ConfigModel, CsvList, DataError, Schema, SinkRecord, Transform
from sinkworker.transforms.lists import distinct, not_empty
from sinkworker.transforms.schemas import (
    Memo,
    a_struct,
    an_object,
    defaults_of,
    field_of,
    filled,
    struct,
)

TITLE = "ValueToKey"


class ValueToKeyConfig(ConfigModel):
    fields: Annotated[CsvList, AfterValidator(not_empty), AfterValidator(distinct)]
    """Fields of the value, in the order that they have in the key."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""


class ValueToKey(Transform):
    """The value stays as it is."""

    config_class = ValueToKeyConfig

    def __init__(self, config: ValueToKeyConfig) -> None:
        super().__init__(config)
        self._fields = config.fields
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        schema, defaults = record.value_schema, None
        if schema is None:
            value = an_object(record.value, TITLE)
            record.key_schema = None
        else:
            value = a_struct(schema, record.value, TITLE)
            record.key_schema, defaults = self._plans.of(schema)
        key = {name: value.get(name) for name in self._fields}
        record.key = filled(key, defaults) if defaults else key
        return record

    def _plan(self, schema: Schema) -> tuple[Schema, dict[str, Any]]:
        fields = [field_of(schema, name) for name in self._fields]
        missing = [n for n, field in zip(self._fields, fields, strict=True) if field is None]
        if missing:
            raise DataError(f"{TITLE}: the value has no field {missing[0]}")
        key_schema = struct(field for field in fields if field is not None)
        return key_schema, defaults_of(key_schema) if self._fills_nulls else {}
