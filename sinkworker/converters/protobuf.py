"""Protobuf in Confluent's wire format: after the schema's id, which message of its file it is.

Confluent's `io.confluent.connect.protobuf.ProtobufConverter`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from sinkworker.api import DataError
from sinkworker.converters.avro_binary import long
from sinkworker.converters.registry import Registered, RegistryConfig
from sinkworker.converters.wire import PREFIX, Reader, RegistryConverter

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor

DEEPEST = 32
"""Nobody nests message types deeper; bad bytes may say so."""


class ProtobufConverterConfig(RegistryConfig):
    extra = "protobuf"
    needs = ("google.protobuf", "grpc_tools")

    enhanced_protobuf_schema_support: bool = False
    """Whether types are called by their full names, with their packages."""
    int_for_enums: bool = False
    """Whether an enum is its number; else it is its name."""
    flatten_unions: bool = False
    """Whether the fields of a oneof stand beside the others; else they are a struct of their own."""
    generate_index_for_unions: bool = True
    """Whether the name of such a struct ends with its number, as in `payload_0`."""
    wrapper_for_nullables: bool = False
    """Whether messages such as google.protobuf.StringValue are what they wrap."""
    optional_for_nullables: bool = False
    """Whether only what is marked `optional`, or is a message or an enum, may be null."""

    not_honoured: ClassVar[Mapping[str, str]] = {
        **RegistryConfig.not_honoured,
        "wrapper.for.raw.primitives": "a whole message that is a wrapper is what it wraps",
        "optional.for.proto2": "an optional field of proto2 that is not set is null",
        "generate.struct.for.nulls": "a message that is not set is null",
    }


class Choices(NamedTuple):
    """What Confluent's converter leaves to its users; see ProtobufConverterConfig."""

    full_names: bool
    numbers_for_enums: bool
    flat_unions: bool
    numbered_unions: bool
    unwraps: bool
    optional_by_keyword: bool


class ProtobufConverter(RegistryConverter):
    """Values as JsonConverter makes them of an envelope."""

    config_class = ProtobufConverterConfig
    kind = "PROTOBUF"

    def __init__(self, config: ProtobufConverterConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self._choices = Choices(
            full_names=config.enhanced_protobuf_schema_support,
            numbers_for_enums=config.int_for_enums,
            flat_unions=config.flatten_unions,
            numbered_unions=config.generate_index_for_unions,
            unwraps=config.wrapper_for_nullables,
            optional_by_keyword=config.optional_for_nullables,
        )
        self._files: dict[bytes, FileDescriptor] = {}

    def _reader(self, data: bytes) -> Reader:
        """Most messages are the first of their file, which is one byte, a zero."""
        reader = self._readers.get(data[: PREFIX + 1])
        if reader is not None:
            return reader
        end = PREFIX
        if len(data) >= PREFIX and data[0] == 0:
            _, end = _message_index(data)
        return self._readers.get(data[:end]) or self._learned(data[:end])

    def compile(
        self, schema: Registered, referenced: Mapping[str, Registered], prefix: bytes
    ) -> Reader:
        from google.protobuf.message_factory import GetMessageClass

        from sinkworker.converters.protobuf_files import message_at
        from sinkworker.converters.protobuf_schema import MessageTypes

        index, size = _message_index(prefix)
        message = message_at(self._file(schema, referenced, prefix[:PREFIX]), index)
        schema_, change = MessageTypes(self._choices).root(message)
        parse = GetMessageClass(message).FromString
        return Reader(schema_, lambda data: change(parse(data[size:])))

    def _file(
        self, schema: Registered, referenced: Mapping[str, Registered], prefix: bytes
    ) -> FileDescriptor:
        """Compiled once, whichever of its messages are met."""
        from sinkworker.converters.protobuf_files import compiled

        if prefix not in self._files:
            imports = {name: each.text for name, each in referenced.items()}
            self._files[prefix] = compiled(schema.text, imports)
        return self._files[prefix]


def _message_index(data: bytes) -> tuple[Sequence[int], int]:
    """Which message of the file, and which within that, and so on; and where the data begins."""
    try:
        count, at = long(data, PREFIX)
        if not 0 <= count <= DEEPEST:
            raise DataError("the bytes say of which message they are in no way that can be")
        index = []
        for _ in range(count):
            number, at = long(data, at)
            index.append(number)
    except IndexError:
        raise DataError("the bytes end before they say of which message they are") from None
    return index or (0,), at
