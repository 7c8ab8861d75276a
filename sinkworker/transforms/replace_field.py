"""ReplaceField: fields left out, kept or renamed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from sinkworker.api import ConfigModel, CsvList, Schema, SinkRecord
from sinkworker.transforms.lists import distinct, pair, pairs
from sinkworker.transforms.schemas import (
    Memo,
    a_struct,
    an_object,
    defaults_of,
    fields_of,
    named,
    struct,
)  # fmt: skip
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed


class ReplaceFieldConfig(ConfigModel):
    exclude: Annotated[CsvList, AfterValidator(distinct)] = ()
    """Fields to leave out; counts before include."""
    include: Annotated[CsvList, AfterValidator(distinct)] = ()
    """If given, only these fields are kept."""
    renames: Annotated[CsvList, AfterValidator(pairs)] = ()
    """Fields with new names: <old>:<new>,…"""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default. (Kafka's default is true.)"""


class ReplaceField(SidedTransform):
    """Leaves fields out, and renames others."""

    config_class = ReplaceFieldConfig

    def __init__(self, config: ReplaceFieldConfig) -> None:
        super().__init__(config)
        self._exclude, self._include = frozenset(config.exclude), frozenset(config.include)
        self._renames = dict(map(pair, config.renames))
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if value is None:
            return schema, None
        if schema is None:
            renames = self._renames
            fields = an_object(value, self.title).items()
            return None, {renames.get(k, k): v for k, v in fields if self._keeps(k)}
        value = a_struct(schema, value, self.title)
        new_schema, names, defaults = self._plans.of(schema)
        changed = {new: value.get(old) for old, new in names}
        for name, default in defaults.items():
            if changed[name] is None:
                changed[name] = default
        return new_schema, changed

    def _keeps(self, name: str) -> bool:
        return name not in self._exclude and (not self._include or name in self._include)

    def _plan(self, schema: Schema) -> tuple[Schema, list[tuple[str, str]], dict[str, Any]]:
        """The new schema, (old name, new name) of its fields, and defaults by their new names."""
        kept = [field for field in fields_of(schema) if self._keeps(field["field"])]
        olds: list[str] = [field["field"] for field in kept]
        news = [self._renames.get(old, old) for old in olds]
        fields = map(named, news, kept)
        new_schema = struct(fields, schema)
        names = list(zip(olds, news, strict=True))
        return new_schema, names, defaults_of(new_schema) if self._fills_nulls else {}


class ReplaceFieldKey(OfKey, ReplaceField):
    """Leaves out and renames fields of keys."""


class ReplaceFieldValue(OfValue, ReplaceField):
    """Leaves out and renames fields of values."""
