"""Measure what reading each format costs: python -m tests.bench.conversion

Prints CPU microseconds a record, and records per second, of the same records as plain JSON, Avro,
Protobuf and JSON with a JSON Schema, through no transform and through three; and of fastavro's reader
alone, beside ours. Prints only: nothing here asserts a time.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import fastavro

from sinkworker.api import Converter, TopicPartition
from sinkworker.converters.avro import AvroConverter, AvroConverterConfig
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.converters.json_schema import JsonSchemaConverter, JsonSchemaConverterConfig
from sinkworker.converters.protobuf import ProtobufConverter, ProtobufConverterConfig
from sinkworker.runtime.pipeline import Pipeline, TransformStep
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing.broker import LogRecord
from tests.bench.transforms import BATCH, ONE, made, report
from tests.services.registry import RegistryServer, running
from tests.unit.converters.avro_messages import framed, written
from tests.unit.converters.protobuf_messages import message

AVRO = {
    "type": "record", "name": "Alert", "namespace": "factory",
    "fields": [
        {"name": "sensor_id", "type": "long"},
        {"name": "name", "type": "string"},
        {"name": "status", "type": {"type": "enum", "name": "Status",
                                    "symbols": ["Critical", "Major", "Minor", "Warning"]}},
        {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "x", "type": ["null", "double"]},
    ],
}  # fmt: skip
PROTOBUF = """
    syntax = "proto3"; package factory; import "google/protobuf/timestamp.proto";
    enum Status { Critical = 0; Major = 1; Minor = 2; Warning = 3; }
    message Alert {
      int64 sensor_id = 1; string name = 2; Status status = 3; google.protobuf.Timestamp time = 4;
      optional double x = 5;
    }
"""
JSON = {
    "type": "object", "required": ["sensor_id", "name", "status", "time", "x"],
    "properties": {
        "sensor_id": {"type": "integer"}, "name": {"type": "string"}, "status": {"type": "string"},
        "time": {"type": "integer", "title": "org.apache.kafka.connect.data.Timestamp"},
        "x": {"type": "number"},
    },
}  # fmt: skip
Data = Sequence[bytes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    records = parser.parse_args().records
    with running() as registry:
        for name, make in FORMATS.items():
            converter, data = make(registry)
            for what, steps in (("no transform", []), ("three transforms", three())):
                report(f"{name}, {what}", cost(converter, data, steps, records))
        report("fastavro's reader alone", cost_of_fastavro(avro(registry)[1], records))


def three() -> list[TransformStep]:
    """Those that tests.bench.transforms takes, too."""
    return [made(name) for name in list(ONE)[:3]]


def values() -> list[Mapping[str, Any]]:
    return [
        {"sensor_id": number, "name": f"pump {number}", "status": "Critical",
         "time": 1_700_000_000_123 + number, "x": number / 4}
        for number in range(BATCH)
    ]  # fmt: skip


def plain(_: RegistryServer) -> tuple[Converter, Data]:
    converter = JsonConverter(JsonConverterConfig(schemas_enable=False), is_key=False)
    return converter, [json.dumps(value).encode() for value in values()]


def avro(registry: RegistryServer) -> tuple[Converter, Data]:
    config = AvroConverterConfig(schema_registry_url=(registry.url,))
    number = registry.register(AVRO)
    data = [framed(number, written(AVRO, value)) for value in values()]
    return AvroConverter(config, is_key=False), data


def protobuf(registry: RegistryServer) -> tuple[Converter, Data]:
    config = ProtobufConverterConfig(schema_registry_url=(registry.url,))
    number = registry.register(PROTOBUF, "PROTOBUF")
    data = []
    for value in values():
        moment = dict(zip(("seconds", "nanos"), divmod(value["time"], 1000), strict=True))
        moment["nanos"] *= 1_000_000
        made = message(PROTOBUF, "Alert", **{**value, "time": moment})
        data.append(framed(number, b"\0" + made.SerializeToString()))
    return ProtobufConverter(config, is_key=False), data


def json_schema(registry: RegistryServer) -> tuple[Converter, Data]:
    config = JsonSchemaConverterConfig(schema_registry_url=(registry.url,))
    number = registry.register(JSON, "JSON")
    data = [framed(number, json.dumps(value).encode()) for value in values()]
    return JsonSchemaConverter(config, is_key=False), data


FORMATS: Mapping[str, Callable[[RegistryServer], tuple[Converter, Data]]] = {
    "plain JSON": plain, "Avro": avro, "Protobuf": protobuf, "JSON Schema": json_schema,
}  # fmt: skip


def cost(converter: Converter, data: Data, steps: Sequence[TransformStep], records: int) -> float:
    """CPU seconds a record."""
    raws = [LogRecord(offset, 1_700_000_000_123, None, each) for offset, each in enumerate(data)]
    tolerance = Tolerance(ToleranceMode.NONE, log_errors=False, include_messages=False)
    pipeline = Pipeline(converter, converter, steps, tolerance)
    source, fetched, batches = (
        TopicPartition("alerts", 0),
        Fetched(0, raws, BATCH),
        records // BATCH,
    )
    assert len(pipeline.process(source, fetched, None).records) == BATCH
    start = time.process_time()
    for _ in range(max(1, batches)):
        pipeline.process(source, fetched, None)
    return (time.process_time() - start) / (max(1, batches) * BATCH)


def cost_of_fastavro(data: Data, records: int) -> float:
    """As one would call it for each record, without all that a pipeline does."""
    schema = fastavro.parse_schema(AVRO)
    batches = max(1, records // BATCH)
    start = time.process_time()
    for _ in range(batches):
        [fastavro.schemaless_reader(io.BytesIO(each[5:]), schema, None) for each in data]
    return (time.process_time() - start) / (batches * BATCH)


if __name__ == "__main__":
    main()
