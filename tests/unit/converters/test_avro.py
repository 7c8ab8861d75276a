"""Avro → values and Connect's schemas, as Confluent's converter makes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sinkworker.transforms.schemas import default_of
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import converter, decode, framed, written

LOGICAL = "org.apache.kafka.connect.data."
ALERT = {
    "type": "record",
    "name": "Alert",
    "namespace": "factory",
    "fields": [
        {"name": "sensor_id", "type": "long"},
        {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {
            "name": "status",
            "type": {"type": "enum", "name": "Status",
                     "symbols": ["Critical", "Major", "Minor", "Warning"]},
        },
    ],
}  # fmt: skip
ENUM = "io.confluent.connect.avro.Enum"


def record(*fields: Any, name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def test_an_alert_of_the_factory_becomes_a_struct(schemas: RegistryServer) -> None:
    moment = datetime(2026, 5, 1, 12, 0, 0, 123000, tzinfo=UTC)
    schema, value = decode(schemas, ALERT, {"sensor_id": 7, "time": moment, "status": "Minor"})
    assert value == {"sensor_id": 7, "time": moment, "status": "Minor"}
    assert schema == {
        "type": "struct",
        "optional": False,
        "name": "factory.Alert",
        "fields": [
            {"field": "sensor_id", "type": "int64", "optional": False},
            {"field": "time", "type": "int64", "optional": False, "version": 1,
             "name": LOGICAL + "Timestamp"},
            {"field": "status", "type": "string", "optional": False, "name": "factory.Status",
             "parameters": {
                 ENUM: "factory.Status", f"{ENUM}.Critical": "Critical", f"{ENUM}.Major": "Major",
                 f"{ENUM}.Minor": "Minor", f"{ENUM}.Warning": "Warning",
             }},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("avro", "value", "kind"),
    [
        ("boolean", True, "boolean"),
        ("int", -(2**31), "int32"),
        ("long", 2**63 - 1, "int64"),
        ("long", -(2**63), "int64"),
        ("float", 1.5, "float"),
        ("double", 1e300, "double"),
        ("bytes", b"\x00\xff" * 100, "bytes"),
        ("string", "größe" * 100, "string"),
        ("string", "", "string"),
        ({"type": "string", "logicalType": "nobody-knows-it"}, "x", "string"),
        ({"type": "int", "connect.type": "int8"}, 5, "int8"),
        ({"type": "int", "connect.type": "int16"}, 5, "int16"),
    ],
)
def test_primitive_types_are_those_of_connect(
    schemas: RegistryServer, avro: Any, value: Any, kind: str
) -> None:
    assert decode(schemas, avro, value) == ({"type": kind, "optional": False}, value)


@pytest.mark.parametrize(
    ("avro", "value", "name"),
    [
        ({"type": "int", "logicalType": "date"}, date(1969, 12, 31), "Date"),
        ({"type": "int", "logicalType": "time-millis"}, time(23, 59, 59, 999000), "Time"),
        ({"type": "long", "logicalType": "time-micros"}, time(23, 59, 59, 999999), "Time"),
        ({"type": "long", "logicalType": "timestamp-millis"},
         datetime(1969, 12, 31, 23, 0, 0, 1000, tzinfo=UTC), "Timestamp"),
        ({"type": "long", "logicalType": "timestamp-micros"},
         datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), "Timestamp"),
    ],
)  # fmt: skip
def test_dates_and_times_are_those_of_the_envelope(
    schemas: RegistryServer, avro: Any, value: Any, name: str
) -> None:
    schema, read = decode(schemas, avro, value)
    assert (schema["name"], schema["version"], read) == (LOGICAL + name, 1, value)
    assert type(read) is type(value)


@pytest.mark.parametrize("unit", ["millis", "micros"])
def test_a_local_time_is_the_same_in_utc(schemas: RegistryServer, unit: str) -> None:
    avro = {"type": "long", "logicalType": f"local-timestamp-{unit}"}
    local = datetime(2026, 1, 1, 12, 30)
    schema, value = decode(schemas, avro, local)
    assert schema["name"] == LOGICAL + "Timestamp"
    assert value == local.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "avro",
    [
        {"type": "bytes", "logicalType": "decimal", "precision": 40, "scale": 5},
        {"type": "fixed", "name": "D", "size": 20, "logicalType": "decimal", "precision": 40,
         "scale": 5},
    ],
)  # fmt: skip
def test_decimals_are_exact(schemas: RegistryServer, avro: Any) -> None:
    number = Decimal("-12345678901234567890123456789012345.67890")
    schema, value = decode(schemas, avro, number)
    assert (value, value.as_tuple().exponent) == (number, -5)
    assert schema["name"] == LOGICAL + "Decimal"
    assert schema["parameters"]["scale"] == "5"
    assert schema["parameters"]["connect.decimal.precision"] == "40"


def test_digits_beyond_a_decimals_precision_are_not_rounded(schemas: RegistryServer) -> None:
    avro = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
    number = schemas.register(avro)
    data = framed(number, b"\x14" + b"\x7f" * 10)
    _, value = converter(schemas).decode("t", data, ())
    assert value == Decimal(int.from_bytes(b"\x7f" * 10, "big")).scaleb(-2)


@pytest.mark.parametrize(
    ("avro", "value"),
    [
        ({"type": "string", "logicalType": "uuid"}, UUID(int=5)),
    ],
)
def test_a_uuid_is_a_text(schemas: RegistryServer, avro: Any, value: Any) -> None:
    assert decode(schemas, avro, value) == ({"type": "string", "optional": False}, str(value))


def test_what_may_be_null_is_optional(schemas: RegistryServer) -> None:
    schema = record({"name": "a", "type": ["null", "long"], "default": None},
                    {"name": "b", "type": ["string", "null"], "default": "x"})  # fmt: skip
    found, value = decode(schemas, schema, {"a": None, "b": "y"})
    assert value == {"a": None, "b": "y"}
    assert found["fields"] == [
        {"field": "a", "type": "int64", "optional": True},
        {"field": "b", "type": "string", "optional": True},
    ]


UNION = ["null", "long", "string", record({"name": "x", "type": "int"}, name="ns.Point")]
BRANCHES = [
    {"field": "long", "type": "int64", "optional": True},
    {"field": "string", "type": "string", "optional": True},
    {"field": "Point", "type": "struct", "optional": True, "name": "ns.Point",
     "fields": [{"field": "x", "type": "int32", "optional": False}]},
]  # fmt: skip


@pytest.mark.parametrize(
    ("written_value", "value"),
    [
        (None, None),
        (5, {"long": 5, "string": None, "Point": None}),
        ("5", {"long": None, "string": "5", "Point": None}),
        ({"x": 5}, {"long": None, "string": None, "Point": {"x": 5}}),
    ],
)
def test_a_union_of_several_is_a_struct_of_which_one_field_is_set(
    schemas: RegistryServer, written_value: Any, value: Any
) -> None:
    schema = {"type": "struct", "optional": True, "name": "io.confluent.connect.avro.Union",
              "fields": BRANCHES}  # fmt: skip
    assert decode(schemas, UNION, written_value) == (schema, value)


def test_branches_with_their_full_names_need_enhanced_support(schemas: RegistryServer) -> None:
    schema, value = decode(schemas, UNION, {"x": 5}, enhanced_avro_schema_support=True)
    assert [field["field"] for field in schema["fields"]] == ["long", "string", "ns.Point"]
    assert value == {"long": None, "string": None, "ns.Point": {"x": 5}}


def test_arrays_maps_and_fixed_bytes(schemas: RegistryServer) -> None:
    avro = record(
        {"name": "l", "type": {"type": "array", "items": ["null", "int"]}},
        {"name": "m", "type": {"type": "map", "values": "string"}},
        {"name": "f", "type": {"type": "fixed", "name": "F", "size": 3}},
    )
    given = {"l": [1, None, 3], "m": {"a": "b", "": ""}, "f": b"abc"}
    schema, value = decode(schemas, avro, given)
    assert value == given
    assert schema["fields"] == [
        {"field": "l", "type": "array", "optional": False,
         "items": {"type": "int32", "optional": True}},
        {"field": "m", "type": "map", "optional": False,
         "keys": {"type": "string", "optional": False},
         "values": {"type": "string", "optional": False}},
        {"field": "f", "type": "bytes", "optional": False, "name": "F",
         "parameters": {"connect.fixed.size": "3"}},
    ]  # fmt: skip


def test_a_map_whose_keys_are_no_texts_is_a_list_of_pairs(schemas: RegistryServer) -> None:
    entry = {"type": "record", "name": "MapEntry", "namespace": "io.confluent.connect.avro",
             "fields": [{"name": "key", "type": "int"},
                        {"name": "value", "type": "string"}]}  # fmt: skip
    given = [{"key": 1, "value": "a"}, {"key": 2, "value": "b"}]
    schema, value = decode(schemas, {"type": "array", "items": entry}, given)
    assert value == [[1, "a"], [2, "b"]]
    assert schema == {
        "type": "map", "optional": False, "keys": {"type": "int32", "optional": False},
        "values": {"type": "string", "optional": False},
    }  # fmt: skip


def test_a_type_that_contains_itself_is_read_whole(schemas: RegistryServer) -> None:
    avro = record({"name": "v", "type": "int"}, {"name": "next", "type": ["null", "R"]})
    given = {"v": 1, "next": {"v": 2, "next": {"v": 3, "next": None}}}
    schema, value = decode(schemas, avro, given)
    assert value == given
    within = {"field": "next", "type": "struct", "optional": True, "name": "R", "fields": []}
    assert schema["fields"][1] == within


def test_names_are_found_in_the_namespaces_around_them(schemas: RegistryServer) -> None:
    avro = {
        "type": "record", "name": "Outer", "namespace": "a",
        "fields": [
            {"name": "one", "type": {"type": "enum", "name": "b.E", "symbols": ["X"]}},
            {"name": "two", "type": {"type": "record", "name": "c.Inner", "fields": [
                {"name": "f", "type": {"type": "fixed", "name": "Fixed", "size": 1}}]}},
            {"name": "three", "type": "b.E"},
            {"name": "four", "type": "c.Fixed"},
            {"name": "five", "type": ["null", "Outer"]},
        ],
    }  # fmt: skip
    given = {"one": "X", "two": {"f": b"1"}, "three": "X", "four": b"2", "five": None}
    schema, value = decode(schemas, avro, given)
    assert value == given
    names = [field.get("name") for field in schema["fields"]]
    assert names == ["b.E", "c.Inner", "b.E", "c.Fixed", "a.Outer"]


@pytest.mark.parametrize(
    ("avro", "default", "value"),
    [
        ("int", 5, 5),
        ("string", "x", "x"),
        ("bytes", "\u00ff\u0000", b"\xff\x00"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}, "\u0019",
         Decimal("2.5")),
        ({"type": "int", "logicalType": "date"}, 1, date(1970, 1, 2)),
        ({"type": "long", "logicalType": "time-micros"}, 1_000_000, time(0, 0, 1)),
        ({"type": "long", "logicalType": "timestamp-millis"}, 1000,
         datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ({"type": "long", "logicalType": "timestamp-micros"}, 1_000_000,
         datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "B", "B"),
        ({"type": "array", "items": "int"}, [1, 2], [1, 2]),
        ({"type": "map", "values": "bytes"}, {"a": "b"}, {"a": b"b"}),
        (record({"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": 2},
                name="I"), {"a": 1}, {"a": 1, "b": 2}),
    ],
)  # fmt: skip
def test_a_fields_default_is_one_of_its_schema(
    schemas: RegistryServer, avro: Any, default: Any, value: Any
) -> None:
    schema = record({"name": "f", "type": avro, "default": default}, {"name": "g", "type": "int"})
    number = schemas.register(schema)
    compiled = converter(schemas)._learned(framed(number, b"")).schema
    assert compiled is not None
    assert default_of(compiled["fields"][0]) == value
    assert "default" not in compiled["fields"][1]


def test_what_connect_wrote_beside_a_type_is_kept(schemas: RegistryServer) -> None:
    avro = {
        "type": "long", "connect.name": "io.debezium.time.MicroTimestamp", "connect.version": 1,
        "connect.doc": "when", "connect.parameters": {"a": "b"}, "connect.default": 0,
    }  # fmt: skip
    schema, value = decode(schemas, avro, 5)
    assert value == 5
    assert schema == {
        "type": "int64", "optional": False, "name": "io.debezium.time.MicroTimestamp",
        "version": 1, "doc": "when", "parameters": {"a": "b"}, "default": 0,
    }  # fmt: skip


def test_connects_own_names_are_enough_for_its_logical_types(schemas: RegistryServer) -> None:
    schema, value = decode(schemas, {"type": "long", "connect.name": LOGICAL + "Timestamp"}, 1000)
    assert schema["name"] == LOGICAL + "Timestamp"
    assert value == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_schemas_may_refer_to_each_other(schemas: RegistryServer) -> None:
    place = record({"name": "hall", "type": "int"}, name="factory.Place")
    machine = record({"name": "place", "type": "factory.Place"}, name="factory.Machine")
    schemas.register(place, subject="place")
    of_place = {"name": "factory.Place", "subject": "place", "version": 1}
    schemas.register(machine, subject="machine", references=[of_place])
    alert = record({"name": "machine", "type": "factory.Machine"},
                   {"name": "other", "type": "factory.Place"})  # fmt: skip
    number = schemas.register(
        alert,
        references=[{"name": "factory.Machine", "subject": "machine", "version": 1}, of_place],
    )
    schema, value = converter(schemas).decode("t", framed(number, b"\x02\x04"), ())
    assert value == {"machine": {"place": {"hall": 1}}, "other": {"hall": 2}}
    assert schema["fields"][0]["fields"][0]["name"] == "factory.Place"


def test_each_message_is_read_with_its_own_schema(schemas: RegistryServer) -> None:
    old = record({"name": "id", "type": "int"}, {"name": "gone", "type": "string"})
    new = record({"name": "id", "type": "int"}, {"name": "added", "type": "int", "default": 7})
    numbers = [schemas.register(old), schemas.register(new)]
    data = [framed(numbers[0], written(old, {"id": 1, "gone": "x"})), None,
            framed(numbers[1], written(new, {"id": 2, "added": 8}))]  # fmt: skip
    found, values = converter(schemas).decode_all("t", data, [()] * 3)
    assert values == [{"id": 1, "gone": "x"}, None, {"id": 2, "added": 8}]
    assert found[1] is None
    assert found[0] != found[2]


def test_a_schema_is_the_same_object_for_each_of_its_messages(schemas: RegistryServer) -> None:
    number = schemas.register("int")
    made = converter(schemas)
    both, _ = made.decode_all("t", [framed(number, b"\x02"), framed(number, b"\x04")], [()] * 2)
    again, _ = made.decode("t", framed(number, b"\x06"), ())
    assert both[0] is both[1]
    assert again is both[0]
