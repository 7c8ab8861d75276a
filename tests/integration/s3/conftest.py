"""A proxy before the shared server, and chains that ask only for a moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.s3.bucket import Bucket
from connectors.s3.chain import Chain, Patience
from connectors.s3.store_config import StoreConfig
from sinkworker.api import TopicPartition
from tests.integration.s3.proxy import Proxy
from tests.services.store import Store

SOURCE = TopicPartition("alerts", 3)


@pytest.fixture
def proxy(store: Store) -> Iterator[Proxy]:
    proxy = Proxy(store.url)
    yield proxy
    proxy.close()


@pytest.fixture
def bucket(store: Store, proxy: Proxy) -> Iterator[Bucket]:
    """Through the proxy. Data is sent twice at most."""
    settings = {**store.settings(proxy.address), "s3_part_retries": 1}
    bucket = Bucket(StoreConfig(**settings), 5_000)
    yield bucket
    bucket.close()


@pytest.fixture
def chain(bucket: Bucket) -> Chain:
    """Asks for about a second, and does not sleep between."""
    return Chain(bucket, "archive", SOURCE, Patience(2, sleep=lambda _: None))


@pytest.fixture
def other(store: Store) -> Iterator[Chain]:
    """The same chain in another process that has its own way to the store."""
    bucket = Bucket(StoreConfig(**store.settings()), 5_000)
    yield Chain(bucket, "archive", SOURCE, Patience(2, sleep=lambda _: None))
    bucket.close()
