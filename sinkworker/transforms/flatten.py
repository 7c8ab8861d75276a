"""Flatten: the fields of nested structs and objects, all on one level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sinkworker.api import ConfigModel, DataError, Schema, SinkRecord
from sinkworker.transforms.schemas import (
    Memo,
    a_struct,
    an_object,
    default_of,
    fields_of,
    is_optional,
    struct,
)
from sinkworker.transforms.sides import OfKey, OfValue, SidedTransform, Typed


class FlattenConfig(ConfigModel):
    delimiter: str = "."
    """What stands between the names of an outer and an inner field."""


class Leaf(NamedTuple):
    """A field that is none of a nested struct. path: its names; defaults: one for each of them."""

    name: str
    path: tuple[str, ...]
    defaults: tuple[Any, ...]
    schema: Schema


class Flatten(SidedTransform):
    """Arrays stay as they are. A field in an optional struct is optional, too."""

    config_class = FlattenConfig

    def __init__(self, config: FlattenConfig) -> None:
        super().__init__(config)
        self._delimiter = config.delimiter
        self._plans = Memo(self._plan)

    def change(self, schema: Schema | None, value: Any, record: SinkRecord) -> Typed:
        if value is None:
            return schema, None
        if schema is None:
            return None, dict(self._flat(an_object(value, self.title), ""))
        value = a_struct(schema, value, self.title)
        new_schema, leaves = self._plans.of(schema)
        return new_schema, {leaf.name: _found(value, leaf) for leaf in leaves}

    def _flat(self, value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
        for name, each in value.items():
            if isinstance(each, dict):
                yield from self._flat(each, self._name(prefix, name))
            else:
                yield self._name(prefix, name), each

    def _plan(self, schema: Schema) -> tuple[Schema, list[Leaf]]:
        root = Leaf("", (), (), schema)
        leaves = list(self._leaves(root, schema.get("default"), optional=is_optional(schema)))
        return struct((leaf.schema for leaf in leaves), schema), leaves

    def _leaves(self, parent: Leaf, default: Any, *, optional: bool) -> Iterator[Leaf]:
        """default: the parent's, as JSON; its fields count where a field has none of its own."""
        for field in fields_of(parent.schema):
            name = self._name(parent.name, field["field"])
            own = field.get("default")
            if own is None and default is not None:
                own = default.get(field["field"])
            leaf = Leaf(name, (*parent.path, field["field"]),
                        (*parent.defaults, default_of(field)), field)  # fmt: skip
            may_be_null = optional or is_optional(field)
            if field["type"] == "struct":
                yield from self._leaves(leaf, own, optional=may_be_null)
            elif field["type"] == "map":
                raise DataError(f"{self.title} does not support maps with a schema ({name})")
            else:
                yield leaf._replace(schema=_leaf_schema(field, name, own, optional=may_be_null))

    def _name(self, prefix: str, name: str) -> str:
        return prefix + self._delimiter + name if prefix else name


class FlattenKey(OfKey, Flatten):
    """Flattens keys."""


class FlattenValue(OfValue, Flatten):
    """Flattens values."""


def _leaf_schema(field: Schema, name: str, default: Any, *, optional: bool) -> Schema:
    without = {key: value for key, value in field.items() if key != "default"}
    given = {} if default is None else {"default": default}
    return {**without, "field": name, "optional": optional, **given}


def _found(value: Any, leaf: Leaf) -> Any:
    for name, default in zip(leaf.path, leaf.defaults, strict=True):
        if value is None:
            return None
        value = value.get(name)
        value = default if value is None else value
    return value
