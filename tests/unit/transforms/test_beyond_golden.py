"""What golden results cannot say: defaults of structs, chains, memories, and what is better here."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sinkworker.api import DataError, SinkRecord, Transform
from sinkworker.transforms.cast import CastConfig, CastValue
from sinkworker.transforms.flatten import FlattenConfig, FlattenValue
from sinkworker.transforms.insert_field import InsertFieldConfig, InsertFieldValue
from sinkworker.transforms.java_regex import compiled
from sinkworker.transforms.mask_field import MaskFieldConfig, MaskFieldValue
from sinkworker.transforms.replace_field import ReplaceFieldConfig
from sinkworker.transforms.schemas import SEEN_LAST, Memo
from sinkworker.transforms.timestamp_converter import (
    TimestampConverterConfig,
    TimestampConverterValue,
)

MOMENT = datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=UTC)


def struct(*fields: tuple[str, str], **more: Any) -> dict[str, Any]:
    listed = [{"field": name, "type": kind, "optional": True} for name, kind in fields]
    return {"type": "struct", "optional": False, "fields": listed, **more}


def applied(transform: Transform, value: Any, schema: Any = None) -> SinkRecord:
    record = transform.apply(SinkRecord("t", 0, 1, 5, None, value, (), None, schema))
    assert record is not None
    return record


def test_a_flattened_struct_takes_its_defaults_from_the_struct_around_it() -> None:
    inner = {**struct(("x", "int32"), ("y", "string")), "default": {"x": 9, "y": "d"}}
    outer = struct() | {"fields": [{**inner, "field": "p", "optional": True}]}
    record = applied(FlattenValue(FlattenConfig()), {"p": None}, outer)
    assert record.value == {"p.x": 9, "p.y": "d"}
    assert record.value_schema is not None
    assert [(f["field"], f["default"]) for f in record.value_schema["fields"]] == [
        ("p.x", 9), ("p.y", "d"),
    ]  # fmt: skip


def test_a_struct_with_a_default_cannot_be_cast_as_in_kafka() -> None:
    cast = CastValue(CastConfig(spec=("a:string",)))
    with pytest.raises(DataError) as caught:
        applied(cast, {"a": 1}, struct(("a", "int32"), default={"a": 2}))
    assert str(caught.value) == "Cast$Value needs a struct, and one without a default"


def test_the_default_of_a_struct_is_converted_with_its_field() -> None:
    transform = TimestampConverterValue(
        TimestampConverterConfig(field="f", target_type="Date", unix_precision="seconds")
    )
    schema = struct(("f", "int64"), ("g", "string"), default={"f": 172_800, "g": "x"})
    record = applied(transform, {"f": 0, "g": "y"}, schema)
    assert record.value == {"f": date(1970, 1, 1), "g": "y"}
    assert record.value_schema is not None
    assert record.value_schema["default"] == {"f": 2, "g": "x"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("unix", 1_700_000_000_123_456), ("Timestamp", MOMENT), ("Date", date(2023, 11, 14)),
        ("Time", time(22, 13, 20, 123_456)), ("string", "22:13:20.123"),
    ],
)  # fmt: skip
def test_microseconds_are_kept(target: Any, expected: Any) -> None:
    config = TimestampConverterConfig(
        target_type=target, unix_precision="microseconds", format="HH:mm:ss.SSS"
    )
    transform = TimestampConverterValue(config)
    assert applied(transform, MOMENT).value == expected
    assert applied(transform, 1_700_000_000_123_456).value == expected


@pytest.mark.parametrize("moment", [MOMENT, date(2023, 11, 14), time(1, 2, 3)])
def test_moments_without_a_schema_can_be_cast_masked_and_flattened(moment: Any) -> None:
    value = {"a": {"at": moment}}
    flat = applied(FlattenValue(FlattenConfig()), value).value
    assert flat == {"a.at": moment}
    assert isinstance(
        applied(CastValue(CastConfig(spec=("a.at:string",))), flat).value["a.at"], str
    )
    masked = applied(MaskFieldValue(MaskFieldConfig(fields=("a.at",))), flat).value["a.at"]
    assert type(masked) is type(moment)


@pytest.mark.parametrize("value", [Decimal("1E+400"), Decimal("-1E+400")])
def test_a_decimal_beyond_a_double_becomes_infinite(value: Decimal) -> None:
    cast = applied(CastValue(CastConfig(spec=("float64",))), value).value
    assert cast == float("inf") * (1 if value > 0 else -1)


def test_a_year_of_two_digits_is_one_of_the_last_eighty_or_the_next_twenty() -> None:
    config = TimestampConverterConfig(target_type="Date", format="yy")
    soon = datetime.now(UTC) + timedelta(days=365 * 19)
    later = datetime.now(UTC) + timedelta(days=365 * 22)
    transform = TimestampConverterValue(config)
    assert applied(transform, f"{soon:%y}").value.year == soon.year
    assert applied(transform, f"{later:%y}").value.year == later.year - 100


def test_what_was_worked_out_for_a_schema_is_remembered_for_equal_ones() -> None:
    worked_out: list[str] = []
    memo = Memo(lambda schema: worked_out.append(schema["name"]))
    for _ in range(3):
        memo.of({"type": "struct", "name": "a"})
    assert worked_out == ["a"]


def test_schemas_that_were_not_seen_for_long_are_forgotten() -> None:
    worked_out: list[int] = []
    memo = Memo(lambda schema: worked_out.append(schema["version"]))
    for version in [*range(SEEN_LAST + 1), SEEN_LAST, 0]:
        memo.of({"type": "struct", "version": version})
    assert worked_out == [*range(SEEN_LAST + 1), 0]


def test_records_of_two_schemas_in_turn_get_their_own() -> None:
    transform = InsertFieldValue(InsertFieldConfig(topic_field="t"))
    for names in (["a"], ["b"], ["a"]):
        record = applied(transform, {names[0]: 1}, struct((names[0], "int32")))
        assert record.value_schema is not None
        assert [field["field"] for field in record.value_schema["fields"]] == [*names, "t"]


def test_nulls_stay_null_unless_told_otherwise() -> None:
    """Kafka's default is the other one; the converters' is this one here, too."""
    assert ReplaceFieldConfig().replace_null_with_default is False


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]", "[a[b]]", "a(?i)b", r"\p{Greek}", r"[\P{L}]"])
def test_java_patterns_that_python_would_take_for_something_else_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="Invalid regular expression"):
        compiled(pattern)


def test_a_message_names_the_kind_of_a_value_and_not_the_value() -> None:
    transform = InsertFieldValue(InsertFieldConfig(topic_field="t"))
    with pytest.raises(DataError) as caught:
        applied(transform, "secret")
    assert str(caught.value) == "InsertField$Value needs an object without a schema, not a string"
    with pytest.raises(DataError) as caught:
        applied(transform, "secret", {"type": "string"})
    assert str(caught.value) == "InsertField$Value needs a struct, not the type string"
