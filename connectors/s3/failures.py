"""The store's errors → ours.

Owns which answer means waiting and which the end of the task. An outage is never a bad record.
"""

from __future__ import annotations

import re

from botocore import exceptions

from sinkworker.api import ConnectError, RetriableError

# Answers that say "not now", or that something was damaged on its way: the same bytes again.
RETRIABLE_STATUS = frozenset({408, 409, 425, 429})
RETRIABLE_CODES = frozenset({
    "BadDigest", "ExpiredToken", "IncompleteBody", "InvalidDigest", "RequestTimeout",
    "RequestTimeTooSkewed", "SlowDown", "ThrottlingException", "TooManyRequests",
    "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch",
})  # fmt: skip
# Of an address, the part that says which machine it is; the sentence already says which object.
ADDRESS = re.compile(r"(https?://[^/\s\"]+)/[^\s\"]*")
# What is wrong on our side and stays so.
FATAL = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
    exceptions.ParamValidationError,
    exceptions.InvalidRegionError,
    exceptions.UnsupportedSignatureVersionError,
)


def status_of(error: Exception) -> int | None:
    """The HTTP status that the store answered, or None when it did not answer."""
    if isinstance(error, exceptions.ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) or None
    return None


def code_of(error: Exception) -> str | None:
    """The store's own name for what is wrong."""
    if isinstance(error, exceptions.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return None


def is_retriable(error: Exception) -> bool:
    status = status_of(error)
    if status is None:
        return not isinstance(error, FATAL)
    if status == 501:
        return False
    return status >= 500 or status in RETRIABLE_STATUS or code_of(error) in RETRIABLE_CODES


def translated(error: Exception, doing: str) -> ConnectError:
    """The error to raise instead of botocore's."""
    kind = RetriableError if is_retriable(error) else ConnectError
    return kind(f"S3, {doing}: {_words(error)}")


def _words(error: Exception) -> str:
    status, code = status_of(error), code_of(error)
    if not isinstance(error, exceptions.ClientError):
        return ADDRESS.sub(r"\1", str(error))
    message = error.response.get("Error", {}).get("Message", "").rstrip(".")
    return f"{code} ({status}){': ' + message if message and message != code else ''}"
