"""Kafka Connect's schema envelope: `{"schema": …, "payload": …}` → schema and typed value.

Owns the types that JSON has no words for: bytes, decimals, dates and times. Kafka's
`org.apache.kafka.connect.json.JsonConverter`. Must not know bytes or parsers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sinkworker.api import DataError, Schema

ENVELOPE_EXPECTED = (
    'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain '
    "additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false "
    "in your converter configuration."
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InexactError(Exception):
    """A decimal was read as a float: the text must be read again, with decimals."""


class Envelope:
    """How envelopes are opened."""

    def __init__(self, *, fills_nulls: bool) -> None:
        """fills_nulls: whether a null becomes its field's default, also where it is optional."""
        self._fills_nulls = fills_nulls

    def open(self, value: Any) -> tuple[Schema | None, Any]:
        """DataError when it is none; InexactError when a decimal was read as a float."""
        if value is None:
            return None, None
        if not isinstance(value, dict) or value.keys() != {"schema", "payload"}:
            raise DataError(ENVELOPE_EXPECTED)
        schema, payload = value["schema"], value["payload"]
        if schema is None:
            return None, payload
        return schema, self.typed(schema, payload)

    def typed(self, schema: Any, payload: Any) -> Any:
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
        if "default" in schema and (self._fills_nulls or not schema.get("optional", False)):
            return self.typed({**schema, "optional": True}, schema["default"])
        if schema.get("optional", False):
            return None
        raise DataError(f"null for a field that is not optional{_named(schema)}")

    def _composite(self, schema: Mapping[str, Any], payload: Any) -> Any:
        kind = schema["type"]
        if kind == "struct" and isinstance(payload, dict):
            fields = schema.get("fields") or ()
            return {f["field"]: self.typed(f, payload.get(f["field"])) for f in fields}
        if kind == "array" and isinstance(payload, list):
            return [self.typed(schema.get("items"), item) for item in payload]
        if kind == "map" and isinstance(payload, dict):
            return {k: self.typed(schema.get("values"), v) for k, v in payload.items()}
        if kind == "map" and isinstance(payload, list):
            return [[self.typed(schema.get("keys"), k), self.typed(schema.get("values"), v)]
                    for k, v in payload]  # fmt: skip
        raise DataError(f"{_json_name(payload)} where the schema says {kind}{_named(schema)}")


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
        raise InexactError
    if type(payload) in (int, Decimal):
        return Decimal(payload)
    parameters = schema.get("parameters") or {}
    data = _bytes(schema, payload)
    if "scale" not in parameters:
        raise DataError(f"a decimal without a scale{_named(schema)}")
    return decimal_of(data, int(parameters["scale"]))


def decimal_of(data: bytes, scale: int) -> Decimal:
    """The number that these bytes are, big endian, divided by ten to the power of the scale."""
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
# What JSON has itself: such a value is what the schema says.
_UNCHANGED: Mapping[str, type] = {
    "boolean": bool, "int8": int, "int16": int, "int32": int, "int64": int, "float": float,
    "float32": float, "double": float, "float64": float, "string": str,
}  # fmt: skip
_LOGICAL: Mapping[str, Callable[[Mapping[str, Any], Any], Any]] = {
    "org.apache.kafka.connect.data.Decimal": _decimal,
    "org.apache.kafka.connect.data.Date": _date,
    "org.apache.kafka.connect.data.Time": _time,
    "org.apache.kafka.connect.data.Timestamp": _timestamp,
}


def scalar_reader(schema: Mapping[str, Any]) -> Callable[[Any], Any]:
    """How the JSON of a type that is not made of others is read, where it is not null."""
    return partial(_LOGICAL.get(schema.get("name", "")) or _READERS[schema["type"]], schema)


def fields_of(schema: Any) -> Sequence[Mapping[str, Any]]:
    """The fields of a struct; of anything else, none."""
    is_struct = schema is not None and schema["type"] == "struct"
    return schema.get("fields") or () if is_struct and schema.get("name") not in _LOGICAL else ()


def is_unchanged(schema: Mapping[str, Any], kind: type) -> bool:
    """Whether `Envelope.typed` returns every payload of this type as it is."""
    if kind is type(None):
        return bool(schema.get("optional", False)) and "default" not in schema
    return schema.get("name", "") not in _LOGICAL and _UNCHANGED.get(schema["type"]) is kind
