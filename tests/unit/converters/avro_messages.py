"""Messages in Confluent's wire format, written by fastavro: not by what is tested."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import fastavro

from sinkworker.converters.avro import AvroConverter, AvroConverterConfig
from tests.services.registry import RegistryServer


def framed(number: int, data: bytes) -> bytes:
    return b"\0" + number.to_bytes(4, "big") + data


def written(schema: Any, value: Any) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), value)
    return buffer.getvalue()


@cache
def converter(registry: RegistryServer, **keys: Any) -> AvroConverter:
    return AvroConverter(
        AvroConverterConfig(schema_registry_url=(registry.url,), **keys), is_key=False
    )


def decode_raw(registry: RegistryServer, schema: Any, data: bytes, **keys: Any) -> tuple[Any, Any]:
    number = registry.register(schema)
    return converter(registry, **keys).decode("alerts", framed(number, data), ())


def decode(registry: RegistryServer, schema: Any, value: Any, **keys: Any) -> tuple[Any, Any]:
    """The schema and the value of what fastavro writes."""
    return decode_raw(registry, schema, written(schema, value), **keys)
