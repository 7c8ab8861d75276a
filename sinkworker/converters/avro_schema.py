"""Avro's schemas → Kafka Connect's, and how data of each is read.

Owns what an Avro type is in Connect, which is what Confluent's AvroData makes of it, and times of
microseconds, which there are numbers. Must not know where schemas come from.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sinkworker.api import DataError, Schema
from sinkworker.converters import avro_binary as binary
from sinkworker.converters import avro_logical
from sinkworker.converters.avro_binary import Read

CONFLUENT = "io.confluent.connect.avro."
UNION, ENUM = CONFLUENT + "Union", CONFLUENT + "Enum"
MAP_ENTRY = CONFLUENT + "MapEntry"
UNNAMED = CONFLUENT + "ConnectDefault"

PRIMITIVES: Mapping[str, tuple[str, Read]] = {
    "boolean": ("boolean", binary.boolean),
    "int": ("int32", binary.integer),
    "long": ("int64", binary.long),
    "float": ("float", binary.single),
    "double": ("double", binary.double),
    "bytes": ("bytes", binary.blob),
    "string": ("string", binary.text),
}

Default = Callable[[Any], Any]


class AvroType(NamedTuple):
    """schema: Connect's. read: its data. default: the JSON of one in Avro → in Connect's schema."""

    schema: Schema
    read: Read
    default: Default


def as_is(default: Any) -> Any:
    return default


def base64_of(default: str) -> str:
    """Avro writes bytes as the characters of the same numbers."""
    return base64.b64encode(default.encode("latin-1")).decode()


class AvroTypes:
    """The types of one schema and of those that it refers to."""

    def __init__(self, *, full_names: bool) -> None:
        """full_names: whether branches of unions are called by their names with their namespaces."""
        self._full_names = full_names
        self._named: dict[str, AvroType] = {}

    def type(self, avro: Any, namespace: str = "") -> AvroType:
        """The type of a schema, parsed from JSON. DataError when it is none."""
        if isinstance(avro, list):
            return self._union(avro, namespace)
        if isinstance(avro, str):
            return self._simple({"type": avro}, namespace)
        if not isinstance(avro, dict) or "type" not in avro:
            raise DataError("a type in it is neither a name nor an object nor a list")
        made = _COMPOSITE.get(avro["type"]) if isinstance(avro["type"], str) else None
        if made is not None:
            return made(self, avro, namespace)
        if isinstance(avro["type"], str):
            return self._simple(avro, namespace)
        return self.type(avro["type"], namespace)

    def _simple(self, avro: Mapping[str, Any], namespace: str) -> AvroType:
        name = avro["type"]
        if name in PRIMITIVES:
            return _primitive(avro)
        for full in (_full_name(name, namespace), name):
            if full in self._named:
                return self._named[full]
        if name == "null":
            raise DataError("a null that is no branch of a union has no type in Connect")
        raise DataError(f"there is no type {name}")

    def _union(self, avro: Sequence[Any], namespace: str) -> AvroType:
        found = [
            None if each in ("null", {"type": "null"}) else self.type(each, namespace)
            for each in avro
        ]
        types = [each for each in found if each is not None]
        read = binary.union([each.read if each is not None else binary.null for each in found])
        if not types:
            raise DataError("a union of nothing but null has no type in Connect")
        is_optional = len(types) < len(found)
        if len(types) == 1:
            schema = {**types[0].schema, "optional": is_optional}
            return AvroType(schema, read, _first(found, types[0].default))
        return self._struct_of_branches(avro, namespace, found)

    def _struct_of_branches(
        self, avro: Sequence[Any], namespace: str, found: Sequence[AvroType | None]
    ) -> AvroType:
        """A field for each branch; all but one of them are null."""
        named = [
            (self._branch(each, kind, namespace), kind)
            for each, kind in zip(avro, found, strict=True)
            if kind is not None
        ]
        names = [name for name, _ in named]
        if len(set(names)) < len(names):
            raise DataError(
                "branches of a union have the same name: set enhanced.avro.schema.support=true"
            )
        fields = [{**kind.schema, "optional": True, "field": name} for name, kind in named]
        schema: Schema = {
            "type": "struct", "optional": None in found, "name": UNION, "fields": fields,
        }  # fmt: skip
        nulls = dict.fromkeys(names)
        reads = iter([_alone(kind.read, name, nulls) for name, kind in named])
        read = binary.union([binary.null if kind is None else next(reads) for kind in found])
        name, first = named[0]
        return AvroType(
            schema, read, _first(found, lambda default: {**nulls, name: first.default(default)})
        )

    def _branch(self, avro: Any, kind: AvroType, namespace: str) -> str:
        name = avro if isinstance(avro, str) else avro["type"]
        if name in ("record", "error", "enum", "fixed"):
            name = _full_name(avro["name"], avro.get("namespace", namespace))
        elif name in PRIMITIVES or not isinstance(name, str):
            return str(name)
        elif name not in ("array", "map"):
            name = _full_name(name, namespace)
        return name if self._full_names else str(name).rpartition(".")[2]

    def _record(self, avro: Mapping[str, Any], namespace: str) -> AvroType:
        name, namespace = _names(avro, namespace)
        fields: list[tuple[str, AvroType, Any]] = []
        read = binary.record(pairs := [])
        # Where a record contains itself, its schema ends. Its data does not.
        within = {"type": "struct", "optional": False, "name": name, "fields": []}
        self._named[name] = AvroType(within, read, as_is)
        for field in _listed(avro, "fields"):
            kind = self.type(field["type"], namespace)
            fields.append((field["name"], kind, field))
            pairs.append((field["name"], kind.read))
        schema = {
            "type": "struct", "optional": False, **_metadata(avro, name),
            "fields": [_field(*each) for each in fields],
        }  # fmt: skip
        return self._remember(name, AvroType(schema, read, _record_default(fields)))

    def _enum(self, avro: Mapping[str, Any], namespace: str) -> AvroType:
        name, _ = _names(avro, namespace)
        symbols = _listed(avro, "symbols")
        parameters = {ENUM: name, **{f"{ENUM}.{each}": each for each in symbols}}
        schema = {"type": "string", "optional": False, **_metadata(avro, name, parameters)}
        return self._remember(name, AvroType(schema, binary.symbol(symbols), as_is))

    def _fixed(self, avro: Mapping[str, Any], namespace: str) -> AvroType:
        name, _ = _names(avro, namespace)
        size = avro.get("size")
        if not isinstance(size, int) or size < 0:
            raise DataError(f"the fixed type {name} has no size")
        parameters = {"connect.fixed.size": str(size)}
        kind = _logical(avro, binary.fixed(size), parameters)
        if kind is None:
            schema = {"type": "bytes", "optional": False, **_metadata(avro, name, parameters)}
            kind = AvroType(schema, binary.fixed(size), base64_of)
        return self._remember(name, kind)

    def _array(self, avro: Mapping[str, Any], namespace: str) -> AvroType:
        if "items" not in avro:
            raise DataError("an array has no items")
        items = self.type(avro["items"], namespace)
        if _is_map_entry(items.schema, avro["items"]):
            return _map_of_entries(avro, items)
        schema = {"type": "array", "optional": False, "items": items.schema, **_metadata(avro)}
        default = lambda given: [items.default(each) for each in given]  # noqa: E731
        return AvroType(schema, binary.array(items.read), default)

    def _map(self, avro: Mapping[str, Any], namespace: str) -> AvroType:
        if "values" not in avro:
            raise DataError("a map has no values")
        values = self.type(avro["values"], namespace)
        schema = {
            "type": "map", "optional": False, "keys": {"type": "string", "optional": False},
            "values": values.schema, **_metadata(avro),
        }  # fmt: skip
        default = lambda given: {k: values.default(v) for k, v in given.items()}  # noqa: E731
        return AvroType(schema, binary.entries(values.read), default)

    def _remember(self, name: str, kind: AvroType) -> AvroType:
        self._named[name] = kind
        return kind


_COMPOSITE: Mapping[str, Callable[[AvroTypes, Mapping[str, Any], str], AvroType]] = {
    "record": AvroTypes._record,
    "error": AvroTypes._record,
    "enum": AvroTypes._enum,
    "fixed": AvroTypes._fixed,
    "array": AvroTypes._array,
    "map": AvroTypes._map,
}


def _primitive(avro: Mapping[str, Any]) -> AvroType:
    name = avro["type"]
    kind, read = PRIMITIVES[name]
    logical = _logical(avro, read, {})
    if logical is not None:
        return logical
    if name == "int" and avro.get("connect.type") in ("int8", "int16"):
        kind = avro["connect.type"]
    schema = {"type": kind, "optional": False, **_metadata(avro)}
    return AvroType(schema, read, base64_of if name == "bytes" else as_is)


def _logical(avro: Mapping[str, Any], read: Read, parameters: dict[str, str]) -> AvroType | None:
    """Of a logical type that Connect has one for; None of any other."""
    found = avro_logical.of(avro)
    if found is None:
        return None
    change, schema, units = found
    metadata = _metadata(avro, None, {**schema.get("parameters", {}), **parameters})
    metadata.pop("name", None)
    default = base64_of if schema["type"] == "bytes" else lambda given: given // units
    return AvroType(
        {"optional": False, **schema, **metadata}, binary.changed(read, change), default
    )


def _metadata(
    avro: Mapping[str, Any], name: str | None = None, parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What Connect's own converter has written beside the type."""
    named = avro.get("connect.name", name)
    given = {
        "name": None if str(named).startswith(UNNAMED) else named,
        "version": avro.get("connect.version"),
        "doc": avro.get("connect.doc"),
        "parameters": {**(parameters or {}), **avro.get("connect.parameters", {})} or None,
        "default": avro.get("connect.default"),
    }
    return {key: value for key, value in given.items() if value is not None}


def _field(name: str, kind: AvroType, avro: Mapping[str, Any]) -> Schema:
    """As in Connect, a field that may be null has no default."""
    schema = {**kind.schema, "field": name}
    if avro.get("default") is not None and not isinstance(avro["type"], list):
        try:
            schema["default"] = kind.default(avro["default"])
        except (AttributeError, TypeError, ValueError, KeyError):
            schema.pop("default", None)  # Connect, too, ignores a default that is none
    return schema


def _record_default(fields: Sequence[tuple[str, AvroType, Any]]) -> Default:
    def default(given: Any) -> Any:
        values = {name: given.get(name, avro.get("default")) for name, _, avro in fields}
        return {
            name: None if values[name] is None else kind.default(values[name])
            for name, kind, _ in fields
        }

    return default


def _first(found: Sequence[AvroType | None], default: Default) -> Default:
    """A union's default is one of its first branch."""
    return default if found[0] is not None else lambda _: None


def _alone(read: Read, name: str, nulls: Mapping[str, None]) -> Read:
    """Of the fields of a union, the one that was written."""
    return binary.changed(read, lambda value: {**nulls, name: value})


def _is_map_entry(schema: Schema, avro: Any) -> bool:
    declared = isinstance(avro, dict) and avro.get("connect.internal.type") == "MapEntry"
    return schema.get("name") == MAP_ENTRY or declared


def _map_of_entries(avro: Mapping[str, Any], items: AvroType) -> AvroType:
    """How Connect's own converter writes a map whose keys are no texts."""
    kinds = {field["field"]: field for field in items.schema.get("fields", ())}
    if kinds.keys() != {"key", "value"}:
        raise DataError("the entries of a map have other fields than key and value")
    sides = [{k: v for k, v in kinds[side].items() if k != "field"} for side in ("key", "value")]
    schema = {"type": "map", "optional": False, "keys": sides[0], "values": sides[1]}
    read = binary.changed(binary.array(items.read), _pairs)
    default = lambda given: _pairs([items.default(each) for each in given])  # noqa: E731
    return AvroType({**schema, **_metadata(avro)}, read, default)


def _pairs(entries: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [[each["key"], each["value"]] for each in entries]


def _names(avro: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    """The full name, and the namespace of the names within."""
    if not isinstance(avro.get("name"), str):
        raise DataError(f"a type {avro['type']} has no name")
    full = _full_name(avro["name"], avro.get("namespace", namespace))
    return full, full.rpartition(".")[0]


def _full_name(name: str, namespace: str | None) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _listed(avro: Mapping[str, Any], key: str) -> Sequence[Any]:
    listed = avro.get(key)
    if not isinstance(listed, list):
        raise DataError(f"the type {avro['name']} has no {key}")
    return listed
