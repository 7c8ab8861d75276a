"""Bad and hostile messages with names, by format, and batches of them among good ones.

Good messages are alerts: `sensor_id`, which numbers them, `time` and `status`, for the table TABLE. Owns
what is wrong with each bad one, and which stage must find it. Must not know who reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from sinkworker.converters.wire import NOT_IN_FORMAT
from tests.corpus import avro, json, protobuf
from tests.corpus.bad import Bad, generated
from tests.services.registry import RegistryServer

TABLE = "CREATE TABLE alerts (sensor_id bigint NOT NULL, time timestamptz, status text)"
CAUSES = Path(__file__).with_name("causes.tsv")
JSON_NOISE = r"invalid JSON: .+ at line 1 column 1"


class Format(NamedTuple):
    """keys: of the value converter. good: the alert of that number. generated: bad ones."""

    name: str
    keys: Mapping[str, str]
    good: Callable[[int], bytes]
    bad: tuple[Bad, ...]
    generated: st.SearchStrategy[Bad]


def formats(registry: RegistryServer) -> list[Format]:
    """Every format, with its schemas in this registry."""
    url = {"value.converter.schema.registry.url": registry.url}
    of_avro, of_protobuf = avro.schema_id(registry), protobuf.schema_id(registry)
    return [
        Format("JSON", {"value.converter": "JsonConverter",
                        "value.converter.schemas.enable": "false"},
               json.good, json.bad(), with_noise(json.damage(), JSON_NOISE)),
        Format("Avro", {"value.converter": "AvroConverter", **url},
               lambda number: avro.good(of_avro, number), avro.bad(of_avro),
               with_noise(avro.damage(of_avro), re.escape(NOT_IN_FORMAT))),
        Format("Protobuf", {"value.converter": "ProtobufConverter", **url},
               lambda number: protobuf.good(of_protobuf, number), protobuf.bad(of_protobuf),
               with_noise(protobuf.damage(of_protobuf), re.escape(NOT_IN_FORMAT))),
    ]  # fmt: skip


def with_noise(damage: st.SearchStrategy[Bad], cause: str) -> st.SearchStrategy[Bad]:
    """And what no format can be."""
    messages = st.binary(min_size=1, max_size=40).map(lambda data: b"\xff" + data)
    return damage | generated("noise", cause, messages)


def batches(kind: Format) -> st.SearchStrategy[list[int | Bad]]:
    """Good ones, by their numbers, and bad ones: named and generated ones."""
    good = st.integers(0, 2**40)
    return st.lists(good | st.sampled_from(kind.bad) | kind.generated, max_size=50)


def causes() -> Mapping[tuple[str, str], str]:
    """By format and name, the exception and the message of its dead letter. REGISTRY: its URL."""
    lines = (line.split("\t") for line in CAUSES.read_text().splitlines())
    return {(kind, name): cause for kind, name, cause in lines}
