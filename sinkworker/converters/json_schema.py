"""JSON with a JSON Schema, in Confluent's wire format.

Confluent's `io.confluent.connect.json.JsonSchemaConverter`. The JSON is read as JsonConverter reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from sinkworker.api import DataError
from sinkworker.converters.envelope import InexactError
from sinkworker.converters.json import parsed, parsed_exactly
from sinkworker.converters.json_schema_types import JsonTypes
from sinkworker.converters.registry import Registered, RegistryConfig
from sinkworker.converters.wire import PREFIX, Reader, RegistryConverter


class JsonSchemaConverterConfig(RegistryConfig):
    extra = "jsonschema"

    use_optional_for_nonrequired: bool = False
    """Whether properties that are not required may be null."""

    not_honoured: ClassVar[Mapping[str, str]] = {
        **RegistryConfig.not_honoured,
        "json.fail.invalid.schema": "values are not checked against constraints",
        "object.additional.properties": "it is for writing",
        "decimal.format": "it is for writing; both forms are read",
    }


class JsonSchemaConverter(RegistryConverter):
    """Values as JsonConverter makes them of an envelope."""

    config_class = JsonSchemaConverterConfig
    kind = "JSON"

    def __init__(self, config: JsonSchemaConverterConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self._optional_by_default = config.use_optional_for_nonrequired

    def compile(
        self, schema: Registered, referenced: Mapping[str, Registered], prefix: bytes
    ) -> Reader:
        documents = {name: json.loads(other.text) for name, other in referenced.items()}
        types = JsonTypes(documents, optional_by_default=self._optional_by_default)
        document = json.loads(schema.text)
        schema_, read = types.type(document, document)

        def whole(data: bytes) -> Any:
            text = data[PREFIX:]
            if not text:
                raise DataError("they end too early")
            try:
                return read(parsed(text))
            except InexactError:
                return read(parsed_exactly(text))

        return Reader(schema_, whole)
