"""Bytes → values: what each bundled converter makes of good and of bad bytes.

JSON with a schema's envelope is in test_json_envelope.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import ConfigModel, Converter, DataError
from sinkworker.converters.byte_array import ByteArrayConverter
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.converters.string import StringConverter, StringConverterConfig

SECRET = "hunter2"


def value(converter: Converter, data: bytes | None) -> Any:
    schema, decoded = converter.decode("alerts", data, ())
    assert schema is None
    return decoded


def json_value(data: bytes | None) -> Any:
    """What plain JSON (schemas.enable=false) becomes."""
    return value(JsonConverter(JsonConverterConfig(schemas_enable=False), is_key=False), data)


def text(data: bytes | None, encoding: str = "UTF-8") -> Any:
    config = StringConverterConfig(converter_encoding=encoding)
    return value(StringConverter(config, is_key=False), data)


def json_error(data: bytes) -> str:
    with pytest.raises(DataError) as caught:
        json_value(data)
    return str(caught.value)


# ByteArrayConverter


@pytest.mark.parametrize("data", [None, b"", b"\x00\xff", b"text"])
def test_bytes_stay_as_they_are(data: bytes | None) -> None:
    assert value(ByteArrayConverter(ConfigModel(), is_key=True), data) == data


# StringConverter


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        (None, "UTF-8", None),
        (b"", "UTF-8", ""),
        ("größe 日本 🚲".encode(), "UTF-8", "größe 日本 🚲"),
        (b"nul \x00 inside", "UTF8", "nul \x00 inside"),
        (b"gr\xf6\xdfe", "ISO-8859-1", "größe"),
        (b"gr\xf6\xdfe", "ISO8859_1", "größe"),
        (b"5 \x80", "windows-1252", "5 €"),
        (b"5 \x80", "Cp1252", "5 €"),
        (b"plain", "US-ASCII", "plain"),
    ],
)
def test_text_is_decoded_in_encodings_as_java_or_python_spell_them(
    data: bytes | None, encoding: str, expected: str | None
) -> None:
    assert text(data, encoding) == expected


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (b"hunter2 \xff", "UTF-8", "not utf-8: invalid start byte at byte 8"),
        (b"hunter2\xc3", "UTF-8", "not utf-8: unexpected end of data at byte 7"),
        (b"\xed\xa0\x80", "UTF-8", "not utf-8: invalid continuation byte at byte 0"),
        (b"hunter2\xe9", "US-ASCII", "not ascii: ordinal not in range(128) at byte 7"),
    ],
)
def test_bytes_that_are_no_text_are_a_data_error_without_the_bytes(
    data: bytes, encoding: str, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        text(data, encoding)
    assert str(caught.value) == message


@pytest.mark.parametrize("encoding", ["klingon", ""])
def test_an_encoding_that_nobody_knows_is_refused(encoding: str) -> None:
    with pytest.raises(ValueError, match="Unknown encoding of text"):
        StringConverterConfig(converter_encoding=encoding)


@pytest.mark.parametrize("encoding", ["base64", "hex", "rot13", "zip", "undefined"])
def test_a_codec_that_is_no_encoding_of_text_is_refused(encoding: str) -> None:
    with pytest.raises(ValueError, match="Unknown encoding of text"):
        StringConverterConfig(converter_encoding=encoding)


# JsonConverter, plain


@pytest.mark.parametrize("data", [None, b"", b"null"])
def test_nothing_at_all_and_null_are_null(data: bytes | None) -> None:
    assert json_value(data) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"true", True),
        (b'"text"', "text"),
        (b' {"a" : [1, 2.5, null, "x"]} \n', {"a": [1, 2.5, None, "x"]}),
        ('{"größe":"日本 🚲"}'.encode(), {"größe": "日本 🚲"}),
        (b'"\\u00fc\\ud83d\\ude00\\n"', "ü😀\n"),
        (b'"a\\u0000b"', "a\x00b"),
        (b'{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
        (b"-0.0", -0.0),
        (b"1e5", 100000.0),
    ],
)
def test_json_becomes_python_values(data: bytes, expected: object) -> None:
    decoded = json_value(data)
    assert decoded == expected
    assert type(decoded) is type(expected)


@pytest.mark.parametrize(
    "number",
    [2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30 + 1, int("9" * 1000)],
    ids=lambda number: f"{number.bit_length()} bits",
)
def test_integers_of_any_size_stay_exact(number: int) -> None:
    assert json_value(f'{{"n":{number}}}'.encode()) == {"n": number}


def test_an_integer_too_long_for_python_is_a_data_error_and_never_rounded() -> None:
    assert json_error(b"1" * 5000).startswith("invalid JSON: number out of range")


@pytest.mark.parametrize("data", [b"1e400", b"-1e400", b'{"a":[1e999]}', b'[{"a":1},1e400]'])
def test_a_number_that_is_too_large_for_a_float_is_a_data_error(data: bytes) -> None:
    assert json_error(data) == "invalid JSON: a number that no float can hold"


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b'{"a":NaN}',
        b"[Infinity]",
        b"nan",
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"{}x",
        b"1 2",
        b" ",
        b"{",
        b'"open',
        b"[1,]",
        b'{"a":1,}',
        b"{a:1}",
        b"'a'",
        b"01",
        b"+1",
        b".5",
        b"1.",
        b"tru",
        b"\x00",
        b"/**/1",
        b'"line\nbreak"',
        b'"\\x41"',
        b'"\xff"',
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\ude00"',
        b'{"\\ud800":1}',
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_strict_json_is_a_data_error(data: bytes) -> None:
    assert json_error(data).startswith("invalid JSON: ")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["arrays", "objects"])
@pytest.mark.parametrize("is_closed", [True, False])
def test_twenty_thousand_levels_are_a_data_error_and_no_crash(
    opening: bytes, *, is_closed: bool
) -> None:
    closing = b"]" if opening == b"[" else b"}"
    data = opening * 20_000 + (b"1" + closing * 20_000 if is_closed else b"")
    assert json_error(data).startswith("invalid JSON: recursion limit exceeded at line 1 column ")


def test_a_hundred_and_fifty_levels_are_read() -> None:
    decoded = json_value(b"[" * 150 + b"1" + b"]" * 150)
    for _ in range(150):
        (decoded,) = decoded
    assert decoded == 1


@pytest.mark.parametrize(
    "data",
    [
        b'{"password":hunter2}',
        b'{"password":"hunter2"',
        b'{"password":"hunter2" "x"}',
        b"hunter2",
        b'"hunter2\\q"',
        b'{"password":"hunter2\xff"}',
        b'{"hunter2":1}hunter2',
    ],
)
def test_an_error_tells_the_place_and_never_the_data(data: bytes) -> None:
    message = json_error(data)
    assert SECRET not in message
    assert "password" not in message
    assert " at line 1 column " in message


def test_an_error_carries_no_cause_that_shows_the_data() -> None:
    with pytest.raises(DataError) as caught:
        json_value(b'{"password":"hunter2')
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# many at once

MANY = [b'{"a": 1}', b"", None, b"[1, [2.5]]", b'"x"', b'{"a": {"b": null}}']
PLAIN = JsonConverter(JsonConverterConfig(schemas_enable=False), is_key=False)
ENVELOPED = JsonConverter(JsonConverterConfig(schemas_enable=True), is_key=False)
TEXT = StringConverter(StringConverterConfig(), is_key=False)


@pytest.mark.parametrize(
    ("converter", "data"),
    [
        (PLAIN, MANY),
        (PLAIN, [b'{"a": 1}', b'{"a": 2}']),
        (PLAIN, []),
        (ENVELOPED, [b'{"schema": {"type": "int32"}, "payload": 1}', None]),
        (TEXT, MANY),
        (ByteArrayConverter(ConfigModel(), is_key=False), MANY),
    ],
)
def test_many_records_are_decoded_as_each_of_them_is(
    converter: Converter, data: list[bytes | None]
) -> None:
    schemas, values = converter.decode_all("alerts", data, [()] * len(data))
    each = [converter.decode("alerts", item, ()) for item in data]
    assert list(zip(schemas, values, strict=True)) == each


@pytest.mark.parametrize(
    ("converter", "bad"),
    [
        (PLAIN, b"{"),
        (PLAIN, b'{"a": 1e400}'),
        (PLAIN, b"[[1], {}, -1e400]"),
        (PLAIN, b"1e400"),
        (PLAIN, b"NaN"),
        (ENVELOPED, b'{"a": 1}'),
        (TEXT, b"\xff"),
    ],
)
def test_many_records_are_refused_when_one_of_them_is(converter: Converter, bad: bytes) -> None:
    good = b'{"schema": null, "payload": {"a": 1}}'
    with pytest.raises((DataError, ValueError)):
        converter.decode_all("alerts", [good, bad, good], [()] * 3)
