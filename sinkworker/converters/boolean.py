"""One byte → false or true.

Kafka's `org.apache.kafka.connect.converters.BooleanConverter`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sinkworker.api import Converter, DataError, Header, Schema

SCHEMA: Schema = {"type": "boolean", "optional": True}
VALUES: Mapping[bytes | None, bool | None] = {b"\x00": False, b"\x01": True, None: None}


class BooleanConverter(Converter):
    """0 is false, 1 is true, nothing at all is null, anything else is an error."""

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        if data not in VALUES:
            raise DataError(f"Failed to deserialize boolean: {_why(data or b'')}")
        return SCHEMA, VALUES[data]


def _why(data: bytes) -> str:
    if len(data) != 1:
        return f"Size of data received by BooleanConverter is not 1 but {len(data)}"
    return "Unexpected byte received by BooleanConverter: neither 0 nor 1"
