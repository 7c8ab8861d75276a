"""A golden case through our own transforms, and what differs from the result that Kafka has.

Numbers without a schema have no width here, and fractions none but that of a double: a float of Kafka's
is compared as a float. What a header or a value without a schema holds is compared by its Python type.
"""

from __future__ import annotations

import base64
import json
import math
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import ValidationError

from sinkworker.api import ConfigModel, Converter, Header, Predicate, SinkRecord
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.converters.simple_header import SimpleHeaderConverter
from sinkworker.plugins import Catalog, Kind
from sinkworker.transforms.java_numbers import float32
from sinkworker.transforms.moments import microseconds_of
from tests.unit.transforms.golden.forms import Case, Json

CATALOG = Catalog()
REFUSALS = ("configure", "apply")
PARTS = SinkRecord.__dataclass_fields__


def difference(case: Case, expected: Json) -> str | None:
    """What is not the same, in words; None when nothing is."""
    ours = outcome(case, record_of(case))
    if isinstance(ours, SinkRecord):
        return _of_records(expected, ours, record_of(case))
    if "refused" in expected and "refused" in ours:
        # What Kafka finds when a record comes may be found here before any record comes.
        is_later = REFUSALS.index(ours["refused"]) > REFUSALS.index(expected["refused"])
        return f"{ours} is later than {expected}" if is_later else None
    return None if ours == expected else f"{ours} is not {expected}"


@cache
def plugin_of(name: str) -> Any:
    return CATALOG.load(Kind.PREDICATE if ".predicates." in name else Kind.TRANSFORM, name)


def outcome(case: Case, record: SinkRecord) -> Any:
    """A result in words, as in the file, or the transformed record."""
    plugin = plugin_of(case["type"])
    try:
        config = plugin.config_class.model_validate(case["config"])
        made = plugin(config)
    except ValidationError as error:
        return {"refused": "configure", "why": str(error)}
    try:
        if isinstance(made, Predicate):
            return {"holds": made.test(record)}
        transformed = made.apply(record)
    except Exception as error:
        return {"refused": "apply", "why": f"{type(error).__name__}: {error}"}
    return {"filtered": True} if transformed is None else transformed


def record_of(case: Case) -> SinkRecord:
    key_schema, key = _converted(case["key"])
    value_schema, value = _converted(case["value"])
    headers = [_header(*each) for each in case["headers"]]
    return SinkRecord(
        case["topic"], 3, 42, case["timestamp"], key, value, headers, key_schema, value_schema
    )


def _header(name: str, text: str) -> Header:
    converter: Converter = SimpleHeaderConverter(ConfigModel(), is_key=False)
    return name, converter.decode("", text.encode(), ())[1]


def _converted(given: Json) -> tuple[Any, Any]:
    if given is None:
        return None, None
    converter = JsonConverter(JsonConverterConfig(schemas_enable="schema" in given), is_key=False)
    text = json.dumps(given if "schema" in given else given["payload"])
    return converter.decode("", text.encode(), ())


def _of_records(expected: Json, ours: SinkRecord, original: SinkRecord) -> str | None:
    if not expected.keys() <= PARTS.keys():
        return f"{ours} instead of {expected}"
    for name in PARTS:
        value = getattr(ours, name)
        is_same = _is_same_part(name, value, expected[name]) if name in expected else (
            value == getattr(original, name)
        )  # fmt: skip
        if not is_same:
            return f"{name} {value!r} is not {expected.get(name, 'what it was')}"
    return None


def _is_same_part(name: str, ours: Any, expected: Json) -> bool:
    if name.endswith("_schema"):
        return bool(_normal(ours) == _normal(expected))
    return (
        same([list(each) for each in ours], expected) if name == "headers" else same(ours, expected)
    )


def same(ours: Any, expected: Json) -> bool:
    """Whether a value is the one that was written, tags and all."""
    if isinstance(expected, dict):
        ((tag, written),) = expected.items()
        return _same_tagged(ours, tag, written)
    if isinstance(expected, list):
        is_list = isinstance(ours, list) and len(ours) == len(expected)
        return is_list and all(map(same, ours, expected))
    return type(ours) is type(expected) and bool(ours == expected)


def _same_tagged(ours: Any, tag: str, written: Any) -> bool:
    if tag in ("float", "double"):
        return isinstance(ours, float) and _same_number(ours, float(written), tag)
    if tag == "struct":
        return isinstance(ours, dict) and list(ours) == list(written) and all(
            same(ours[name], each) for name, each in written.items()
        )  # fmt: skip
    if tag == "map":
        return isinstance(ours, dict) and _same_members(ours, written)
    if tag == "moment":
        return isinstance(ours, date | time | datetime) and microseconds_of(ours) == written * 1000
    if tag == "decimal":
        return isinstance(ours, Decimal) and str(ours) == written
    return isinstance(ours, bytes) and ours == base64.b64decode(written)


def _same_members(ours: dict[Any, Any], written: list[list[Any]]) -> bool:
    members = dict(map(tuple, written))  # type: ignore[arg-type]
    return ours.keys() == members.keys() and all(
        same(ours[name], each) for name, each in members.items()
    )


def _same_number(ours: float, written: float, tag: str) -> bool:
    if tag == "float":
        ours, written = float32(ours), float32(written)
    return (math.isnan(ours) and math.isnan(written)) or (
        ours == written and math.copysign(1, ours) == math.copysign(1, written)
    )


def _normal(schema: Any) -> Any:
    """A schema without what says nothing: nulls, and `optional` where it is false."""
    if isinstance(schema, list):
        return [_normal(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _normal(each) for key, each in schema.items()
        if each is not None and (key, each) != ("optional", False)
    }  # fmt: skip
