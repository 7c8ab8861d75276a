"""Bad and hostile messages with names, by format, and batches of them among good ones.

Good messages are alerts: `sensor_id`, which numbers them, `time` and `status`, for the table TABLE. Owns
what is wrong with each bad one, and which stage must find it. Must not know who reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from sinkworker.api import Stage
from tests.corpus import avro, json, protobuf
from tests.corpus.bad import Bad
from tests.services.registry import RegistryServer

TABLE = "CREATE TABLE alerts (sensor_id bigint NOT NULL, time timestamptz, status text)"


class Format(NamedTuple):
    """keys: of the value converter. good: the alert of that number."""

    name: str
    keys: Mapping[str, str]
    good: Callable[[int], bytes]
    bad: tuple[Bad, ...]


def formats(registry: RegistryServer) -> list[Format]:
    """Every format, with its schemas in this registry."""
    url = {"value.converter.schema.registry.url": registry.url}
    of_avro, of_protobuf = avro.schema_id(registry), protobuf.schema_id(registry)
    return [
        Format("JSON", {"value.converter": "JsonConverter",
                        "value.converter.schemas.enable": "false"},
               json.good, json.bad()),
        Format("Avro", {"value.converter": "AvroConverter", **url},
               lambda number: avro.good(of_avro, number), avro.bad(of_avro)),
        Format("Protobuf", {"value.converter": "ProtobufConverter", **url},
               lambda number: protobuf.good(of_protobuf, number), protobuf.bad(of_protobuf)),
    ]  # fmt: skip


def batches(kind: Format) -> st.SearchStrategy[list[int | Bad]]:
    """Good ones, by their numbers, and bad ones: named ones and noise that no format can be."""
    noise = st.binary(min_size=1, max_size=40).map(
        lambda data: Bad("noise", b"\xff" + data, Stage.VALUE_CONVERTER)
    )
    good = st.integers(0, 2**40)
    return st.lists(good | st.sampled_from(kind.bad) | noise, max_size=50)
