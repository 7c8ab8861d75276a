"""InsertField: fields from the record's coordinates, or with a fixed value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import model_validator

from sinkworker.api import ConfigModel, Schema, SinkRecord
from sinkworker.converters.envelope import EPOCH
from sinkworker.transforms.schemas import (
    INT32,
    INT64,
    STRING,
    TIMESTAMP_SCHEMA,
    Memo,
    a_struct,
    an_object,
    defaults_of,
    fields_of,
    filled,
    named,
    optional,
    struct,
)  # fmt: skip
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed


class InsertFieldConfig(ConfigModel):
    topic_field: str | None = None
    """The field for the topic. A name may end with ! (required) or ? (optional, as without)."""
    partition_field: str | None = None
    """The field for the partition."""
    offset_field: str | None = None
    """The field for the offset."""
    timestamp_field: str | None = None
    """The field for the record's timestamp: a Timestamp in a schema, milliseconds without."""
    static_field: str | None = None
    """The field for static.value."""
    static_value: str | None = None
    """The text that static.field gets."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""

    @model_validator(mode="after")
    def _inserts_something(self) -> InsertFieldConfig:
        names = (self.topic_field, self.partition_field, self.offset_field, self.timestamp_field)
        if not any(name is not None for name in (*names, self.static_field)):
            raise ValueError("No field insertion configured")
        if self.static_field is not None and self.static_value is None:
            raise ValueError("static.field needs a static.value")
        return self


class Insertion(NamedTuple):
    """One field. read: its value; typed: its value where there is a schema."""

    name: str
    schema: Schema
    read: Callable[[SinkRecord], Any]
    typed: Callable[[SinkRecord], Any]


class InsertField(SidedTransform):
    """Adds fields, or sets them where there is no schema."""

    config_class = InsertFieldConfig

    def __init__(self, config: InsertFieldConfig) -> None:
        super().__init__(config)
        self._insertions = list(_insertions(config))
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if value is None:
            return schema, None
        if schema is None:
            changed = dict(an_object(value, self.title))
            for name, _, read, _ in self._insertions:
                if (inserted := read(record)) is not None:
                    changed[name] = inserted
            return None, changed
        value = a_struct(schema, value, self.title)
        new_schema, defaults = self._plans.of(schema)
        changed = filled(value, defaults)
        for name, _, _, read in self._insertions:
            changed[name] = read(record)
        return new_schema, changed

    def _plan(self, schema: Schema) -> tuple[Schema, dict[str, Any]]:
        inserted = (named(each.name, each.schema) for each in self._insertions)
        defaults = defaults_of(schema) if self._fills_nulls else {}
        return struct([*fields_of(schema), *inserted], schema), defaults


class InsertFieldKey(OfKey, InsertField):
    """Adds fields to keys."""


class InsertFieldValue(OfValue, InsertField):
    """Adds fields to values."""


def _insertions(config: InsertFieldConfig) -> Iterator[Insertion]:
    text = config.static_value
    for spec, schema, read, typed in (
        (config.topic_field, STRING, lambda record: record.topic, None),
        (config.partition_field, INT32, lambda record: record.partition, None),
        (config.offset_field, INT64, lambda record: record.offset, None),
        (config.timestamp_field, TIMESTAMP_SCHEMA, lambda record: record.timestamp, _timestamp),
        (config.static_field, STRING, lambda _: text, None),
    ):
        if spec is not None:
            name = spec[:-1] if spec.endswith(("!", "?")) else spec
            is_optional = not spec.endswith("!")
            yield Insertion(name, optional(schema, is_optional=is_optional), read, typed or read)


def _timestamp(record: SinkRecord) -> datetime | None:
    if record.timestamp is None:
        return None
    return EPOCH + timedelta(milliseconds=record.timestamp)
