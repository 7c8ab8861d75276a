"""TimestampConverter: moments as numbers, texts, dates, times or timestamps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, model_validator

from sinkworker.api import ConfigModel, DataError, Schema, SinkRecord
from sinkworker.transforms.date_format import DateFormat, date_format
from sinkworker.transforms.moments import (
    date_of,
    days_of,
    is_moment,
    microseconds_of,
    milliseconds_of,
    time_of,
    timestamp,
)
from sinkworker.transforms.schemas import (
    DATE,
    INT64,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_SCHEMA,
    Memo,
    a_struct,
    an_object,
    default_of,
    defaults_of,
    fields_of,
    filled,
    is_optional,
    kind_of,
    named,
    optional,
    struct,
)
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed

SCHEMAS: Mapping[str, Schema] = {
    "string": STRING,
    "unix": INT64,
    "Date": {"type": "int32", "optional": False, "name": DATE, "version": 1},
    "Time": {"type": "int32", "optional": False, "name": TIME, "version": 1},
    "Timestamp": TIMESTAMP_SCHEMA,
}
# How many units are a second.
PRECISIONS: Mapping[str, int] = {
    "seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9,
}  # fmt: skip


def _format(pattern: str) -> str:
    return date_format(pattern) if pattern.strip() else ""


class TimestampConverterConfig(ConfigModel):
    field: str = ""
    """The field; none for the whole."""
    target_type: Literal["string", "unix", "Date", "Time", "Timestamp"]
    """What it becomes."""
    format: Annotated[str, AfterValidator(_format)] = ""
    """How texts are written and read, in UTC: a pattern of Java's SimpleDateFormat."""
    unix_precision: Literal["seconds", "milliseconds", "microseconds", "nanoseconds"] = (
        "milliseconds"
    )
    """The unit of numbers, of those that are read and of those that are made."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""

    @model_validator(mode="after")
    def _can_write_texts(self) -> TimestampConverterConfig:
        if self.target_type == "string" and not self.format:
            raise ValueError("target.type=string needs a format")
        return self


class Plan(NamedTuple):
    """source: the field's schema; None where there is no such field."""

    schema: Schema
    source: Schema | None
    defaults: dict[str, Any]


class TimestampConverter(SidedTransform):
    """Null stays null."""

    config_class = TimestampConverterConfig

    def __init__(self, config: TimestampConverterConfig) -> None:
        super().__init__(config)
        self._field, self._target = config.field, config.target_type
        self._format = DateFormat(config.format) if config.format else None
        self._units = PRECISIONS[config.unix_precision]
        self._fills_nulls = config.replace_null_with_default
        self._makes: Callable[[int], Any] = {
            "string": self._text, "unix": self._number, "Date": date_of, "Time": time_of,
            "Timestamp": timestamp,
        }[config.target_type]  # fmt: skip
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if schema is not None:
            return self._with_schema(schema, value)
        if value is None or not self._field:
            return None, self._converted(value)
        changed = dict(an_object(value, self.title))
        changed[self._field] = self._converted(changed.get(self._field))
        return None, changed

    def _with_schema(self, schema: Schema, value: Any) -> Typed:
        if not self._field:
            new_schema = optional(SCHEMAS[self._target], is_optional=is_optional(schema))
            return new_schema, self._converted(value, _known_source(schema))
        plan = self._plans.of(schema)
        if value is None:
            return plan.schema, None
        changed = filled(a_struct(schema, value, self.title), plan.defaults)
        if plan.source is not None:
            source = _known_source(plan.source)
            changed[self._field] = self._converted(changed.get(self._field), source)
        return plan.schema, changed

    def _plan(self, schema: Schema) -> Plan:
        a_struct(schema, {}, self.title)
        fields, source = [], None
        for field in fields_of(schema):
            if field["field"] == self._field:
                source = field
                made = optional(SCHEMAS[self._target], is_optional=is_optional(field))
                fields.append(named(self._field, made))
            else:
                fields.append(field)
        rest = {"optional": is_optional(schema), **self._default(schema)}
        defaults = defaults_of(schema) if self._fills_nulls else {}
        return Plan({**struct(fields, schema), **rest}, source, defaults)

    def _default(self, schema: Schema) -> dict[str, Any]:
        """The struct's own default, with the field converted, as JSON."""
        given, default = schema.get("default"), default_of(schema)
        if default is None:
            return {}
        if default.get(self._field) is None:
            return {"default": given}
        field = next(each for each in fields_of(schema) if each["field"] == self._field)
        made = self._converted(default[self._field], _known_source(field))
        return {"default": {**schema["default"], self._field: _json(made)}}

    def _converted(self, value: Any, source: str | None = None) -> Any:
        return None if value is None else self._makes(self._microseconds(value, source))

    def _microseconds(self, value: Any, source: str | None) -> int:
        if type(value) is int and source in (None, "unix"):
            return _towards_zero(value * 10**6, self._units)
        if source != "string" and is_moment(value):
            return microseconds_of(value)
        if source in (None, "string") and type(value) is str:
            return self._read(value)
        raise DataError(f"{self.title} cannot read {kind_of(value)} as a moment")

    def _read(self, text: str) -> int:
        if self._format is None:
            raise DataError(f"{self.title} needs a format to read texts")
        return self._format.parse(text)

    def _text(self, microseconds: int) -> str:
        assert self._format is not None
        return self._format.format(microseconds)

    def _number(self, microseconds: int) -> int:
        return _towards_zero(microseconds * self._units, 10**6)


class TimestampConverterKey(OfKey, TimestampConverter):
    """Converts keys, or one of their fields."""


class TimestampConverterValue(OfValue, TimestampConverter):
    """Converts values, or one of their fields."""


def _known_source(schema: Schema) -> str:
    """What values of this schema are: a moment, a text in the format, or a number. DataError."""
    if schema.get("name") in (TIMESTAMP, DATE, TIME):
        return "moment"
    if schema.get("type") in ("string", "int64"):
        return "string" if schema["type"] == "string" else "unix"
    raise DataError(f"TimestampConverter: the type {schema.get('type')} is none of a moment")


def _towards_zero(number: int, divisor: int) -> int:
    """As Java divides."""
    return number // divisor if number >= 0 else -(-number // divisor)


def _json(value: Any) -> Any:
    """A moment as it stands in a schema."""
    if isinstance(value, time) or (is_moment(value) and hasattr(value, "hour")):
        return milliseconds_of(value)
    return days_of(value) if isinstance(value, date) else value
