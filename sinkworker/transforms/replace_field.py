"""ReplaceField: fields left out, kept or renamed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

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

# Of objects without a schema: which fields they have. As many as a table's plans.
MOST_SHAPES = 1000

Names: TypeAlias = list[tuple[str, str]]
"""Old and new."""


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
        self._names_of = lru_cache(MOST_SHAPES)(self._names)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if value is None:
            return schema, None
        if schema is None:
            names = self._names_of(tuple(an_object(value, self.title)))
            return None, {new: value[old] for old, new in names}
        value = a_struct(schema, value, self.title)
        new_schema, names, defaults = self._plans.of(schema)
        changed = {new: value.get(old) for old, new in names}
        for name, default in defaults.items():
            if changed[name] is None:
                changed[name] = default
        return new_schema, changed

    def _keeps(self, name: str) -> bool:
        return name not in self._exclude and (not self._include or name in self._include)

    def _names(self, olds: Sequence[str]) -> Names:
        return [(old, self._renames.get(old, old)) for old in olds if self._keeps(old)]

    def _plan(self, schema: Schema) -> tuple[Schema, Names, dict[str, Any]]:
        """The new schema, (old name, new name) of its fields, and defaults by their new names."""
        kept = [field for field in fields_of(schema) if self._keeps(field["field"])]
        names = self._names([field["field"] for field in kept])
        new_schema = struct(
            [named(new, field) for (_, new), field in zip(names, kept, strict=True)], schema
        )
        return new_schema, names, defaults_of(new_schema) if self._fills_nulls else {}


class ReplaceFieldKey(OfKey, ReplaceField):
    """Leaves out and renames fields of keys."""


class ReplaceFieldValue(OfValue, ReplaceField):
    """Leaves out and renames fields of values."""
