"""SetSchemaMetadata: another name or version for a schema."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from sinkworker.api import ConfigModel, DataError, Schema, SinkRecord
from sinkworker.transforms.schemas import Memo, defaults_of, filled
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed


class SetSchemaMetadataConfig(ConfigModel):
    schema_name: str | None = None
    """The schema's new name."""
    schema_version: int | None = Field(default=None, ge=-(2**31), le=2**31 - 1)
    """The schema's new version."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""

    @model_validator(mode="after")
    def _sets_something(self) -> SetSchemaMetadataConfig:
        if self.schema_name is None and self.schema_version is None:
            raise ValueError("Neither schema name nor version configured")
        return self


class SetSchemaMetadata(SidedTransform):
    """Leaves the value as it is. As in Kafka, only schemas of structs can be changed."""

    config_class = SetSchemaMetadataConfig

    def __init__(self, config: SetSchemaMetadataConfig) -> None:
        super().__init__(config)
        given = {"name": config.schema_name, "version": config.schema_version}
        self._new = {key: value for key, value in given.items() if value is not None}
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if schema is None:
            if value is None:
                return None, None
            raise DataError(f"{self.title} needs a schema")
        new_schema, defaults = self._plans.of(schema)
        return new_schema, filled(value, defaults) if defaults and value is not None else value

    def _plan(self, schema: Schema) -> tuple[Schema, dict[str, Any]]:
        if schema.get("type") != "struct":
            raise DataError(f"{self.title} needs a struct, not the type {schema.get('type')}")
        return {**schema, **self._new}, defaults_of(schema) if self._fills_nulls else {}


class SetSchemaMetadataKey(OfKey, SetSchemaMetadata):
    """Renames schemas of keys."""


class SetSchemaMetadataValue(OfValue, SetSchemaMetadata):
    """Renames schemas of values."""
