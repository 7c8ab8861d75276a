"""Avro in Confluent's wire format.

Confluent's `io.confluent.connect.avro.AvroConverter`. Each message is read with the schema that it was
written with; nothing is left over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from sinkworker.api import DataError
from sinkworker.converters.avro_schema import AvroTypes
from sinkworker.converters.registry import Registered, RegistryConfig
from sinkworker.converters.wire import PREFIX, Reader, RegistryConverter


class AvroConverterConfig(RegistryConfig):
    extra = "avro"

    enhanced_avro_schema_support: bool = False
    """Whether the branches of a union are called by their full names."""

    not_honoured: ClassVar[Mapping[str, str]] = {
        **RegistryConfig.not_honoured,
        "connect.meta.data": "what Connect's converter wrote beside types is always kept",
    }


class AvroConverter(RegistryConverter):
    """Values as JsonConverter makes them of an envelope."""

    config_class = AvroConverterConfig
    kind = "AVRO"

    def __init__(self, config: AvroConverterConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self._full_names = config.enhanced_avro_schema_support

    def compile(
        self, schema: Registered, referenced: Mapping[str, Registered], prefix: bytes
    ) -> Reader:
        types = AvroTypes(full_names=self._full_names)
        for other in referenced.values():
            types.type(json.loads(other.text))
        schema_, read, _ = types.type(json.loads(schema.text))

        def whole(data: bytes) -> Any:
            value, end = read(data, PREFIX)
            if end != len(data):
                raise DataError(f"{len(data) - end} bytes are left over")
            return value

        return Reader(schema_, whole)
