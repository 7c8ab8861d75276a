"""What is measured: one kind of work, done by the worker and by a loop that one would write by hand.

Owns their names and what a worker is told for each. Must not know how they are run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

CLIENTS = ("kafka-python", "confluent")
PLAIN = {"value.converter": "JsonConverter", "value.converter.schemas.enable": "false"}
KEYED = {"insert.mode": "upsert", "pk.mode": "record_value", "pk.fields": "alert_id"}
BY_KEY = {
    "insert.mode": "upsert", "pk.mode": "record_key", "pk.fields": "alert_id", "delete.enabled": "true",
    "key.converter": "JsonConverter", "key.converter.schemas.enable": "false",
}  # fmt: skip
TRANSFORMS = {
    "transforms": "rename,say,cast",
    "transforms.rename.type": "ReplaceField$Value", "transforms.rename.renames": "stage:stage_id",
    "transforms.say.type": "InsertField$Value",
    "transforms.say.static.field": "level", "transforms.say.static.value": "Minor",
    "transforms.cast.type": "Cast$Value", "transforms.cast.spec": "alert_id:int64",
}  # fmt: skip
POSTGRES: Mapping[str, Mapping[str, str]] = {
    "insert": PLAIN,
    "upsert": PLAIN | KEYED,
    "updates": PLAIN | KEYED,
    "tombstones": PLAIN | BY_KEY,
    "envelope": {"value.converter": "JsonConverter"},
    "avro": {"value.converter": "AvroConverter"},
    "transforms": PLAIN | TRANSFORMS,
}
"""Keys by mode: upsert with its key in the value, all of them new, and each of them twenty times; by the
record's key, with a null value for every tenth record; JSON with schemas; Avro with a registry; three
transforms. The last three insert."""
S3: Mapping[str, Mapping[str, str]] = {
    "s3-json": PLAIN | {"format.class": "JsonFormat", "s3.compression.type": "gzip"},
    "s3-parquet": PLAIN | {"format.class": "ParquetFormat"},
}
MODES = (*POSTGRES, *S3)
BOTH_SIZES = ("insert", "upsert")
"""Modes that are measured with two tasks, too."""
BESIDE_PLAIN = "envelope beside plain JSON, confluent"
"""The worker beside itself: what schemas in the records cost."""


class Case(NamedTuple):
    mode: str
    client: str
    tasks: int = 1

    def __str__(self) -> str:
        return f"{self.mode}, {self.client}, {self.tasks} task{'s' if self.tasks > 1 else ''}"


def cases(modes: Sequence[str], clients: Sequence[str], tasks: Sequence[int]) -> Sequence[Case]:
    """All that there are of these."""
    return [
        Case(mode, client, number)
        for mode, client, number in product(modes, clients, tasks)
        if number == 1 or mode in BOTH_SIZES
    ]
