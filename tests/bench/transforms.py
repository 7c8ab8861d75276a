"""Measure what converting and transforming costs: python -m tests.bench.transforms

Prints CPU microseconds a record, and records per second, of plain JSON and of JSON with schemas, through
no transform, one of each kind, and three. Prints only: nothing here asserts a time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sinkworker.api import TopicPartition
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.plugins import Catalog, Kind
from sinkworker.runtime.pipeline import Pipeline, TransformStep, step
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing.broker import LogRecord

BATCH = 5000
VALUE = {"sensor_id": 5, "name": "pump", "status": "Critical", "time": 1_700_000_000_123, "x": 0.25}
KINDS = ("int64", "string", "string", "int64", "double")
FIELDS = [{"field": name, "type": kind} for name, kind in zip(VALUE, KINDS, strict=True)]
SCHEMA = {"type": "struct", "optional": False, "fields": FIELDS}

ONE: Mapping[str, Mapping[str, Any]] = {
    "InsertField$Value": {"static_field": "s", "static_value": "x"},
    "ReplaceField$Value": {"exclude": ("x",), "renames": ("name:title",)},
    "TimestampConverter$Value": {"field": "time", "target_type": "Timestamp"},
    "Cast$Value": {"spec": ("sensor_id:string",)},
    "Flatten$Value": {},
    "MaskField$Value": {"fields": ("name",)},
    "ExtractField$Value": {"field": "sensor_id"},
    "ValueToKey": {"fields": ("sensor_id",)},
    "HeaderFrom$Value": {"fields": ("name",), "headers": ("h",), "operation": "copy"},
    "RegexRouter": {"regex": "(.*)", "replacement": "x-$1"},
    "TimestampRouter": {},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    records = parser.parse_args().records
    for what, is_enveloped in (("plain JSON", False), ("JSON with schemas", True)):
        report(f"{what}, no transform", cost([], records, is_enveloped=is_enveloped))
        three = [made(name) for name in list(ONE)[:3]]
        report(f"{what}, three transforms", cost(three, records, is_enveloped=is_enveloped))
        for name in ONE:
            once = cost([made(name)], records // 10, is_enveloped=is_enveloped)
            report(f"{what}, {name}", once)


def report(what: str, seconds: float) -> None:
    print(f"{what:48} {seconds * 1e6:6.2f} µs  {1 / seconds:10,.0f} records/s", flush=True)


def made(name: str) -> TransformStep:
    plugin = Catalog().load(Kind.TRANSFORM, name)
    return step(plugin(plugin.config_class(**ONE[name])), None, negate=False)


def cost(steps: Sequence[TransformStep], records: int, *, is_enveloped: bool) -> float:
    """CPU seconds a record."""
    converter = JsonConverter(JsonConverterConfig(schemas_enable=is_enveloped), is_key=False)
    data = json.dumps({"schema": SCHEMA, "payload": VALUE} if is_enveloped else VALUE).encode()
    raws = [LogRecord(offset, 1_700_000_000_123, None, data) for offset in range(BATCH)]
    tolerance = Tolerance(ToleranceMode.NONE, log_errors=False, include_messages=False)
    pipeline = Pipeline(converter, converter, steps, tolerance)
    source, batches = TopicPartition("alerts", 0), max(1, records // BATCH)
    start = time.process_time()
    for _ in range(batches):
        processed = pipeline.process(source, Fetched(0, raws, BATCH), None)
        assert len(processed.records) == BATCH
    return (time.process_time() - start) / (batches * BATCH)


if __name__ == "__main__":
    main()
