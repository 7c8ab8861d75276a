"""Protobuf's message types → Kafka Connect's schemas, and how messages of each become values.

Owns what a field is in Connect, which is what Confluent's ProtobufData makes of it; but moments keep
their microseconds, and a uint64 beyond 63 bits is not made negative. Must not know bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from confluent_kafka.schema_registry.confluent.meta_pb2 import field_meta
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, OneofDescriptor

from sinkworker.api import Schema
from sinkworker.converters import protobuf_logical
from sinkworker.converters.protobuf import Choices

CONFLUENT = "io.confluent.connect.protobuf."
ENUM, UNION, TAG, TYPE = (CONFLUENT + name for name in ("Enum", "Union", "Tag", "Type"))

SCALARS: Mapping[int, tuple[str, str]] = {
    FieldDescriptor.TYPE_DOUBLE: ("double", ""),
    FieldDescriptor.TYPE_FLOAT: ("float", ""),
    FieldDescriptor.TYPE_INT64: ("int64", ""),
    FieldDescriptor.TYPE_UINT64: ("int64", "uint64"),
    FieldDescriptor.TYPE_INT32: ("int32", ""),
    FieldDescriptor.TYPE_FIXED64: ("int64", "fixed64"),
    FieldDescriptor.TYPE_FIXED32: ("int64", "fixed32"),
    FieldDescriptor.TYPE_BOOL: ("boolean", ""),
    FieldDescriptor.TYPE_STRING: ("string", ""),
    FieldDescriptor.TYPE_BYTES: ("bytes", ""),
    FieldDescriptor.TYPE_UINT32: ("int64", "uint32"),
    FieldDescriptor.TYPE_SFIXED32: ("int32", "sfixed32"),
    FieldDescriptor.TYPE_SFIXED64: ("int64", "sfixed64"),
    FieldDescriptor.TYPE_SINT32: ("int32", "sint32"),
    FieldDescriptor.TYPE_SINT64: ("int64", "sint64"),
}
"""Type → Connect's, and the name that Connect notes where that is not all."""
WRAPPERS: Mapping[str, str] = {
    "google.protobuf.DoubleValue": "double",
    "google.protobuf.FloatValue": "float",
    "google.protobuf.Int64Value": "int64",
    "google.protobuf.UInt64Value": "int64",
    "google.protobuf.Int32Value": "int32",
    "google.protobuf.UInt32Value": "int64",
    "google.protobuf.BoolValue": "boolean",
    "google.protobuf.StringValue": "string",
    "google.protobuf.BytesValue": "bytes",
}

Change = Callable[[Any], Any]
Get = Callable[[Any], Any]


class Kind(NamedTuple):
    """schema: without what its field adds. change: a value of Protobuf's → Connect's; None: as is."""

    schema: Schema
    change: Change | None


class Root(NamedTuple):
    """The same of a whole message, which never is what it is in Connect."""

    schema: Schema
    change: Change


class MessageTypes:
    """The types of one file and of those that it imports."""

    def __init__(self, forms: Choices) -> None:
        self._forms = forms
        self._known: dict[str, Root] = {}
        self._under_way: set[str] = set()

    def root(self, message: Descriptor) -> Root:
        """The type of whole messages. A wrapper is what it wraps."""
        if message.full_name in WRAPPERS:
            schema = {"type": WRAPPERS[message.full_name], "optional": False}
            return Root(schema, attrgetter("value"))
        return self._message(message)

    def _message(self, message: Descriptor) -> Root:
        """Worked out once. Where a message contains itself, its schema ends. Its data does not."""
        full_name = message.full_name
        if full_name in self._known:
            return self._known[full_name]
        schema = {"type": "struct", "optional": False, "name": self._name(message)}
        if full_name in self._under_way:
            return Root({**schema, "fields": []}, partial(self._read, full_name))
        self._under_way.add(full_name)
        fields = list(self._fields(message))
        read = _struct([(field["field"], get) for field, get in fields])
        self._known[full_name] = Root({**schema, "fields": [field for field, _ in fields]}, read)
        return self._known[full_name]

    def _read(self, full_name: str, message: Any) -> Any:
        return self._known[full_name].change(message)

    def _fields(self, message: Descriptor) -> Iterator[tuple[Schema, Get]]:
        """As in Connect, what is in a oneof comes first."""
        unions = [each for each in message.oneofs if not _is_of_keyword(each)]
        for union in unions:
            if self._forms.flat_unions:
                yield from (self._field(field) for field in union.fields)
            else:
                yield self._union(union)
        for field in message.fields:
            if field.containing_oneof not in unions:
                yield self._field(field)

    def _union(self, union: OneofDescriptor) -> tuple[Schema, Get]:
        field = f"{union.name}_{union.index}" if self._forms.numbered_unions else union.name
        name = f"{UNION}.{self._name(union)}"
        fields = [self._field(each) for each in union.fields]
        schema = {
            "field": field, "type": "struct", "optional": True, "name": name,
            "fields": [each for each, _ in fields],
        }  # fmt: skip
        read, which = _struct([(each["field"], get) for each, get in fields]), union.name
        return schema, lambda message: read(message) if message.WhichOneof(which) else None

    def _field(self, field: FieldDescriptor) -> tuple[Schema, Get]:
        kind = self._kind(field)
        schema, change = kind
        if field.is_repeated and schema["type"] != "map":
            schema = {"type": "array", "items": {**schema, "optional": True}}
            change = _each(change)
        parameters = {**schema.get("parameters", {}), TAG: str(field.number)}
        optional = self._is_optional(field)
        schema = {**schema, "field": field.name, "optional": optional, "parameters": parameters}
        return schema, _getter(field, change)

    def _is_optional(self, field: FieldDescriptor) -> bool:
        if not self._forms.optional_by_keyword or field.message_type or field.enum_type:
            return True
        return bool(field.is_repeated or field.has_presence)

    def _kind(self, field: FieldDescriptor) -> Kind:
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        if field.message_type is not None:
            return self._of_message(field)
        name, note = SCALARS[field.type]
        given = _parameters(field).get("connect.type")
        if name == "int32" and given in ("int8", "int16"):
            return Kind({"type": given}, None)
        return Kind({"type": name, **({"parameters": {TYPE: note}} if note else {})}, None)

    def _of_message(self, field: FieldDescriptor) -> Kind:
        message = field.message_type
        logical = protobuf_logical.of(message.full_name, _parameters(field))
        if logical is not None:
            return Kind(*logical)
        if message.GetOptions().map_entry:
            return self._map(message)
        if self._forms.unwraps and message.full_name in WRAPPERS:
            return Kind({"type": WRAPPERS[message.full_name]}, attrgetter("value"))
        return Kind(*self._message(message))

    def _map(self, entry: Descriptor) -> Kind:
        """Keys that are no texts make it a list of pairs, as in an envelope."""
        (keys, _), (values, _) = map(self._field, entry.fields)
        change = self._kind(entry.fields[1]).change or _as_is
        schema = {
            "type": "map", "optional": True, "name": self._name(entry),
            "keys": _unnamed(keys), "values": _unnamed(values),
        }  # fmt: skip
        if keys["type"] == "string":
            return Kind(schema, lambda entries: {k: change(v) for k, v in entries.items()})
        return Kind(schema, lambda entries: [[k, change(v)] for k, v in sorted(entries.items())])

    def _enum(self, enum: EnumDescriptor) -> Kind:
        numbers = {value.name: value.number for value in enum.values}
        parameters = {ENUM: enum.name, **{f"{ENUM}.{k}": str(v) for k, v in numbers.items()}}
        kind = "int32" if self._forms.numbers_for_enums else "string"
        schema = {"type": kind, "name": self._name(enum), "parameters": parameters}
        if self._forms.numbers_for_enums:
            return Kind(schema, None)
        names = {value.number: value.name for value in reversed(enum.values)}
        unknown = f"UNKNOWN_ENUM_VALUE_{enum.name}_"
        return Kind(schema, lambda number: names.get(number) or f"{unknown}{number}")

    def _name(self, descriptor: Descriptor | EnumDescriptor | OneofDescriptor) -> str:
        return str(descriptor.full_name if self._forms.full_names else descriptor.name)


def _getter(field: FieldDescriptor, change: Change | None) -> Get:
    """A message → the value of one of its fields; None where it has none."""
    name, get = field.name, attrgetter(field.name)
    if not field.has_presence:
        return get if change is None else lambda message: change(get(message))
    made = change or _as_is
    return lambda message: made(get(message)) if message.HasField(name) else None


def _struct(fields: Sequence[tuple[str, Get]]) -> Change:
    return lambda message: {name: get(message) for name, get in fields}


def _each(change: Change | None) -> Change:
    if change is None:
        return list
    return lambda values: [change(value) for value in values]


def _as_is(value: Any) -> Any:
    return value


def _unnamed(field: Schema) -> Schema:
    return {key: value for key, value in field.items() if key != "field"}


def _parameters(field: FieldDescriptor) -> Mapping[str, str]:
    """What Connect's own converter has written beside a field."""
    return dict(field.GetOptions().Extensions[field_meta].params)


def _is_of_keyword(oneof: OneofDescriptor) -> bool:
    """Whether it stands for the keyword `optional` only."""
    return len(oneof.fields) == 1 and oneof.name == f"_{oneof.fields[0].name}"
