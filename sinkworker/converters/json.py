"""JSON → Python values, with or without Kafka Connect's schema envelope.

Kafka's `org.apache.kafka.connect.json.JsonConverter`. Strict JSON: no NaN, no trailing bytes, no
byte order mark. Integers of any size stay exact; of a member that appears twice the last counts;
nesting is possible to about 200 levels.
"""

from __future__ import annotations

import base64
import json as stdlib_json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, Literal

from pydantic import field_validator
from pydantic_core import from_json

from sinkworker.api import ConfigModel, Converter, DataError, Header, Schema

ENVELOPE_EXPECTED = (
    'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain '
    "additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false "
    "in your converter configuration."
)
INFINITY = "invalid JSON: a number that no float can hold"
INFINITE = frozenset({float("inf"), float("-inf")})
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
        if not data:
            return None, None
        try:
            value = from_json(data, allow_inf_nan=False, cache_strings="keys")
        except ValueError as error:
            raise DataError(f"invalid JSON: {error}") from None
        if _is_infinite(value):
            raise DataError(INFINITY)
        if not self._enveloped:
            return None, value
        try:
            return self._open_envelope(value)
        except _InexactError:
            return self._open_envelope(stdlib_json.loads(data, parse_float=Decimal))
        except DataError:
            raise
        except Exception as error:  # whatever a malformed schema leads to; its text may show data
            raise DataError(f"a malformed envelope ({type(error).__name__})") from None

    def decode_all(
        self, topic: str, data: Sequence[bytes | None], headers: Sequence[Sequence[Header]]
    ) -> tuple[Sequence[Schema | None], Sequence[Any]]:
        """Looking for infinities once saves a fifth of the time. Envelopes take it one by one."""
        if self._enveloped:
            return super().decode_all(topic, data, headers)
        values = [
            from_json(each, allow_inf_nan=False, cache_strings="keys") if each else None
            for each in data
        ]
        if _is_any_infinite(values):
            raise DataError(INFINITY)
        return [None] * len(values), values

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
        raise DataError(f"{_json_name(payload)} where the schema says {kind}{_named(schema)}")


class _InexactError(Exception):
    """A decimal was read as a float: the text must be read again, with decimals."""


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
    try:
        return not INFINITE.isdisjoint(chain.from_iterable(map(dict.values, values)))
    except TypeError:  # not all of them are objects of plain values
        return any(map(_is_infinite, values))


def _named(schema: Mapping[str, Any]) -> str:
    name = schema.get("field") or schema.get("name")
    return f" ({name})" if name else ""


def _json_name(payload: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    names |= {type(None): "null", int: "an integer"}
    return names.get(type(payload), "a fraction")


def _exactly(*types: type) -> Callable[[Mapping[str, Any], Any], Any]:
    def read(schema: Mapping[str, Any], payload: Any) -> Any:
        if type(payload) not in types:
            raise DataError(
                f"{_json_name(payload)} where the schema says {schema['type']}{_named(schema)}"
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
    return float(_exactly(int, float, Decimal)(schema, payload))


def _decimal(schema: Mapping[str, Any], payload: Any) -> Decimal:
    """Exact, however many digits there are: nothing here rounds to a decimal context."""
    if type(payload) is float:
        raise _InexactError
    if type(payload) in (int, Decimal):
        return Decimal(payload)
    parameters = schema.get("parameters") or {}
    data = _bytes(schema, payload)
    if "scale" not in parameters:
        raise DataError(f"a decimal without a scale{_named(schema)}")
    scale = int(parameters["scale"])
    number = int.from_bytes(data, "big", signed=True)
    digits = tuple(map(int, str(abs(number))))
    return Decimal((int(number < 0), digits, -scale))


def _date(schema: Mapping[str, Any], payload: Any) -> date:
    return _moment(schema, payload, days=1).date()


def _time(schema: Mapping[str, Any], payload: Any) -> time:
    if not 0 <= _exactly(int)(schema, payload) < 86_400_000:
        raise DataError(f"a time outside the day{_named(schema)}")
    return _moment(schema, payload, milliseconds=1).time()


def _timestamp(schema: Mapping[str, Any], payload: Any) -> datetime:
    return _moment(schema, payload, milliseconds=1)


def _moment(schema: Mapping[str, Any], payload: Any, **unit: int) -> datetime:
    count: int = _exactly(int)(schema, payload)
    try:
        return EPOCH + timedelta(**unit) * count
    except OverflowError:
        raise DataError(f"a moment outside the years 1 to 9999{_named(schema)}") from None


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
