"""JSON → Python values, with or without Kafka Connect's schema envelope.

Kafka's `org.apache.kafka.connect.json.JsonConverter`. Strict JSON: no NaN, no trailing bytes, no
byte order mark. Integers of any size stay exact; of a member that appears twice the last counts;
nesting is possible to about 200 levels.
"""

from __future__ import annotations

import json as stdlib_json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import field_validator
from pydantic_core import from_json

from sinkworker.api import ConfigModel, Converter, DataError, Header, Schema
from sinkworker.converters.envelope import Envelope, InexactError
from sinkworker.converters.repeated_schemas import NUMBERS, RepeatedSchemas

# So few that a processor's cache still holds them when they are looked at again.
AT_ONCE = 250
INFINITY = "invalid JSON: a number that no float can hold"
INFINITE = frozenset({float("inf"), float("-inf")})


class JsonConverterConfig(ConfigModel):
    schemas_enable: bool = True
    """Whether every message is an envelope `{"schema": …, "payload": …}`."""
    schema_content: str = ""
    """The schema of all messages, with `schemas.enable`: each of them is a payload only."""
    decimal_format: Literal["BASE64", "NUMERIC"] = "BASE64"
    """How the envelope writes decimals; both forms are read."""
    replace_null_with_default: bool = False
    """Whether a null in a field with a default becomes that default. (Kafka's default is true.)"""

    not_honoured: ClassVar[Mapping[str, str]] = {
        "schemas.cache.size": "the schemas of the last 100 different messages are kept"
    }

    @field_validator("schema_content")
    @classmethod
    def _is_schema(cls, text: str) -> str:
        if text and not _is_object(text):
            raise ValueError("It is no schema in JSON")
        return text

    @field_validator("decimal_format", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value


class JsonConverter(Converter):
    """Reads one JSON text a message. Nothing at all, or null, is null."""

    config_class = JsonConverterConfig

    def __init__(self, config: JsonConverterConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self._enveloped = config.schemas_enable
        self._envelope = Envelope(fills_nulls=config.replace_null_with_default)
        self._schema = stdlib_json.loads(config.schema_content) if config.schema_content else None
        self._repeated = RepeatedSchemas(self._envelope, _parsed, _each_parsed, _is_infinite)

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        if not data:
            return None, None
        if not self._enveloped:
            return None, parsed(data)
        if self._schema is not None:
            return self._read(data)
        read = self._repeated.read(data)
        if read is None:
            read = self._read(data)
            self._repeated.learn(data)
        return read

    def _read(self, data: bytes) -> tuple[Schema | None, Any]:
        """An envelope, or a payload whose schema is configured."""
        try:
            return self._opened(parsed(data))
        except InexactError:
            return self._opened(parsed_exactly(data))
        except DataError:
            raise
        except Exception as error:  # whatever a malformed schema leads to; its text may show data
            raise DataError(f"a malformed envelope ({type(error).__name__})") from None

    def _opened(self, value: Any) -> tuple[Schema | None, Any]:
        if self._schema is None:
            return self._envelope.open(value)
        return self._schema, self._envelope.typed(self._schema, value)

    def decode_all(
        self, topic: str, data: Sequence[bytes | None], headers: Sequence[Sequence[Header]]
    ) -> tuple[Sequence[Schema | None], Sequence[Any]]:
        """A few at a time, and all of these at once: by one, records cost half as much again."""
        if self._schema is not None:
            return super().decode_all(topic, data, headers)
        schemas: list[Schema | None] = []
        values: list[Any] = []
        for start in range(0, len(data), AT_ONCE):
            of_these, read = self._all_of(topic, data[start : start + AT_ONCE])
            schemas += of_these
            values += read
        return schemas, values

    def _all_of(
        self, topic: str, data: Sequence[bytes | None]
    ) -> tuple[Sequence[Schema | None], Sequence[Any]]:
        if not self._enveloped:
            return [None] * len(data), _all_parsed(data)
        alike = self._repeated.read_all(data)
        if alike is not None:
            schema, values = alike
            return [schema] * len(data), values
        both = [self.decode(topic, each, ()) for each in data]
        return [schema for schema, _ in both], [value for _, value in both]


def _all_parsed(data: Sequence[bytes | None]) -> list[Any]:
    values = _each_parsed(data)
    if _is_any_infinite(values):
        raise DataError(INFINITY)
    return values


def _each_parsed(data: Sequence[bytes | None]) -> list[Any]:
    """Infinite numbers included."""
    return [
        from_json(each, allow_inf_nan=False, cache_strings="keys") if each else None
        for each in data
    ]


def _parsed(data: bytes) -> Any:
    """No `partial`: keywords that come from one cost a third of the parsing."""
    return from_json(data, allow_inf_nan=False, cache_strings="keys")


def _is_object(text: str) -> bool:
    try:
        return isinstance(stdlib_json.loads(text), dict)
    except ValueError:
        return False


def parsed(data: bytes) -> Any:
    """A JSON text. DataError when it is none."""
    try:
        value = _parsed(data)
    except ValueError as error:
        raise DataError(f"invalid JSON: {error}") from None
    if _is_infinite(value):
        raise DataError(INFINITY)
    return value


def parsed_exactly(data: bytes) -> Any:
    """A JSON text that was parsed before, now with its fractions as decimals."""
    return stdlib_json.loads(data, parse_float=Decimal)


def _is_infinite(value: Any) -> bool:
    """Whether a number overflowed: `1e400` is read as infinity, whatever the parser is told."""
    try:
        if type(value) is dict:
            return not INFINITE.isdisjoint(value.values())
        return value in INFINITE
    except TypeError:  # objects and lists have no hash: look inside
        inner = value.values() if isinstance(value, dict) else value
        return any(_is_infinite(each) for each in inner)


def _is_any_infinite(values: Sequence[Any]) -> bool:
    """Member by member, the first of all, the second of all, where they have as many."""
    try:
        return any(map(_is_any_of_these, zip(*map(dict.values, values), strict=True)))
    except (TypeError, ValueError):  # not all of them are objects of plain values, or of as many
        return any(map(_is_infinite, values))


def _is_any_of_these(values: Sequence[Any]) -> bool:
    """Types first: to hash all texts would cost a twentieth of a sink's time."""
    if NUMBERS.isdisjoint(map(type, values)):
        return False
    return not INFINITE.isdisjoint(values)
