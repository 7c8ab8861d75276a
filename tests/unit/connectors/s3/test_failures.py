"""Which answers of a store mean waiting, and which the end of the task."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)

from connectors.s3.failures import translated
from sinkworker.api import ConnectError, RetriableError


def answer(status: int, code: str, message: str = "") -> ClientError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutObject")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        answer(500, "InternalError"),
        answer(503, "SlowDown"),
        answer(504, ""),
        answer(429, "TooManyRequests"),
        answer(409, "ConditionalRequestConflict"),
        answer(400, "RequestTimeout"),
        answer(400, "BadDigest"),
        answer(403, "RequestTimeTooSkewed"),
        answer(400, "ExpiredToken"),
        EndpointConnectionError(endpoint_url="http://s3"),
        ConnectTimeoutError(endpoint_url="http://s3"),
        ReadTimeoutError(endpoint_url="http://s3"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
)
def test_what_may_pass_is_waited_out(error: Exception) -> None:
    assert isinstance(translated(error, "writing"), RetriableError)


@pytest.mark.parametrize(
    "error",
    [
        answer(403, "AccessDenied"),
        answer(403, "InvalidAccessKeyId"),
        answer(403, "SignatureDoesNotMatch"),
        answer(404, "NoSuchBucket"),
        answer(400, "InvalidRequest"),
        answer(501, "NotImplemented"),
        NoCredentialsError(),
    ],
)
def test_what_somebody_must_mend_ends_the_task(error: Exception) -> None:
    assert type(translated(error, "writing")) is ConnectError


def test_the_sentence_says_what_was_done_and_what_was_answered() -> None:
    error = translated(
        answer(503, "SlowDown", "Reduce your request rate."), "writing a/b in bucket c"
    )
    assert str(error) == "S3, writing a/b in bucket c: SlowDown (503): Reduce your request rate"


def test_of_an_address_only_the_machine_is_told() -> None:
    error = EndpointConnectionError(endpoint_url="http://s3:8333/bucket/key?list-type=2&prefix=a")
    assert str(translated(error, "listing a/ in bucket c")) == (
        'S3, listing a/ in bucket c: Could not connect to the endpoint URL: "http://s3:8333"'
    )
