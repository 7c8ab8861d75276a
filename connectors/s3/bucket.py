"""One bucket of one store: the only part that speaks S3.

Owns the clients, their time limits, and that botocore's errors leave as ours. May be used by several
threads at once. Must not know what stands in the bucket.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote, urlsplit

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from connectors.s3.deadline import Watched
from connectors.s3.failures import code_of, status_of, translated
from connectors.s3.store_config import StoreConfig

CONNECT_TIMEOUT_SECONDS = 5
CONNECTIONS = 32
DELETED_AT_ONCE = 1000
LOCK = Lock()


class Listed(NamedTuple):
    key: str
    bytes: int


class Body(NamedTuple):
    """What is to be uploaded. metadata: what the store keeps beside it. check: is called again and
    again meanwhile; what it raises ends the upload."""

    content: BinaryIO
    bytes: int
    sha256: str
    metadata: Mapping[str, str]
    check: Callable[[], None] = lambda: None


class Bucket:
    """Opened on first use. `timeout_ms`: how long one request may take before it counts as lost."""

    def __init__(self, config: StoreConfig, timeout_ms: int) -> None:
        self._config, self._timeout_ms = config, timeout_ms
        self.name = config.s3_bucket_name
        self._clients: tuple[Any, Any] | None = None

    # reading

    def keys(self, prefix: str, limit: int | None = None) -> list[str]:
        """The first keys with this prefix, in their order; one request for up to 1000."""
        return [listed.key for listed in self.listing(prefix, limit)]

    def listing(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        with self._using(f"listing {prefix}"):
            client, found = self._client, 0
            arguments: dict[str, Any] = {} if limit is None else {"MaxKeys": limit}
            while True:
                page = client.list_objects_v2(Bucket=self.name, Prefix=prefix, **arguments)
                for item in page.get("Contents", ()):
                    yield Listed(item["Key"], item["Size"])
                    found += 1
                if not page.get("IsTruncated") or found == limit:
                    return
                arguments["ContinuationToken"] = page["NextContinuationToken"]

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders that stand directly below a prefix."""
        with self._using(f"listing {prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, Delimiter="/"
            )
            return [
                found["Prefix"].removeprefix(prefix).rstrip("/")
                for page in pages
                for found in page.get("CommonPrefixes", ())
            ]

    def get(self, key: str) -> bytes | None:
        """None when there is no such object."""
        with self._using(f"reading {key}"):
            try:
                body = self._client.get_object(Bucket=self.name, Key=key)["Body"]
            except ClientError as error:
                if code_of(error) == "NoSuchKey":
                    return None
                raise
            return bytes(body.read())

    def size(self, key: str) -> int | None:
        """None when there is no such object."""
        with self._using(f"looking at {key}"):
            try:
                return int(self._client.head_object(Bucket=self.name, Key=key)["ContentLength"])
            except ClientError as error:
                if status_of(error) == 404:
                    return None
                raise

    @contextmanager
    def stream(self, key: str) -> Iterator[Any]:
        """The object as a file to be read from its beginning to its end."""
        with self._using(f"reading {key}"):
            body = self._client.get_object(Bucket=self.name, Key=key)["Body"]
            try:
                yield body
            finally:
                body.close()

    # writing

    def put_if_absent(self, key: str, content: bytes, sha256: str) -> bool:
        """Whether it stands there now because of this request. False: something stood there.

        RetriableError: the answer is unknown. It may have happened, or may still happen.
        """
        with self._using(f"writing {key}"):
            try:
                self._client_without_retries.put_object(
                    Bucket=self.name, Key=key, Body=content, IfNoneMatch="*",
                    ContentType="application/json", ChecksumSHA256=_base64(sha256),
                    **self._how_to_store(),
                )  # fmt: skip
            except ClientError as error:
                if status_of(error) == 412:
                    return False
                raise
            return True

    def upload(self, key: str, body: Body) -> None:
        """Write an object, whatever stood there; a large one in parts."""
        options = {"Metadata": dict(body.metadata), **self._how_to_store()}
        if self._config.s3_acl_canned is not None:
            options["ACL"] = self._config.s3_acl_canned
        with self._using(f"writing {key}"):
            if body.bytes > self._config.s3_part_size:
                self._upload_in_parts(key, body, options)
            else:
                self._client.put_object(
                    Bucket=self.name, Key=key, Body=Watched(body.content, body.check),
                    ContentLength=body.bytes, ChecksumSHA256=_base64(body.sha256), **options,
                )  # fmt: skip

    def _upload_in_parts(self, key: str, body: Body, options: Mapping[str, Any]) -> None:
        size = self._config.s3_part_size
        transfer = TransferConfig(
            multipart_threshold=size, multipart_chunksize=size, use_threads=False
        )
        self._client.upload_fileobj(
            Watched(body.content, body.check),
            self.name,
            key,
            ExtraArgs=dict(options),
            Config=transfer,
            Callback=lambda _: body.check(),
        )

    def delete(self, keys: Collection[str]) -> None:
        ordered = sorted(keys)
        for start in range(0, len(ordered), DELETED_AT_ONCE):
            objects = [{"Key": key} for key in ordered[start : start + DELETED_AT_ONCE]]
            with self._using(f"deleting {len(objects)} files"):
                self._client.delete_objects(
                    Bucket=self.name, Delete={"Objects": objects, "Quiet": True}
                )

    def abandoned_uploads(self, prefix: str) -> list[tuple[str, str]]:
        """(key, id) of uploads in parts that were begun and neither finished nor aborted."""
        with self._using(f"listing uploads of {prefix}"):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.name, Prefix=prefix
            )
            return [
                (found["Key"], found["UploadId"])
                for page in pages
                for found in page.get("Uploads", ())
            ]

    def abort_upload(self, key: str, upload_id: str) -> None:
        with self._using(f"aborting the upload of {key}"):
            self._client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)

    def close(self) -> None:
        for client in self._clients or ():
            client.close()
        self._clients = None

    # clients

    @property
    def _client(self) -> Any:
        return self._opened()[0]

    @property
    def _client_without_retries(self) -> Any:
        """A retry of botocore's turns a request that happened into a refusal: 412."""
        return self._opened()[1]

    def _opened(self) -> tuple[Any, Any]:
        with LOCK:  # also between threads that use this bucket first at the same time
            if self._clients is None:
                attempts = self._config.s3_part_retries + 1
                self._clients = self._new(attempts), self._new(1)
            return self._clients

    def _new(self, attempts: int) -> Any:
        style = "path" if self._config.s3_path_style_access_enabled else "virtual"
        settings = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=self._timeout_ms / 1000,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
            proxies=_proxies(self._config),
            s3={"addressing_style": style},
        )
        return _session().client(
            "s3", region_name=self._config.s3_region, endpoint_url=self._config.store_url,
            config=settings, **_keys(self._config),
        )  # fmt: skip

    def _how_to_store(self) -> dict[str, str]:
        chosen = {
            "ServerSideEncryption": self._config.s3_ssea_name,
            "SSEKMSKeyId": self._config.s3_sse_kms_key_id,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    @contextmanager
    def _using(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, Boto3Error, ClientError) as error:
            raise translated(error, f"{doing} in bucket {self.name}") from error


@cache
def _session() -> Session:
    """One for the process: the first client costs 130 ms and 50 MB, each one after it 5 ms. To be
    used under the lock."""
    return Session()


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _keys(config: StoreConfig) -> dict[str, str]:
    secrets = {
        "aws_access_key_id": config.aws_access_key_id,
        "aws_secret_access_key": config.aws_secret_access_key,
        "aws_session_token": config.aws_session_token,
    }
    return {name: each.get_secret_value() for name, each in secrets.items() if each is not None}


def _proxies(config: StoreConfig) -> dict[str, str] | None:
    """None: as the environment says."""
    if config.s3_proxy_url is None:
        return None
    parts = urlsplit(config.s3_proxy_url)
    if config.s3_proxy_user is not None:
        password = config.s3_proxy_password
        secret = quote(password.get_secret_value() if password else "", safe="")
        parts = parts._replace(
            netloc=f"{quote(config.s3_proxy_user, safe='')}:{secret}@{parts.netloc}"
        )
    return dict.fromkeys(("http", "https"), parts.geturl())
