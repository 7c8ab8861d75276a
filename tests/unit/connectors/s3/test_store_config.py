"""Which combinations of the store's keys make sense, and what is never shown."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.s3.bucket import _proxies
from connectors.s3.config import S3SinkConfig
from connectors.s3.store_config import StoreConfig

BUCKET = {"s3.bucket.name": "archive"}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"aws.access.key.id": "a"}, "aws.access.key.id and aws.secret.access.key need each other"),
        ({"aws.session.token": "t"}, "aws.session.token needs aws.access.key.id"),
        ({"s3.sse.kms.key.id": "k"}, "s3.sse.kms.key.id needs s3.ssea.name=aws:kms"),
        ({"s3.proxy.user": "me"}, "s3.proxy.user needs s3.proxy.url"),
        ({"store.url": "localhost:8333"}, "Expected http://host:port or https://host:port"),
        ({"s3.part.size": "1000"}, "Input should be greater than or equal to 5242880"),
    ],
)
def test_what_does_not_fit_together_is_refused(keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StoreConfig(**BUCKET | keys)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("path", "topics_dir", "clash"),
    [("topics/dead", "topics", "topics.dir (topics)"), ("a", "a/b", "topics.dir (a/b)"),
     ("/topics/", "topics", "topics.dir (topics)"),
     ("_sinkworker", "topics", "the entries' folder (_sinkworker)"),
     ("topics-dead", "topics", None), ("", "topics", None)],
)  # fmt: skip
def test_dead_letters_have_a_folder_of_their_own(
    path: str, topics_dir: str, clash: str | None
) -> None:
    keys = BUCKET | {"errors.deadletterqueue.path": path, "topics.dir": topics_dir}
    if clash is None:
        assert S3SinkConfig(**keys).letters_dir == path
        return
    with pytest.raises(ValidationError) as caught:
        S3SinkConfig(**keys)
    (error,) = caught.value.errors()
    assert error["msg"] == (
        f"Value error, errors.deadletterqueue.path={path} and {clash} must be folders of their own"
    )


def test_a_password_in_an_address_is_refused_and_not_repeated_by_us() -> None:
    with pytest.raises(ValidationError) as caught:
        StoreConfig(**BUCKET, **{"store.url": "http://me:secret@s3"})
    (error,) = caught.value.errors()
    assert error["msg"] == (
        "Value error, Expected no user or password in it: there are keys for these"
    )


def test_secrets_are_not_shown() -> None:
    config = StoreConfig(
        **BUCKET, **{"aws.access.key.id": "id-1", "aws.secret.access.key": "secret-1"}
    )
    assert "id-1" not in repr(config)
    assert "secret-1" not in repr(config)


@pytest.mark.parametrize(
    ("keys", "address"),
    [
        ({}, None),
        ({"s3.proxy.url": "http://proxy:3128"}, "http://proxy:3128"),
        (
            {
                "s3.proxy.url": "http://proxy:3128",
                "s3.proxy.user": "a@b",
                "s3.proxy.password": "p:/",
            },
            "http://a%40b:p%3A%2F@proxy:3128",
        ),
    ],
)
def test_a_proxy_is_asked_with_its_own_password(keys: dict[str, str], address: str | None) -> None:
    proxies = _proxies(StoreConfig(**BUCKET | keys))
    assert proxies == (None if address is None else {"http": address, "https": address})


def test_no_key_is_both_honoured_and_not() -> None:
    honoured = {info.alias for info in S3SinkConfig.model_fields.values()}
    assert not honoured & set(S3SinkConfig.not_honoured)
    assert not honoured & set(S3SinkConfig.also_read_as)
    assert set(S3SinkConfig.also_read_as.values()) <= honoured
