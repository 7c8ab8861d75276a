"""Bytes → numbers and booleans: exact lengths, big endian, as Kafka's serializers write them."""

from __future__ import annotations

import math

import pytest

from sinkworker.api import ConfigModel, Converter, DataError
from sinkworker.converters.boolean import BooleanConverter
from sinkworker.converters.number import (
    DoubleConverter,
    FloatConverter,
    IntegerConverter,
    LongConverter,
    ShortConverter,
)

TYPES: dict[type[Converter], str] = {
    ShortConverter: "int16",
    IntegerConverter: "int32",
    LongConverter: "int64",
    FloatConverter: "float",
    DoubleConverter: "double",
    BooleanConverter: "boolean",
}


def made(converter: type[Converter]) -> Converter:
    return converter(ConfigModel(), is_key=False)


@pytest.mark.parametrize(
    ("converter", "data", "expected"),
    [
        (ShortConverter, "0001", 1),
        (ShortConverter, "7fff", 32_767),
        (ShortConverter, "8000", -32_768),
        (IntegerConverter, "00000100", 256),
        (IntegerConverter, "ffffffff", -1),
        (IntegerConverter, "80000000", -(2**31)),
        (LongConverter, "0000000000000001", 1),
        (LongConverter, "7fffffffffffffff", 2**63 - 1),
        (LongConverter, "8000000000000000", -(2**63)),
        (FloatConverter, "3fc00000", 1.5),
        (FloatConverter, "3dcccccd", 0.10000000149011612),
        (FloatConverter, "7f800000", math.inf),
        (DoubleConverter, "3fb999999999999a", 0.1),
        (DoubleConverter, "8000000000000000", -0.0),
        (BooleanConverter, "00", False),
        (BooleanConverter, "01", True),
    ],
)
def test_bytes_become_the_number_that_was_written(
    converter: type[Converter], data: str, expected: object
) -> None:
    schema, value = made(converter).decode("alerts", bytes.fromhex(data), ())
    assert (schema, repr(value)) == ({"type": TYPES[converter], "optional": True}, repr(expected))


@pytest.mark.parametrize("converter", [FloatConverter, DoubleConverter])
def test_not_a_number_is_a_float_like_any_other(converter: type[Converter]) -> None:
    data = bytes.fromhex("7fc00000" if converter is FloatConverter else "7ff8000000000000")
    assert math.isnan(made(converter).decode("alerts", data, ())[1])


@pytest.mark.parametrize("converter", TYPES)
def test_nothing_at_all_is_null(converter: type[Converter]) -> None:
    schema = {"type": TYPES[converter], "optional": True}
    assert made(converter).decode("alerts", None, ()) == (schema, None)


@pytest.mark.parametrize(
    ("converter", "data", "message"),
    [
        (ShortConverter, b"", "short: Size of data received by ShortConverter is not 2 but 0"),
        (ShortConverter, b"123", "short: Size of data received by ShortConverter is not 2 but 3"),
        (IntegerConverter, b"12345678",
         "integer: Size of data received by IntegerConverter is not 4 but 8"),
        (LongConverter, b"1234", "long: Size of data received by LongConverter is not 8 but 4"),
        (FloatConverter, b"12345",
         "float: Size of data received by FloatConverter is not 4 but 5"),
        (DoubleConverter, b"1.5", "double: Size of data received by DoubleConverter is not 8 but 3"),
        (BooleanConverter, b"",
         "boolean: Size of data received by BooleanConverter is not 1 but 0"),
        (BooleanConverter, b"true",
         "boolean: Size of data received by BooleanConverter is not 1 but 4"),
        (BooleanConverter, b"\x02",
         "boolean: Unexpected byte received by BooleanConverter: neither 0 nor 1"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_such_number_are_a_data_error_without_the_bytes(
    converter: type[Converter], data: bytes, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        made(converter).decode("alerts", data, ())
    assert str(caught.value) == f"Failed to deserialize {message}"
