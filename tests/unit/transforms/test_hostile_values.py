"""Whatever a value without a schema is: a transform changes it, or says why not without showing it."""

from __future__ import annotations

import math
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkworker.api import DataError, SinkRecord, Transform
from sinkworker.plugins import Catalog, Kind

CONFIGS: dict[str, dict[str, Any]] = {
    "Cast$Value": {"spec": ("a:int8", "b:float32", "c:boolean", "op:string")},
    "DropHeaders": {"headers": ("a",)},
    "ExtractField$Value": {"field": "a.b", "field_syntax_version": "V2"},
    "ExtractNewRecordState": {"add_fields": ("op", "db"), "add_headers": ("op", "db"),
                              "route_by_field": "a", "drop_fields_header_name": "a"},
    "Filter": {},
    "Flatten$Value": {},
    "HeaderFrom$Value": {"fields": ("a", "b"), "headers": ("x", "y"), "operation": "move"},
    "HoistField$Value": {"field": "a"},
    "InsertField$Value": {"topic_field": "a", "offset_field": "b", "timestamp_field": "c"},
    "InsertHeader": {"header": "a", "value_literal": "1"},
    "MaskField$Value": {"fields": ("a", "b")},
    "RegexRouter": {"regex": "(.)(.*)", "replacement": "$2$1"},
    "ReplaceField$Value": {"exclude": ("a",), "renames": ("b:c",)},
    "SetSchemaMetadata$Value": {"schema_name": "x"},
    "TimestampConverter$Value": {"field": "a", "target_type": "string",
                                 "format": "yyyy-MM-dd'T'HH:mm:ss.SSSX"},
    "TimestampRouter": {},
    "ValueToKey": {"fields": ("a", "b")},
}  # fmt: skip
WHOLE: dict[str, dict[str, Any]] = {
    "Cast$Value": {"spec": ("int32",)},
    "TimestampConverter$Value": {"target_type": "Date", "format": "d.M.yy h:mm a",
                                 "unix_precision": "seconds"},
}  # fmt: skip

NAMES = st.sampled_from(["a", "b", "c", "op", "before", "after", "source", "db"]) | st.text()
NUMBERS = st.integers() | st.floats() | st.decimals(allow_nan=False)
TEXTS = st.text() | st.sampled_from(["1e999", "-128", "2023-02-30T25:00:00.1Z", "1.1.23 0:5 pm"])
MOMENTS = st.datetimes(timezones=st.just(UTC)) | st.dates() | st.times()
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS | st.binary() | MOMENTS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, VALUES)
CASES = [*CONFIGS.items(), *WHOLE.items()]


def made(name: str, config: dict[str, Any]) -> Transform:
    plugin = Catalog().load(Kind.TRANSFORM, name)
    transform: Transform = plugin(plugin.config_class(**config))
    return transform


def test_every_transform_is_among_them() -> None:
    plugins = [each.name for each in Catalog().list(Kind.TRANSFORM)]
    assert {name for name in plugins if "$Key" not in name} - {"python"} == CONFIGS.keys()


# One for all values: what it remembers of one must not harm another.
MADE = [(name, made(name, config)) for name, config in CASES]


@pytest.mark.parametrize("transform", [each for _, each in MADE], ids=[name for name, _ in MADE])
@given(
    value=OBJECTS | VALUES, headers=st.lists(st.tuples(NAMES, LEAVES | st.lists(TEXTS)), max_size=3)
)
@settings(max_examples=20, deadline=None)
def test_it_changes_a_value_or_refuses_it_as_data(
    transform: Transform, value: Any, headers: Any
) -> None:
    before = deepcopy(value)
    record = SinkRecord("alerts", 3, 42, 1_700_000_000_123, None, value, headers)
    with suppress(DataError):
        transform.apply(record)
    assert repr(value) == repr(before)  # of NaN, too
    assert (record.partition, record.offset) == (3, 42)


@pytest.mark.parametrize(
    "moment", [datetime.max, datetime.min, date.max, time.max, math.nan, 10**30]
)
def test_moments_at_the_ends_of_time_are_data(moment: Any) -> None:
    transform = made("TimestampConverter$Value", {"target_type": "Timestamp"})
    record = SinkRecord("alerts", 3, 42, 0, None, moment)
    try:
        assert transform.apply(record) is record
    except DataError as error:
        assert "TimestampConverter" in str(error) or "outside the years" in str(error)
