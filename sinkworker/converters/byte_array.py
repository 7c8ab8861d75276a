"""Bytes as they are.

Kafka's `org.apache.kafka.connect.converters.ByteArrayConverter`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sinkworker.api import Converter, Header, Schema


class ByteArrayConverter(Converter):
    """Hands over what Kafka holds."""

    never_fails = True

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        return None, data
