"""Random schemas with random values of them, and what Connect makes of each value."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

from hypothesis import strategies as st

NAMES = st.text("abcXYZ_", min_size=1, max_size=6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LONGS = st.integers(-(2**63), 2**63 - 1)
INTS = st.integers(-(2**31), 2**31 - 1)
DOUBLES = st.floats(allow_nan=False)
SINGLES = st.floats(allow_nan=False, width=32)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
_numbers = count()


class Typed(NamedTuple):
    """given: as the format's own library takes it. expected: the value that is to be read."""

    schema: Any
    given: Any
    expected: Any


def _as_is(schema: Any, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Typed]:
    return values.map(lambda value: Typed(schema, value, value))


def _to_millis(moment: datetime | time) -> Any:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


DECIMALS = st.integers(-(10**20), 10**20).map(lambda number: Decimal(number).scaleb(-3))
AVRO_SIMPLE = st.one_of(
    _as_is("boolean", st.booleans()),
    _as_is("int", INTS),
    _as_is("long", LONGS),
    _as_is("float", SINGLES),
    _as_is("double", DOUBLES),
    _as_is("bytes", st.binary(max_size=200)),
    _as_is("string", TEXTS),
    _as_is({"type": "int", "logicalType": "date"}, st.dates(date(1, 1, 1))),
    _as_is({"type": "int", "logicalType": "time-millis"}, st.times().map(_to_millis)),
    _as_is({"type": "long", "logicalType": "time-micros"}, st.times()),
    _as_is({"type": "long", "logicalType": "timestamp-millis"}, MOMENTS.map(_to_millis)),
    _as_is({"type": "long", "logicalType": "timestamp-micros"}, MOMENTS),
    _as_is({"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 3}, DECIMALS),
)


@st.composite
def _enums(draw: st.DrawFn) -> Typed:
    symbols = [f"S{number}" for number in range(draw(st.integers(1, 100)))]
    schema = {"type": "enum", "name": f"E{next(_numbers)}", "symbols": symbols}
    symbol = draw(st.sampled_from(symbols))
    return Typed(schema, symbol, symbol)


@st.composite
def _records(draw: st.DrawFn, children: st.SearchStrategy[Typed]) -> Typed:
    fields = draw(st.dictionaries(NAMES, children, max_size=5))
    listed = [{"name": name, "type": kind.schema} for name, kind in fields.items()]
    schema = {"type": "record", "name": f"R{next(_numbers)}", "fields": listed}
    return Typed(
        schema,
        {name: kind.given for name, kind in fields.items()},
        {name: kind.expected for name, kind in fields.items()},
    )


def _optional(child: Typed) -> st.SearchStrategy[Typed]:
    if isinstance(child.schema, list):
        return st.just(child)
    return st.sampled_from([
        Typed(["null", child.schema], child.given, child.expected),
        Typed([child.schema, "null"], child.given, child.expected),
        Typed(["null", child.schema], None, None),
    ])  # fmt: skip


def _array(child: Typed) -> st.SearchStrategy[Typed]:
    schema = {"type": "array", "items": child.schema}
    return st.integers(0, 3).map(
        lambda size: Typed(schema, [child.given] * size, [child.expected] * size)
    )


def _map(child: Typed) -> st.SearchStrategy[Typed]:
    schema = {"type": "map", "values": child.schema}
    return st.lists(TEXTS, max_size=3, unique=True).map(
        lambda keys: Typed(
            schema, dict.fromkeys(keys, child.given), dict.fromkeys(keys, child.expected)
        )
    )


UNION: list[Any] = ["null", "long", "string", "boolean", "bytes"]
_NULLS: dict[str, Any] = dict.fromkeys(UNION[1:])
AVRO_UNIONS = st.one_of(
    st.just(Typed(UNION, None, None)),
    LONGS.map(lambda value: Typed(UNION, value, {**_NULLS, "long": value})),
    TEXTS.map(lambda value: Typed(UNION, value, {**_NULLS, "string": value})),
    st.booleans().map(lambda value: Typed(UNION, value, {**_NULLS, "boolean": value})),
    st.binary().map(lambda value: Typed(UNION, value, {**_NULLS, "bytes": value})),
)

AVRO: st.SearchStrategy[Typed] = st.recursive(
    st.one_of(AVRO_SIMPLE, _enums(), AVRO_UNIONS),
    lambda children: st.one_of(
        _records(children),
        children.flatmap(_optional),
        children.flatmap(_array),
        children.flatmap(_map),
    ),
    max_leaves=8,
)


def _objects(children: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    return st.dictionaries(NAMES, children, max_size=4).map(
        lambda fields: Typed(
            {"type": "object", "properties": {k: v.schema for k, v in fields.items()},
             "required": list(fields)},
            {k: v.given for k, v in fields.items()},
            {k: v.expected for k, v in fields.items()},
        )
    )  # fmt: skip


JSON: st.SearchStrategy[Typed] = st.recursive(
    st.one_of(
        _as_is({"type": "boolean"}, st.booleans()),
        _as_is({"type": "integer"}, LONGS),
        _as_is({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False)),
        _as_is({"type": "string"}, TEXTS),
        _as_is({"type": ["string", "null"]}, st.none() | TEXTS),
    ),
    lambda children: st.one_of(
        _objects(children),
        children.map(lambda kind: Typed({"type": "array", "items": kind.schema},
                                        [kind.given] * 2, [kind.expected] * 2)),
    ),
    max_leaves=8,
)  # fmt: skip
