"""A store is only used when exactly one writer of a new object wins."""

from __future__ import annotations

import pytest

from sinkworker.api import ConfigError, ConnectError, RetriableError
from tests.integration.s3.proxy import Fate, Proxy
from tests.integration.s3.sinks import sink
from tests.services.store import Store

pytestmark = pytest.mark.s3


def test_a_good_store_is_accepted_and_left_as_it_was(store: Store) -> None:
    sink(store).check()
    assert store.keys() == []


def test_a_store_without_conditional_writes_is_refused(store: Store, proxy: Proxy) -> None:
    proxy.script = lambda request: Fate.TOLD_IT_WON if request.is_entry else None
    with pytest.raises(ConfigError) as caught:
        sink(store, store_url=proxy.address).check()
    assert str(caught.value) == (
        f"{proxy.address} cannot be used: of 32 writers of one new object (PUT with "
        "If-None-Match: *) 32 were told that theirs is the one, and not 1. Without such conditional "
        "writes two workers could commit the same records. Use a store that has them: Amazon S3, "
        "SeaweedFS, versitygw from 1.8, MinIO, Cloudflare R2."
    )
    assert [problem.key for problem in caught.value.problems] == ["store.url"]


def test_a_store_that_does_not_answer_may_answer_later(store: Store) -> None:
    with pytest.raises(RetriableError, match="Could not connect"):
        sink(store, store_url="http://127.0.0.1:9").check()


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"aws_secret_access_key": "wrong"}, r"SignatureDoesNotMatch \(403\)"),
        ({"aws_access_key_id": "nobody"}, r"InvalidAccessKeyId \(403\)"),
        ({"s3_bucket_name": "no-such-bucket"}, r"in bucket no-such-bucket: NoSuchBucket \(404\)"),
    ],
)
def test_a_store_that_does_not_let_us_in_says_so(
    store: Store, settings: dict[str, str], answer: str
) -> None:
    with pytest.raises(ConnectError, match=answer) as caught:
        sink(store, **settings).check()
    assert not isinstance(caught.value, RetriableError)
    assert "wrong" not in str(caught.value)
