"""The writer schemas of rounds with a schema registry: records of one topic that have different fields.

Owns these schemas, and how a record is written and read with them, by fastavro. A schema's place here is
its id in the registry. Must not use any of the worker's code.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import fastavro

from tests.services.registry import RegistryServer

ALWAYS = [
    {"name": "p", "type": "int"},
    {"name": "n", "type": "long"},
    {"name": "k", "type": "string"},
    {"name": "body", "type": "string"},
]
GRADE = {"name": "grade", "type": "string", "default": "none"}
WEIGHT = {"name": "weight", "type": ["null", "long"], "default": None}

SCHEMAS = tuple(
    {"type": "record", "name": "Cargo", "fields": [*ALWAYS, *more]}
    for more in ([], [GRADE], [WEIGHT], [WEIGHT, GRADE])
)
IDS = range(1, len(SCHEMAS) + 1)
PARSED = [fastavro.parse_schema(schema) for schema in SCHEMAS]
MAGIC = b"\0"


def register(registry: RegistryServer) -> None:
    assert [registry.register(schema) for schema in SCHEMAS] == list(IDS)


def names(number: int) -> frozenset[str]:
    """Of the fields that a schema has."""
    return frozenset(field["name"] for field in SCHEMAS[number - 1]["fields"])


def written(record: Mapping[str, Any]) -> bytes:
    """In Confluent's wire format, with the schema that has just these fields."""
    number = next(each for each in IDS if names(each) == record.keys())
    buffer = io.BytesIO(MAGIC + number.to_bytes(4, "big"))
    buffer.seek(0, io.SEEK_END)
    fastavro.schemaless_writer(buffer, PARSED[number - 1], record)
    return buffer.getvalue()


def read(value: bytes) -> dict[str, Any]:
    number = int.from_bytes(value[1:5], "big")
    record = fastavro.schemaless_reader(io.BytesIO(value[5:]), PARSED[number - 1], None)
    assert isinstance(record, dict)
    return record
