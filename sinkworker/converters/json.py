"""JSON → Python values, with or without Kafka Connect's schema envelope.

Kafka's `org.apache.kafka.connect.json.JsonConverter`. Strict JSON: no NaN, no trailing bytes, no
byte order mark. Integers of any size stay exact; of a member that appears twice the last counts;
nesting is possible to about 200 levels.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import field_validator
from pydantic_core import from_json

from sinkworker.api import ConfigModel, Converter, DataError, Header, Schema

ENVELOPE_EXPECTED = (
    'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain '
    "additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false "
    "in your converter configuration."
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class JsonConverterConfig(ConfigModel):
    schemas_enable: bool = True
    """Whether every message is an envelope `{"schema": …, "payload": …}`."""
    decimal_format: Literal["BASE64", "NUMERIC"] = "BASE64"
    """How the envelope writes decimals; both forms are read."""
    replace_null_with_default: bool = False
    """Whether a null in a field with a default becomes that default. (Kafka's default is true.)"""

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
        self._fill_nulls = config.replace_null_with_default

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        del topic, headers
        if not data:
            return None, None
        try:
            value = from_json(data, allow_inf_nan=False, cache_strings="keys")
        except ValueError as error:
            raise DataError(f"invalid JSON: {error}") from None
        if not self._enveloped:
            return None, value
        return self._open_envelope(value)

    def _open_envelope(self, value: Any) -> tuple[Schema | None, Any]:
        if value is None:
            return None, None
        if not isinstance(value, dict) or value.keys() != {"schema", "payload"}:
            raise DataError(ENVELOPE_EXPECTED)
        schema, payload = value["schema"], value["payload"]
        if schema is None:
            return None, payload
        return schema, self._typed(schema, payload)

    def _typed(self, schema: Any, payload: Any) -> Any:
        """The payload as the schema says: bytes, decimals, times. DataError where they disagree."""
        if not isinstance(schema, dict) or not isinstance(schema.get("type"), str):
            raise DataError("the envelope's schema has no type")
        if payload is None:
            return self._null(schema)
        read = _LOGICAL.get(schema.get("name", "")) or _READERS.get(schema["type"])
        if read is not None:
            return read(schema, payload)
        return self._composite(schema, payload)

    def _null(self, schema: Mapping[str, Any]) -> Any:
        if "default" in schema and (self._fill_nulls or not schema.get("optional", False)):
            return self._typed({**schema, "optional": True}, schema["default"])
        if schema.get("optional", False):
            return None
        raise DataError(f"null for a field that is not optional{_named(schema)}")

    def _composite(self, schema: Mapping[str, Any], payload: Any) -> Any:
        kind = schema["type"]
        if kind == "struct" and isinstance(payload, dict):
            fields = schema.get("fields") or ()
            return {f["field"]: self._typed(f, payload.get(f["field"])) for f in fields}
        if kind == "array" and isinstance(payload, list):
            return [self._typed(schema.get("items"), item) for item in payload]
        if kind == "map" and isinstance(payload, dict):
            return {k: self._typed(schema.get("values"), v) for k, v in payload.items()}
        if kind == "map" and isinstance(payload, list):
            return [[self._typed(schema.get("keys"), k), self._typed(schema.get("values"), v)]
                    for k, v in payload]  # fmt: skip
        raise DataError(f"a {_json_name(payload)} where the schema says {kind}{_named(schema)}")


def _named(schema: Mapping[str, Any]) -> str:
    name = schema.get("field") or schema.get("name")
    return f" ({name})" if name else ""


def _json_name(payload: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(payload), "number")


def _exactly(*types: type) -> Callable[[Mapping[str, Any], Any], Any]:
    def read(schema: Mapping[str, Any], payload: Any) -> Any:
        if type(payload) not in types:
            raise DataError(
                f"a {_json_name(payload)} where the schema says {schema['type']}{_named(schema)}"
            )
        return payload

    return read


def _bytes(schema: Mapping[str, Any], payload: Any) -> bytes:
    text = _exactly(str)(schema, payload)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise DataError(f"not base64{_named(schema)}") from None


def _float(schema: Mapping[str, Any], payload: Any) -> float:
    return float(_exactly(int, float)(schema, payload))


def _decimal(schema: Mapping[str, Any], payload: Any) -> Decimal:
    if isinstance(payload, int | float) and not isinstance(payload, bool):
        return Decimal(str(payload))
    scale = int(schema.get("parameters", {}).get("scale", 0))
    return Decimal(int.from_bytes(_bytes(schema, payload), "big", signed=True)).scaleb(-scale)


def _date(schema: Mapping[str, Any], payload: Any) -> date:
    return (EPOCH + timedelta(days=_exactly(int)(schema, payload))).date()


def _time(schema: Mapping[str, Any], payload: Any) -> time:
    return (EPOCH + timedelta(milliseconds=_exactly(int)(schema, payload))).time()


def _timestamp(schema: Mapping[str, Any], payload: Any) -> datetime:
    return EPOCH + timedelta(milliseconds=_exactly(int)(schema, payload))


_READERS: Mapping[str, Callable[[Mapping[str, Any], Any], Any]] = {
    "boolean": _exactly(bool),
    "int8": _exactly(int),
    "int16": _exactly(int),
    "int32": _exactly(int),
    "int64": _exactly(int),
    "float": _float,
    "float32": _float,
    "double": _float,
    "float64": _float,
    "string": _exactly(str),
    "bytes": _bytes,
}
_LOGICAL: Mapping[str, Callable[[Mapping[str, Any], Any], Any]] = {
    "org.apache.kafka.connect.data.Decimal": _decimal,
    "org.apache.kafka.connect.data.Date": _date,
    "org.apache.kafka.connect.data.Time": _time,
    "org.apache.kafka.connect.data.Timestamp": _timestamp,
}
