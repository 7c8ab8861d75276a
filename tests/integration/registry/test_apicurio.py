"""The converters with a real registry: each format, references, and an id that it does not know."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from sinkworker.api import Converter, DataError
from sinkworker.converters.avro import AvroConverter, AvroConverterConfig
from sinkworker.converters.json_schema import JsonSchemaConverter, JsonSchemaConverterConfig
from sinkworker.converters.protobuf import ProtobufConverter, ProtobufConverterConfig
from tests.services.apicurio import ApicurioServer
from tests.unit.converters.avro_messages import framed, written
from tests.unit.converters.protobuf_messages import message

pytestmark = pytest.mark.java

PLACE_PROTO = 'syntax = "proto3"; package f; message Place { int32 hall = 1; }'
ALERT_PROTO = """
    syntax = "proto3"; package f; import "place.proto"; import "google/protobuf/timestamp.proto";
    message Other { int32 x = 1; }
    message Alert { int64 id = 1; f.Place place = 2; google.protobuf.Timestamp time = 3; }
"""


@pytest.fixture
def subject() -> str:
    return f"place-{uuid.uuid4().hex[:8]}"


def decode(converter: Converter, number: int, data: bytes) -> Any:
    return converter.decode("alerts", framed(number, data), ())[1]


def test_avro_with_a_reference(apicurio: ApicurioServer, subject: str) -> None:
    place = {"type": "record", "name": "Place", "namespace": "factory",
             "fields": [{"name": "hall", "type": "int"}]}  # fmt: skip
    alert = {"type": "record", "name": "Alert", "namespace": "factory",
             "fields": [{"name": "place", "type": "factory.Place"}]}  # fmt: skip
    apicurio.register(subject, json.dumps(place))
    references = [("factory.Place", subject, 1)]
    number = apicurio.register(f"{subject}-alert", json.dumps(alert), "AVRO", references)
    config = AvroConverterConfig(schema_registry_url=(apicurio.url,))
    data = written(place, {"hall": 7})
    assert decode(AvroConverter(config, is_key=False), number, data) == {"place": {"hall": 7}}


def test_protobuf_with_an_import(apicurio: ApicurioServer, subject: str) -> None:
    apicurio.register(subject, PLACE_PROTO, "PROTOBUF")
    references = [("place.proto", subject, 1)]
    number = apicurio.register(f"{subject}-alert", ALERT_PROTO, "PROTOBUF", references)
    alert = message(ALERT_PROTO, "Alert", {"place.proto": PLACE_PROTO}, id=5, place={"hall": 7})
    config = ProtobufConverterConfig(schema_registry_url=(apicurio.url,))
    value = decode(ProtobufConverter(config, is_key=False), number,
                   b"\x02\x02" + alert.SerializeToString())  # fmt: skip
    assert value == {"id": 5, "place": {"hall": 7}, "time": None}


def test_json_schema_with_a_reference(apicurio: ApicurioServer, subject: str) -> None:
    place = {"type": "object", "properties": {"hall": {"type": "integer"}}}
    alert = {"type": "object", "properties": {"place": {"$ref": "place.json"}}}
    apicurio.register(subject, json.dumps(place), "JSON")
    references = [("place.json", subject, 1)]
    number = apicurio.register(f"{subject}-alert", json.dumps(alert), "JSON", references)
    config = JsonSchemaConverterConfig(schema_registry_url=(apicurio.url,))
    converter = JsonSchemaConverter(config, is_key=False)
    assert decode(converter, number, b'{"place":{"hall":7}}') == {"place": {"hall": 7}}


def test_an_id_that_it_does_not_know_is_the_records_fault(apicurio: ApicurioServer) -> None:
    config = AvroConverterConfig(schema_registry_url=(apicurio.url,))
    with pytest.raises(DataError, match="has no schema 999999"):
        decode(AvroConverter(config, is_key=False), 999_999, b"")
