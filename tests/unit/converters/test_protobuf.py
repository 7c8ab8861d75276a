"""Protobuf → values and Connect's schemas, as Confluent's converter makes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from sinkworker.api import DataError
from sinkworker.converters.wire import NOT_IN_FORMAT
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import framed
from tests.unit.converters.protobuf_messages import converter, decode, decode_raw, message

PREFIX = "io.confluent.connect.protobuf."
LOGICAL = "org.apache.kafka.connect.data."

ALERT = """
    syntax = "proto3"; package factory; import "google/protobuf/timestamp.proto";
    enum Status { CRITICAL = 0; MAJOR = 1; MINOR = 2; WARNING = 3; }
    message Alert {
      int64 sensor_id = 1; google.protobuf.Timestamp time = 2; Status status = 3;
      optional string note = 4;
    }
"""
MANY = """
    syntax = "proto3"; package many;
    import "google/protobuf/wrappers.proto"; import "google/type/date.proto";
    import "google/type/timeofday.proto"; import "confluent/type/decimal.proto";
    import "confluent/meta.proto";
    message Many {
      uint32 u = 1; uint64 big = 2; sint32 s = 3; bool b = 4; bytes data = 5; double d = 6;
      repeated int32 numbers = 7; map<string, int64> counts = 8; map<int32, string> names = 9;
      oneof payload { string label = 10; Inner inner = 11; }
      Inner other = 12; google.protobuf.StringValue wrapped = 13;
      google.type.Date day = 14; google.type.TimeOfDay at = 15;
      confluent.type.Decimal price = 16 [(confluent.field_meta) = {
        params: [{key: "scale", value: "2"}, {key: "precision", value: "10"}] }];
      int32 tiny = 17 [(confluent.field_meta) = {
        params: [{key: "connect.type", value: "int8"}] }];
      repeated Inner inners = 18; map<string, Inner> by_name = 19;
    }
    message Inner { int32 x = 1; Many around = 2; }
"""


def fields(schema: Any) -> dict[str, Any]:
    return {field["field"]: field for field in schema["fields"]}


def test_an_alert_of_the_factory_becomes_a_struct(schemas: RegistryServer) -> None:
    moment = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
    written = message(ALERT, "Alert", sensor_id=7, time=moment, status=2)
    schema, value = decode(schemas, ALERT, written)
    assert value == {"sensor_id": 7, "time": moment, "status": "MINOR", "note": None}
    tag = PREFIX + "Tag"
    assert schema == {
        "type": "struct", "optional": False, "name": "Alert",
        "fields": [
            {"field": "sensor_id", "type": "int64", "optional": True, "parameters": {tag: "1"}},
            {"field": "time", "type": "int64", "optional": True, "version": 1,
             "name": LOGICAL + "Timestamp", "parameters": {tag: "2"}},
            {"field": "status", "type": "string", "optional": True, "name": "Status",
             "parameters": {
                 PREFIX + "Enum": "Status", PREFIX + "Enum.CRITICAL": "0",
                 PREFIX + "Enum.MAJOR": "1", PREFIX + "Enum.MINOR": "2",
                 PREFIX + "Enum.WARNING": "3", tag: "3"}},
            {"field": "note", "type": "string", "optional": True, "parameters": {tag: "4"}},
        ],
    }  # fmt: skip


def test_what_is_not_set_has_its_default_or_is_null(schemas: RegistryServer) -> None:
    _, value = decode(schemas, MANY, message(MANY, "Many"))
    assert value == {
        "payload_0": None, "u": 0, "big": 0, "s": 0, "b": False, "data": b"", "d": 0.0,
        "numbers": [], "counts": {}, "names": [], "other": None, "wrapped": None, "day": None,
        "at": None, "price": None, "tiny": 0, "inners": [], "by_name": {},
    }  # fmt: skip


def test_every_kind_of_field_has_its_value(schemas: RegistryServer) -> None:
    written = message(
        MANY, "Many", u=2**32 - 1, big=2**64 - 1, s=-5, b=True, data=b"\xff\0", d=1.5,
        numbers=[1, -2], counts={"a": 1}, names={2: "b", 1: "a"}, label="hi", other={"x": 3},
        wrapped={"value": ""}, day={"year": 2026, "month": 2, "day": 28},
        at={"hours": 23, "minutes": 59, "nanos": 1000},
        price={"value": (-12345).to_bytes(3, "big", signed=True), "scale": 2}, tiny=5,
        inners=[{"x": 1}], by_name={"k": {"x": 2}},
    )  # fmt: skip
    schema, value = decode(schemas, MANY, written)
    assert value == {
        "payload_0": {"label": "hi", "inner": None}, "u": 2**32 - 1, "big": 2**64 - 1, "s": -5,
        "b": True, "data": b"\xff\0", "d": 1.5, "numbers": [1, -2], "counts": {"a": 1},
        "names": [[1, "a"], [2, "b"]], "other": {"x": 3, "around": None},
        "wrapped": {"value": ""}, "day": date(2026, 2, 28), "at": time(23, 59, 0, 1),
        "price": Decimal("-123.45"), "tiny": 5, "inners": [{"x": 1, "around": None}],
        "by_name": {"k": {"x": 2, "around": None}},
    }  # fmt: skip
    found = fields(schema)
    assert found["payload_0"]["name"] == PREFIX + "Union.payload"
    assert [field["field"] for field in found["payload_0"]["fields"]] == ["label", "inner"]
    assert found["u"]["parameters"] == {PREFIX + "Type": "uint32", PREFIX + "Tag": "1"}
    assert found["tiny"]["type"] == "int8"
    assert found["numbers"] == {
        "field": "numbers", "type": "array", "optional": True,
        "items": {"type": "int32", "optional": True}, "parameters": {PREFIX + "Tag": "7"},
    }  # fmt: skip
    assert found["names"]["keys"]["type"] == "int32"
    assert found["price"]["parameters"] == {
        "scale": "2", "connect.decimal.precision": "10", PREFIX + "Tag": "16",
    }  # fmt: skip
    around = fields(found["other"])["around"]
    assert (around["type"], around["name"], around["fields"]) == ("struct", "Many", [])


def test_a_message_within_itself_is_read_whole(schemas: RegistryServer) -> None:
    written = message(MANY, "Many", other={"x": 1, "around": {"u": 2, "other": {"x": 3}}})
    _, value = decode(schemas, MANY, written)
    assert value["other"]["around"]["other"] == {"x": 3, "around": None}


@pytest.mark.parametrize(
    ("keys", "field", "expected"),
    [
        ({"flatten_unions": True}, "label", "hi"),
        ({"generate_index_for_unions": False}, "payload", {"label": "hi", "inner": None}),
        ({"wrapper_for_nullables": True}, "wrapped", "w"),
    ],
)
def test_users_of_confluents_converter_find_their_choices(
    schemas: RegistryServer, keys: dict[str, Any], field: str, expected: Any
) -> None:
    written = message(MANY, "Many", label="hi", wrapped={"value": "w"})
    schema, value = decode(schemas, MANY, written, **keys)
    assert value[field] == expected
    assert field in fields(schema)


def test_names_may_be_full_and_enums_numbers(schemas: RegistryServer) -> None:
    keys = {"enhanced_protobuf_schema_support": True, "int_for_enums": True}
    schema, value = decode(schemas, ALERT, message(ALERT, "Alert", status=3), **keys)
    assert (schema["name"], value["status"]) == ("factory.Alert", 3)
    assert fields(schema)["status"]["type"] == "int32"
    assert fields(schema)["status"]["name"] == "factory.Status"


def test_only_what_is_marked_is_optional_where_that_is_asked_for(schemas: RegistryServer) -> None:
    schema, _ = decode(schemas, ALERT, message(ALERT, "Alert"), optional_for_nullables=True)
    optional = {name: field["optional"] for name, field in fields(schema).items()}
    assert optional == {"sensor_id": False, "time": True, "status": True, "note": True}


def test_an_enum_of_a_number_that_it_does_not_have_is_named_as_in_java(
    schemas: RegistryServer,
) -> None:
    _, value = decode(schemas, ALERT, message(ALERT, "Alert", status=9))
    assert value["status"] == "UNKNOWN_ENUM_VALUE_Status_9"


def test_optional_fields_of_proto2_are_null_until_they_are_set(schemas: RegistryServer) -> None:
    text = (
        'syntax = "proto2"; message A { optional int32 a = 1 [default = 5]; repeated int32 b = 2; }'
    )
    assert decode(schemas, text, message(text, "A"))[1] == {"a": None, "b": []}
    assert decode(schemas, text, message(text, "A", a=0))[1] == {"a": 0, "b": []}


def test_a_message_that_is_a_wrapper_is_what_it_wraps(schemas: RegistryServer) -> None:
    text = 'syntax = "proto3"; package google.protobuf; message Int32Value { int32 value = 1; }'
    schema, value = decode(schemas, text, message(text, "Int32Value", value=5))
    assert (schema, value) == ({"type": "int32", "optional": False}, 5)


def test_many_messages_that_all_contain_each_other_are_no_burden(schemas: RegistryServer) -> None:
    fields = " ".join(f"M{n} m{n} = {n + 1};" for n in range(40))
    text = 'syntax = "proto3"; ' + " ".join(f"message M{n} {{ {fields} }}" for n in range(40))
    _, value = decode(schemas, text, message(text, "M0", m3={"m4": {"m3": {}}}))
    assert value["m3"]["m4"]["m3"]["m0"] is None


def test_schemas_may_import_each_other(schemas: RegistryServer) -> None:
    place = 'syntax = "proto3"; package f; message Place { int32 hall = 1; }'
    text = 'syntax = "proto3"; import "f/place.proto"; message A { f.Place place = 1; }'
    schemas.register(place, "PROTOBUF", subject="proto-place")
    reference = {"name": "f/place.proto", "subject": "proto-place", "version": 1}
    number = schemas.register(text, "PROTOBUF", [reference])
    written = message(text, "A", {"f/place.proto": place}, place={"hall": 4}).SerializeToString()
    _, value = converter(schemas).decode("t", framed(number, b"\0" + written), ())
    assert value == {"place": {"hall": 4}}


NESTED = """
    syntax = "proto3";
    message First { int32 a = 1; }
    message Second {
      map<string, int32> m = 1;
      message One { int32 b = 1; }
      message Two { int32 c = 1; message Deep { int32 d = 1; } }
    }
"""


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (b"\x00", {"a": 1}),
        (b"\x02\x00", {"a": 1}),
        (b"\x04\x02\x00", {"b": 1}),
        (b"\x04\x02\x02", {"c": 1}),
        (b"\x06\x02\x02\x00", {"d": 1}),
    ],
)
def test_the_message_is_the_one_that_the_index_says(
    schemas: RegistryServer, index: bytes, expected: Any
) -> None:
    assert decode_raw(schemas, NESTED, b"\x08\x01", index)[1] == expected


@pytest.mark.parametrize(
    ("index", "why"),
    [
        (b"\x02\x04", "schema {} cannot be used: it has no message of that number"),
        (b"\x02\x01", "schema {} cannot be used: it has no message of that number"),
        (b"\x04\x02\x04", "schema {} cannot be used: it has no message of that number"),
        (b"\x01", "the bytes say of which message they are in no way that can be"),
        (b"\x7e", "the bytes say of which message they are in no way that can be"),
        (b"", "the bytes end before they say of which message they are"),
        (b"\x02", "the bytes end before they say of which message they are"),
        (b"\x80", "the bytes end before they say of which message they are"),
        (b"\xff" * 10 + b"\x01", "a number of more than 64 bit"),
    ],
)
def test_an_index_of_no_message_is_told(schemas: RegistryServer, index: bytes, why: str) -> None:
    with pytest.raises(DataError) as caught:
        decode_raw(schemas, NESTED, b"", index)
    number = schemas.register(NESTED, "PROTOBUF")
    assert str(caught.value) == why.format(number)


BAD = {
    "cut off": b"\x08",
    "a field of a reserved kind": b"\x0f\x01",
    "a field of number 0": b"\x00\x01",
    "an end without its beginning": b"\x0c",
    "a length beyond the end": b"\x22\x7f",
    "a text that is no UTF-8": b"\x22\x01\xff",
    "an endless number": b"\x08" + b"\xff" * 11,
    "nested too deeply": b"\x13" * 1000,
    "noise": bytes(range(255, 200, -1)),
}


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_do_not_fit_are_told(schemas: RegistryServer, name: str) -> None:
    with pytest.raises(DataError) as caught:
        decode_raw(schemas, ALERT, BAD[name])
    number = schemas.register(ALERT, "PROTOBUF")
    assert str(caught.value) == f"the bytes do not fit schema {number}: DecodeError"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"day": {"year": 2026, "month": 2, "day": 30}}, "a day that there is not"),
        ({"day": {}}, "a day that there is not"),
        ({"at": {"hours": 24}}, "a time outside the day"),
    ],
)
def test_dates_and_times_that_are_none_are_told(
    schemas: RegistryServer, values: dict[str, Any], why: str
) -> None:
    with pytest.raises(DataError) as caught:
        decode(schemas, MANY, message(MANY, "Many", **values))
    number = schemas.register(MANY, "PROTOBUF")
    assert str(caught.value) == f"the bytes do not fit schema {number}: {why}"


@pytest.mark.parametrize("data", [b"", b"\0\0", b"{}", b"\x08\x01\x10\x02\x18\x03"])
def test_bytes_that_name_no_schema_are_told(schemas: RegistryServer, data: bytes) -> None:
    with pytest.raises(DataError) as caught:
        converter(schemas).decode("t", data, ())
    assert str(caught.value) == NOT_IN_FORMAT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no proto file", "protoc cannot compile it"),
        ('syntax = "proto3"; import "gone.proto";', "protoc cannot compile it"),
        ('syntax = "proto3"; message A { B b = 1; }', "protoc cannot compile it"),
        ('syntax = "proto3";', "it has no message of that number"),
    ],
)
def test_a_schema_that_cannot_be_used_is_told(schemas: RegistryServer, text: str, why: str) -> None:
    with pytest.raises(DataError) as caught:
        decode_raw(schemas, text, b"")
    number = schemas.register(text, "PROTOBUF")
    assert str(caught.value) == f"schema {number} cannot be used: {why}"


@pytest.mark.parametrize("name", ["../escape.proto", "/tmp/escape.proto", "a/../../b.proto"])
def test_no_name_leads_out_of_the_folder(schemas: RegistryServer, name: str) -> None:
    text = f'syntax = "proto3"; import "{name}"; message A {{}}'
    schemas.register('syntax = "proto3";', "PROTOBUF", subject=f"escape{len(name)}")
    reference = {"name": name, "subject": f"escape{len(name)}", "version": 1}
    number = schemas.register(text, "PROTOBUF", [reference])
    with pytest.raises(DataError) as caught:
        converter(schemas).decode("t", framed(number, b"\0"), ())
    why = "it refers to a file outside its folder"
    assert str(caught.value) == f"schema {number} cannot be used: {why}"


def test_a_schema_is_the_same_object_for_each_of_its_messages(schemas: RegistryServer) -> None:
    number = schemas.register(ALERT, "PROTOBUF")
    data = [framed(number, b"\0\x08\x01"), None, framed(number, b"\x02\x00\x08\x02")]
    found, values = converter(schemas).decode_all("t", [data[0], data[0], *data[1:]], [()] * 4)
    assert found[0] is found[1]
    assert values[2] is None
    assert found[3] == found[0]
