"""Whatever a format's own library writes is read as it was; whatever anybody writes does no harm."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinkworker.api import DataError
from tests.services.registry import RegistryServer
from tests.unit.converters import avro_messages, protobuf_messages
from tests.unit.converters.avro_messages import framed, written
from tests.unit.converters.protobuf_messages import message
from tests.unit.converters.test_json_schema import decode as decode_json
from tests.unit.converters.test_protobuf import MANY
from tests.unit.converters.typed_values import AVRO, INTS, JSON, LONGS, TEXTS, Typed

shared = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


@shared
@given(typed=AVRO)
def test_what_fastavro_writes_is_read_as_it_was(schemas: RegistryServer, typed: Typed) -> None:
    _, value = avro_messages.decode(schemas, typed.schema, typed.given)
    assert value == typed.expected


@shared
@given(typed=AVRO, data=st.data())
def test_avro_that_was_damaged_is_read_or_told(
    schemas: RegistryServer, typed: Typed, data: st.DataObject
) -> None:
    good = written(typed.schema, typed.given)
    at = data.draw(st.integers(0, len(good)))
    damaged = good[:at] + data.draw(st.binary(max_size=4)) + good[at + 1 :]
    with contextlib.suppress(DataError):
        avro_messages.decode_raw(schemas, typed.schema, damaged)


@shared
@given(typed=AVRO, data=st.data())
def test_avro_that_was_cut_off_is_told(
    schemas: RegistryServer, typed: Typed, data: st.DataObject
) -> None:
    good = written(typed.schema, typed.given)
    if not good:
        return
    with pytest.raises(DataError):
        avro_messages.decode_raw(
            schemas, typed.schema, good[: data.draw(st.integers(0, len(good) - 1))]
        )


@shared
@given(typed=JSON)
def test_json_is_read_as_it_was(schemas: RegistryServer, typed: Typed) -> None:
    assert decode_json(schemas, typed.schema, typed.given)[1] == typed.expected


@shared
@given(typed=JSON, data=st.binary() | st.recursive(
    st.none() | st.booleans() | LONGS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(
        TEXTS, inner)).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_other_json_is_read_or_told(schemas: RegistryServer, typed: Typed, data: bytes) -> None:
    with contextlib.suppress(DataError):
        decode_json(schemas, typed.schema, data)


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "u": st.integers(0, 2**32 - 1), "big": st.integers(0, 2**64 - 1), "s": INTS,
    "b": st.booleans(), "data": st.binary(), "d": st.floats(allow_nan=False),
    "numbers": st.lists(INTS), "counts": st.dictionaries(TEXTS, LONGS),
    "names": st.dictionaries(INTS, TEXTS), "label": TEXTS, "tiny": st.integers(-128, 127),
}  # fmt: skip


@shared
@given(fields=st.fixed_dictionaries({}, optional=FIELDS))
def test_what_googles_library_writes_is_read_as_it_was(
    schemas: RegistryServer, fields: dict[str, Any]
) -> None:
    _, value = protobuf_messages.decode(schemas, MANY, message(MANY, "Many", **fields))
    expected = dict(fields)
    label = expected.pop("label", None)
    if "names" in expected:
        expected["names"] = [list(pair) for pair in sorted(expected["names"].items())]
    assert {name: value[name] for name in expected} == expected
    assert value["payload_0"] == (None if label is None else {"label": label, "inner": None})


@shared
@given(data=st.binary(max_size=60))
def test_other_protobuf_is_read_or_told(schemas: RegistryServer, data: bytes) -> None:
    number = schemas.register(MANY, "PROTOBUF")
    with contextlib.suppress(DataError):
        protobuf_messages.converter(schemas).decode("t", framed(number, b"\0" + data), ())


@shared
@given(data=st.binary(max_size=30))
def test_bytes_of_no_format_at_all_are_told(schemas: RegistryServer, data: bytes) -> None:
    with pytest.raises(DataError):
        avro_messages.converter(schemas).decode("t", b"\x01" + data, ())
