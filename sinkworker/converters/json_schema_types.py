"""JSON Schemas → Kafka Connect's, and how values of each are read.

Owns what a JSON Schema is in Connect, which is what Confluent's JsonSchemaData makes of it. What may be
anything at all is its JSON as a text. It describes values and checks no constraints, as there. Must
not know where schemas come from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from sinkworker.api import DataError, Schema
from sinkworker.converters.envelope import scalar_reader

CONFLUENT = "io.confluent.connect.json."
ENUM, ONE_OF = CONFLUENT + "Enum", CONFLUENT + "OneOf"
NULL = {"type": "null"}
SCALARS: Mapping[str, str] = {
    "boolean": "boolean", "integer": "int64", "number": "double", "string": "string",
}  # fmt: skip
GIVEN: Mapping[str, str] = {
    "int8": "int8", "int16": "int16", "int32": "int32", "int64": "int64", "float32": "float",
    "float64": "double", "bytes": "bytes",
}  # fmt: skip
"""What Connect's own converter notes in `connect.type`."""
ANYTHING: Schema = {"type": "string", "optional": True, "name": "io.debezium.data.Json"}

Read = Callable[[Any], Any]


class JsonType(NamedTuple):
    """read: JSON, parsed → the value. What is missing altogether is not read."""

    schema: Schema
    read: Read


class JsonTypes:
    """The types of one document and of those that it refers to."""

    def __init__(self, documents: Mapping[str, Any], *, optional_by_default: bool) -> None:
        """documents: by the names that they are referred to. optional_by_default: unless required."""
        self._documents, self._optional_by_default = documents, optional_by_default
        self._under_way: dict[int, list[Read]] = {}
        self._known: dict[int, JsonType] = {}

    def type(self, given: Any, document: Any) -> JsonType:
        """The type of a schema, parsed from JSON, within its document. DataError when it is none."""
        if given is True or given == {}:
            return JsonType(ANYTHING, _text)
        if not isinstance(given, dict):
            raise DataError("a schema in it is no object")
        if "$ref" in given:
            return self._referred(*self._resolved(str(given["$ref"]), document))
        made = self._bare(given, document)
        schema = {**made.schema, **_metadata(given, made.schema)}
        return JsonType(schema, _nullable(schema, made.read))

    def _referred(self, given: Any, document: Any) -> JsonType:
        """Worked out once, or schemas that refer to each other would take for ever."""
        if id(given) not in self._known:
            self._known[id(given)] = self.type(given, document)
        return self._known[id(given)]

    def _bare(self, given: Mapping[str, Any], document: Any) -> JsonType:
        """Without what every kind of schema may say of itself."""
        kind = given.get("type")
        if isinstance(kind, list):
            return self._union([{**given, "type": each} for each in kind], document)
        if "properties" in given and given.get("connect.type") != "map":
            return self._struct(given, [(given, document)])
        if "allOf" in given:
            return self._all_of(given, document)
        for key in ("oneOf", "anyOf"):
            if key in given:
                return self._union(given[key], document)
        if "enum" in given or "const" in given:
            return self._enum(given, document)
        return self._of_kind(str(kind), given, document)

    def _of_kind(self, kind: str, given: Mapping[str, Any], document: Any) -> JsonType:
        if kind in SCALARS:
            return _scalar(GIVEN.get(given.get("connect.type", ""), SCALARS[kind]), given)
        if kind == "array":
            return self._array(given, document)
        if kind == "object":
            if given.get("connect.type") == "map":
                return self._map(given, document)
            return self._struct(given, [(given, document)])
        if kind == "None":
            return JsonType(ANYTHING, _text)
        raise DataError(f"the type {kind} has none in Connect")

    def _resolved(self, reference: str, document: Any) -> tuple[Any, Any]:
        """What a reference means, and the document that it stands in."""
        name, _, path = reference.partition("#")
        if name:
            if name not in self._documents:
                raise DataError(f"it refers to {name}, which is not among its references")
            document = self._documents[name]
        found = document
        for part in path.split("/")[1:]:
            step = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or step not in found:
                raise DataError(f"it refers to {reference}, which is not there")
            found = found[step]
        return found, document

    def _struct(
        self, given: Mapping[str, Any], parts: Iterable[tuple[Mapping[str, Any], Any]]
    ) -> JsonType:
        """Where a schema contains itself, it ends. Its data does not."""
        itself = id(given.get("properties", given))  # that a copy of a schema has, too
        if itself in self._under_way:
            return JsonType(_struct_of([]), partial(_read_within, self._under_way[itself]))
        within = self._under_way[itself] = []
        fields = [field for part in parts for field in self._fields(*part)]
        within.append(partial(_read_struct, fields))
        del self._under_way[itself]
        schema = _struct_of([{**kind.schema, "field": name} for name, kind in fields])
        return JsonType(schema, within[0])

    def _fields(self, given: Mapping[str, Any], document: Any) -> list[tuple[str, JsonType]]:
        properties = given.get("properties", {})
        required = given.get("required", ())
        names = sorted(properties, key=lambda name: _index(properties[name]))
        return [(name, self._property(properties[name], document, name in required))
                for name in names]  # fmt: skip

    def _property(self, given: Any, document: Any, is_required: bool) -> JsonType:
        kind = self.type(given, document)
        if is_required or not self._optional_by_default:
            return kind
        schema = {**kind.schema, "optional": True}
        return JsonType(schema, _nullable(schema, kind.read))

    def _all_of(self, given: Mapping[str, Any], document: Any) -> JsonType:
        parts = [self._part(each, document) for each in given["allOf"]]
        structs = [part for part in parts if "properties" in part[0]]
        if structs:
            return self._struct(given, structs)
        for part, its_document in parts:
            if part.keys() & {"type", "oneOf", "anyOf", "enum", "allOf"}:
                return self.type(part, its_document)
        raise DataError("an allOf in it has no type")

    def _part(self, given: Any, document: Any) -> tuple[Mapping[str, Any], Any]:
        while "$ref" in given:
            given, document = self._resolved(str(given["$ref"]), document)
        return given, document

    def _union(self, given: Sequence[Any], document: Any) -> JsonType:
        """A field for each choice; all but one of them are null."""
        kinds = [self.type(each, document) for each in given if not _is_null(each)]
        is_optional = len(kinds) < len(given)
        if not kinds:
            raise DataError("a choice of nothing but null has no type in Connect")
        if len(kinds) == 1:
            schema = {**kinds[0].schema, "optional": is_optional or kinds[0].schema["optional"]}
            return JsonType(schema, kinds[0].read)
        names = [f"{ONE_OF}.field.{number}" for number in range(len(kinds))]
        fields = [
            {**kind.schema, "optional": True, "field": name}
            for name, kind in zip(names, kinds, strict=True)
        ]
        schema = {**_struct_of(fields), "name": ONE_OF, "optional": is_optional}
        return JsonType(schema, partial(_read_choice, dict(zip(names, kinds, strict=True))))

    def _enum(self, given: Mapping[str, Any], document: Any) -> JsonType:
        """As in Connect, one of other things than texts is what its type says."""
        kind = given.get("type", "string")
        if kind != "string":
            return self._bare(
                {k: v for k, v in given.items() if k not in ("enum", "const")}, document
            )
        symbols = given.get("enum", [given.get("const")])
        names = ["<NULL>" if each is None else str(each) for each in symbols]
        parameters = {ENUM: "", **{f"{ENUM}.{each}": each for each in names}}
        schema = {"type": "string", "optional": None in symbols, "parameters": parameters}
        return JsonType(schema, scalar_reader(schema))

    def _array(self, given: Mapping[str, Any], document: Any) -> JsonType:
        if "items" not in given:
            raise DataError("an array in it does not say what its items are")
        items = self.type(given["items"], document)
        if given.get("connect.type") == "map":
            return _map_of_entries(items)
        schema = {"type": "array", "optional": False, "items": items.schema}
        return JsonType(schema, partial(_read_list, items.read))

    def _map(self, given: Mapping[str, Any], document: Any) -> JsonType:
        values = self.type(given.get("additionalProperties", True), document)
        schema = {
            "type": "map", "optional": False, "keys": {"type": "string", "optional": False},
            "values": values.schema,
        }  # fmt: skip
        return JsonType(schema, partial(_read_map, values.read))


def _scalar(kind: str, given: Mapping[str, Any]) -> JsonType:
    """Connect's own types, by the schema's title, are those of the envelope."""
    schema = {"type": kind, "optional": False}
    full = {**schema, **_metadata(given, schema)}
    return JsonType(schema, scalar_reader(full))


def _struct_of(fields: Sequence[Schema]) -> Schema:
    return {"type": "struct", "optional": False, "fields": list(fields)}


def _metadata(given: Mapping[str, Any], made: Schema) -> dict[str, Any]:
    named = {
        "name": made.get("name", given.get("title")),
        "version": given.get("connect.version"),
        "doc": given.get("description"),
        "parameters": {**made.get("parameters", {}), **given.get("connect.parameters", {})} or None,
        "default": given.get("default"),
    }
    return {key: value for key, value in named.items() if value is not None}


def _index(given: Any) -> Any:
    """Connect notes the order of fields; where it did not, theirs in the text stays."""
    return given.get("connect.index", 0) if isinstance(given, dict) else 0


def _is_null(given: Any) -> bool:
    return isinstance(given, dict) and given.get("type") == "null"


def _nullable(schema: Schema, read: Read) -> Read:
    default = schema.get("default")
    is_optional = schema["optional"]

    def read_or_null(value: Any) -> Any:
        if value is not None:
            return read(value)
        if default is not None:
            return read(default)
        if is_optional:
            return None
        raise DataError(f"null where the schema says {schema['type']}")

    return read_or_null


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _read_struct(fields: Sequence[tuple[str, JsonType]], value: Any) -> dict[str, Any]:
    """As in Connect, what is missing is null, whether or not that is allowed."""
    _expect(dict, value, "an object")
    return {
        name: kind.read(value[name]) if name in value else _missing(kind) for name, kind in fields
    }


def _read_within(around: Sequence[Read], value: Any) -> Any:
    return around[0](value)


def _missing(kind: JsonType) -> Any:
    return kind.read(kind.schema["default"]) if "default" in kind.schema else None


def _read_list(read: Read, value: Any) -> list[Any]:
    _expect(list, value, "an array")
    return [read(each) for each in value]


def _read_map(read: Read, value: Any) -> dict[str, Any]:
    _expect(dict, value, "an object")
    return {key: read(each) for key, each in value.items()}


def _map_of_entries(items: JsonType) -> JsonType:
    """How Connect's own converter writes a map whose keys are no texts."""
    sides = {field["field"]: field for field in items.schema.get("fields", ())}
    if sides.keys() != {"key", "value"}:
        raise DataError("the entries of a map have other fields than key and value")
    keys, values = ({k: v for k, v in sides[side].items() if k != "field"}
                    for side in ("key", "value"))  # fmt: skip
    schema = {"type": "map", "optional": False, "keys": keys, "values": values}
    return JsonType(schema, lambda value: [[each["key"], each["value"]]
                                           for each in _read_list(items.read, value)])  # fmt: skip


def _read_choice(kinds: Mapping[str, JsonType], value: Any) -> dict[str, Any]:
    """The first simple type that fits, else the object with the most fields in common."""
    best, most = "", 0
    for name, kind in kinds.items():
        match = _match(kind.schema, value)
        if match < 0:
            best = name
            break
        if match > most:
            best, most = name, match
    if not best:
        raise DataError("none of the types to choose from fits")
    return {name: kind.read(value) if name == best else None for name, kind in kinds.items()}


def _match(schema: Schema, value: Any) -> int:
    """-1: it is of that type; else how many fields they have in common."""
    if schema["type"] == "struct":
        return len({field["field"] for field in schema["fields"]} & value.keys()
                   if isinstance(value, dict) else ())  # fmt: skip
    return -1 if type(value) in _FITTING[schema["type"]] else 0


_FITTING: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64"), (int,)),
    **dict.fromkeys(("float", "double"), (int, float)),
    "boolean": (bool,), "string": (str,), "bytes": (str,), "array": (list,), "map": (dict, list),
}  # fmt: skip


def _expect(kind: type, value: Any, words: str) -> None:
    if type(value) is not kind:
        raise DataError(f"something else where the schema says {words}")
