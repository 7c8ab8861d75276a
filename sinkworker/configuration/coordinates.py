"""The fields in which a connector's records say where they were read.

Owns finding them among the transforms of its file. Must not know what they are used for.
"""

from __future__ import annotations

from collections.abc import Mapping

from sinkworker.api import Coordinates

INSERTS = ("InsertField$Value", "org.apache.kafka.connect.transforms.InsertField$Value")


def coordinates(config: Mapping[str, str]) -> Coordinates | None:
    """Of InsertField, where it adds partition and offset to every record's value."""
    for alias in map(str.strip, config.get("transforms", "").split(",")):
        prefix = f"transforms.{alias}."
        if config.get(prefix + "type") not in INSERTS or config.get(prefix + "predicate"):
            continue
        topic, partition, offset = (
            config.get(f"{prefix}{what}.field", "").rstrip("!?")
            for what in ("topic", "partition", "offset")
        )
        if partition and offset:
            return Coordinates(topic or None, partition, offset)
    return None
