"""Messages in Confluent's wire format, written by Google's library from the same text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from google.protobuf.message_factory import GetMessageClass

from sinkworker.converters.protobuf import ProtobufConverter, ProtobufConverterConfig
from sinkworker.converters.protobuf_files import compiled
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import framed

FIRST = b"\0"


@cache
def _file(text: str, imports: tuple[tuple[str, str], ...]) -> Any:
    return compiled(text, dict(imports))


def message(
    text: str, name: str, imports: Mapping[str, str] | None = None, /, **values: Any
) -> Any:
    """A message of that text, with these values."""
    file = _file(text, tuple((imports or {}).items()))
    return GetMessageClass(file.message_types_by_name[name])(**values)


@cache
def converter(registry: RegistryServer, **keys: Any) -> ProtobufConverter:
    config = ProtobufConverterConfig(schema_registry_url=(registry.url,), **keys)
    return ProtobufConverter(config, is_key=False)


def decode_raw(
    registry: RegistryServer, text: str, data: bytes, index: bytes = FIRST, **keys: Any
) -> tuple[Any, Any]:
    number = registry.register(text, "PROTOBUF")
    return converter(registry, **keys).decode("alerts", framed(number, index + data), ())


def decode(registry: RegistryServer, text: str, written: Any, **keys: Any) -> tuple[Any, Any]:
    """The schema and the value of a message, which is the first of the text."""
    return decode_raw(registry, text, written.SerializeToString(), **keys)
