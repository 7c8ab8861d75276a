"""The S3 sink passes the conformance kit, on real servers of two makes."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from connectors.s3.bucket import Bucket
from connectors.s3.config import S3SinkConfig
from connectors.s3.connector import S3SinkConnector
from connectors.s3.reader import CommittedFile, S3Reader
from sinkworker.api import RetriableError
from sinkworker.testing.conformance import SinkConformance
from sinkworker.testing.harness import AnyConnector
from tests.services import choose, versity
from tests.services.store import Store

pytestmark = pytest.mark.s3


class S3Faults:
    """Loses the request that puts an entry, or its answer, until patience ends.

    That of a commit only: a claim is no commit.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._put = Bucket.put_if_absent

    def before_commit(self) -> AbstractContextManager[None]:
        return self._patched(happens=False)

    def after_commit(self) -> AbstractContextManager[None]:
        return self._patched(happens=True)

    @contextmanager
    def _patched(self, *, happens: bool) -> Iterator[None]:
        def put(bucket: Bucket, key: str, content: bytes, sha256: str) -> bool:
            if json.loads(content)["type"] != "commit":
                return self._put(bucket, key, content, sha256)
            if happens:
                self._put(bucket, key, content, sha256)
            raise RetriableError("the answer was lost")

        with self._monkeypatch.context() as patch:
            patch.setattr(Bucket, "put_if_absent", put)
            patch.setattr("connectors.s3.chain.FIRST_WAIT_SECONDS", math.inf)  # asks only once
            yield


class TestS3Sink(SinkConformance):
    histories = 8
    history_steps = 120

    @pytest.fixture(autouse=True)
    def _place(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.monkeypatch = store, monkeypatch
        monkeypatch.setattr("connectors.s3.task.IDLE_COMMIT_MS", 0)

    def connector(self, name: str) -> S3SinkConnector:
        config = S3SinkConfig(**self.store.settings(), flush_size=1)
        return S3SinkConnector(name, config)

    def read_back(self, connector: AnyConnector) -> Sequence[Mapping[str, Any]]:
        with S3Reader(connector.name, connector.config) as reader:
            files = sorted(reader.files(), key=lambda file: file.committed_at)
            return [json.loads(line) for file in files for line in lines(reader, file)]

    def faults(self, connector: AnyConnector) -> S3Faults:
        return S3Faults(self.monkeypatch)


@pytest.mark.timeout(versity.BUILT_WITHIN_SECONDS + 300)
class TestS3SinkOnVersity(TestS3Sink):
    """The same on a second implementation of S3."""

    @pytest.fixture
    def store(self, versity_server: choose.S3) -> Iterator[Store]:
        store = Store(versity_server.url, f"test-{uuid.uuid4().hex[:12]}")
        store.create()
        yield store
        store.close()

    def test_it_has_conditional_writes(self, store: Store) -> None:
        self.connector("archive").check()


def lines(reader: S3Reader, file: CommittedFile) -> list[bytes]:
    with reader.open(file) as body:
        return body.read().splitlines()
