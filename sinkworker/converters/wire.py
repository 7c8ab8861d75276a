"""Confluent's wire format: a zero, the schema's id in four bytes, and the data.

Owns which schema a message has, and that the same schema is the same object for each of its messages:
whoever works something out for a schema recognizes it at once. Must not know formats.
"""

from __future__ import annotations

import struct
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sinkworker.api import Converter, DataError, Header, Schema
from sinkworker.converters.registry import Registered, Registry, RegistryConfig

PREFIX = 5
MOST_READERS = 10_000
"""Bad bytes may name as many messages of a file as they like: not all of them are kept."""
NOT_IN_FORMAT = (
    "not in the wire format of a schema registry, which is a zero, the schema's id in four bytes, "
    "and the data. If the topic holds plain JSON or text, choose JsonConverter or StringConverter"
)
REASONS: Mapping[type[Exception], str] = {
    IndexError: "they end too early",
    struct.error: "they end too early",
    UnicodeDecodeError: "a text in them is no UTF-8",
    OverflowError: "a moment in them is outside the years 1 to 9999",
    RecursionError: "they are nested too deeply",
}


class Reader(NamedTuple):
    """How the messages of one schema are read: the whole of one → its value."""

    schema: Schema | None
    read: Callable[[bytes], Any]


class RegistryConverter(Converter):
    """Reads messages by the schema that each of them names. No message at all is null."""

    def __init__(self, config: RegistryConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self._registry = Registry(config)
        self._readers: dict[bytes, Reader] = {}

    @property
    @abstractmethod
    def kind(self) -> str:
        """The registry's word for the format: AVRO, JSON or PROTOBUF."""

    @abstractmethod
    def compile(
        self, schema: Registered, referenced: Mapping[str, Registered], prefix: bytes
    ) -> Reader:
        """How messages that begin with this prefix are read. DataError when the schema cannot be."""

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        if data is None:
            return None, None
        reader = self._reader(data)
        return reader.schema, reader.read(data)

    def decode_all(
        self, topic: str, data: Sequence[bytes | None], headers: Sequence[Sequence[Header]]
    ) -> tuple[Sequence[Schema | None], Sequence[Any]]:
        schemas: list[Schema | None] = []
        values: list[Any] = []
        for each in data:
            if each is None:
                schemas.append(None)
                values.append(None)
            else:
                reader = self._reader(each)
                schemas.append(reader.schema)
                values.append(reader.read(each))
        return schemas, values

    def _reader(self, data: bytes) -> Reader:
        return self._readers.get(data[:PREFIX]) or self._learned(data[:PREFIX])

    def _learned(self, prefix: bytes) -> Reader:
        """The reader of a prefix not seen before. A schema that cannot be used is asked for once."""
        if len(prefix) < PREFIX or prefix[0] != 0:
            raise DataError(NOT_IN_FORMAT)
        number = int.from_bytes(prefix[1:PREFIX], "big")
        schema = self._registry.schema(number)
        referenced = self._registry.referenced(schema)
        reader = self._compiled(schema, referenced, prefix, number)
        if len(self._readers) >= MOST_READERS:
            self._readers.clear()
        self._readers[prefix] = reader
        return reader

    def _compiled(
        self, schema: Registered, referenced: Mapping[str, Registered], prefix: bytes, number: int
    ) -> Reader:
        try:
            if schema.kind != self.kind:
                raise DataError(f"it is of the kind {schema.kind}, not {self.kind}")
            reader = self.compile(schema, referenced, prefix)
        except DataError as error:
            return Reader(None, _refusing(f"schema {number} cannot be used: {error}"))
        except Exception as error:  # whatever a malformed schema leads to
            why = f"schema {number} cannot be used: it is malformed ({type(error).__name__})"
            return Reader(None, _refusing(why))
        return Reader(reader.schema, _telling(reader.read, number))


def _refusing(why: str) -> Callable[[bytes], Any]:
    def read(_: bytes) -> Any:
        raise DataError(why)

    return read


def _telling(read: Callable[[bytes], Any], number: int) -> Callable[[bytes], Any]:
    """Errors say which schema did not fit, and nothing of the bytes."""

    def read_or_tell(data: bytes) -> Any:
        try:
            return read(data)
        except DataError as error:
            why = str(error)
        except Exception as error:
            why = REASONS.get(type(error), f"{type(error).__name__}")
        raise DataError(f"the bytes do not fit schema {number}: {why}")

    return read_or_tell
