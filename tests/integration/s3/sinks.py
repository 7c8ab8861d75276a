"""A configured sink on a test's bucket, and what readers see of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.s3.config import S3SinkConfig
from connectors.s3.connector import S3SinkConnector
from connectors.s3.reader import CommittedFile, S3Reader
from sinkworker.api import TopicPartition
from sinkworker.testing.owner import Owner
from tests.services.store import Store

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)


def sink(store: Store, name: str = "archive", **settings: Any) -> S3SinkConnector:
    return S3SinkConnector(name, S3SinkConfig(**{**store.settings(), **settings}))


def write(owner: Owner, source: TopicPartition, offsets: range) -> None:
    """Put these records and commit them."""
    owner.put(source, offsets)
    owner.flush({source: offsets.stop})


def files(connector: S3SinkConnector) -> list[CommittedFile]:
    with S3Reader(connector.name, connector.config) as reader:
        return list(reader.files())


def ranges(found: Iterable[CommittedFile]) -> list[tuple[int, int, int]]:
    """(partition, first, last) of each file."""
    return [(file.partition, file.first, file.last) for file in found]
