"""Cast: fields, or the whole, as another type."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

from pydantic import AfterValidator

from sinkworker.api import ConfigModel, CsvList, DataError, Schema, SinkRecord
from sinkworker.transforms.casting import JSON_TYPES, Casting, casting
from sinkworker.transforms.lists import not_empty
from sinkworker.transforms.schemas import (
    Memo,
    a_struct,
    an_object,
    basics,
    default_of,
    defaults_of,
    fields_of,
    filled,
    is_optional,
    struct,
)
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed

WHOLE = None
Castings: TypeAlias = dict[str | None, Casting]


def _targets(spec: tuple[str, ...]) -> dict[str | None, str]:
    """Field → the type to cast it to; the whole has no name. ValueError when it cannot be read."""
    targets: dict[str | None, str] = {}
    for item in spec:
        *names, kind = (part.strip() for part in item.rstrip(":").split(":"))
        if len(names) > 1:
            raise ValueError(f"Invalid cast: {item}")
        if kind.lower() not in JSON_TYPES:
            raise ValueError(f"Invalid type found in casting spec: {kind}")
        targets[names[0] if names else WHOLE] = kind.lower()
    if WHOLE in targets and len(spec) > 1:
        raise ValueError("Who casts the whole may only specify a single type")
    return targets


def _readable(spec: tuple[str, ...]) -> tuple[str, ...]:
    _targets(spec)
    return spec


class CastConfig(ConfigModel):
    spec: Annotated[CsvList, AfterValidator(not_empty), AfterValidator(_readable)]
    """<field>:<type>,… or one type for the whole. Types are int8, int16, int32, int64, float32,
    float64, boolean and string. Integers too large for a type lose their upper bits, as in Java."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""


class Plan(NamedTuple):
    schema: Schema
    castings: Castings
    defaults: dict[str, Any]


class Cast(SidedTransform):
    """Null stays null. A field that there is not becomes null in an object without a schema."""

    config_class = CastConfig

    def __init__(self, config: CastConfig) -> None:
        super().__init__(config)
        self._targets = _targets(config.spec)
        self._schemaless = {name: casting(kind, None) for name, kind in self._targets.items()}
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._whole_plan if WHOLE in self._targets else self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if value is None:
            return schema, None
        if schema is None:
            if WHOLE in self._schemaless:
                return None, self._schemaless[WHOLE](value)
            return None, _cast_fields(dict(an_object(value, self.title)), self._schemaless)
        plan = self._plans.of(schema)
        if WHOLE in plan.castings:
            return plan.schema, plan.castings[WHOLE](value)
        value = filled(a_struct(schema, value, self.title), plan.defaults)
        return plan.schema, _cast_fields(value, plan.castings)

    def _plan(self, schema: Schema) -> Plan:
        if schema.get("type") != "struct" or schema.get("default") is not None:
            raise DataError(f"{self.title} needs a struct, and one without a default")
        castings: Castings = {
            field["field"]: casting(self._targets[field["field"]], field["type"])
            for field in fields_of(schema)
            if field["field"] in self._targets
        }
        fields = [self._field(field, castings) for field in fields_of(schema)]
        new_schema = {**struct(fields, schema), "optional": is_optional(schema)}
        return Plan(new_schema, castings, defaults_of(schema) if self._fills_nulls else {})

    def _field(self, field: Schema, castings: Castings) -> Schema:
        name = field["field"]
        if name not in castings:
            return field
        cast = {"type": JSON_TYPES[self._targets[name]], "optional": is_optional(field)}
        return {**cast, **_cast_default(field, castings[name]), "field": name}

    def _whole_plan(self, schema: Schema) -> Plan:
        """As in Kafka, the schema keeps its name, whatever it says of the type."""
        cast = casting(self._targets[WHOLE], schema["type"])
        kind = {"type": JSON_TYPES[self._targets[WHOLE]], "optional": is_optional(schema)}
        return Plan({**basics(schema), **kind, **_cast_default(schema, cast)}, {WHOLE: cast}, {})


class CastKey(OfKey, Cast):
    """Casts keys, or their fields."""


class CastValue(OfValue, Cast):
    """Casts values, or their fields."""


def _cast_fields(value: dict[Any, Any], castings: Castings) -> dict[str, Any]:
    for name, cast in castings.items():
        value[name] = cast(value.get(name))
    return value


def _cast_default(schema: Schema, cast: Casting) -> dict[str, Any]:
    default = default_of(schema)
    return {} if default is None else {"default": cast(default)}
