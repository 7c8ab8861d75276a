"""Chains and files of one connector in a bucket, read as a stranger would: by boto3 and nothing else.

Owns where entries stand and how a data file is taken apart. Must not use any of the worker's code.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

from tests.faults.cargo import Cargo
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY

LAST = 10**19 - 1
LOCK = threading.Lock()
Entry = dict[str, Any]


def client(url: str) -> Any:
    """Of a store. boto3's own session must not be used by several threads at once."""
    with LOCK:
        return boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY, config=Config(s3={"addressing_style": "path"}),
        )  # fmt: skip


def number(key: str) -> int:
    """Of the entry with this key, from 1."""
    return LAST - int(key.rpartition("/")[2].removesuffix(".json"))


class Chains:
    """What one connector has committed of one topic. url: of the store, and the bucket's name."""

    def __init__(self, url: str, connector: str, topic: str) -> None:
        store, _, self.bucket = url.rpartition("/")
        self.client = client(store)
        self._folder = f"_sinkworker/{connector}/{topic}/"
        self._newest: dict[int, tuple[str, Entry]] = {}

    def close(self) -> None:
        self.client.close()

    def folder(self, p: int) -> str:
        return f"{self._folder}{p}/"

    def partitions(self) -> list[int]:
        page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self._folder, Delimiter="/")
        folders = [each["Prefix"] for each in page.get("CommonPrefixes", ())]
        return sorted(int(each.removeprefix(self._folder).rstrip("/")) for each in folders)

    def keys(self, p: int, down_to: str | None = None, at_once: int = 1000) -> Iterator[str]:
        """Of entries, the newest first; only those that are newer than one. Others' files are none."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.folder(p), PaginationConfig={"PageSize": at_once}
        )
        for page in pages:
            for item in page.get("Contents", ()):
                if item["Key"] == down_to:
                    return
                if item["Key"].endswith(".json"):
                    yield item["Key"]

    def newest(self) -> dict[int, Entry]:
        """By partition. An entry never changes, so each is read once."""
        for p in self.partitions():
            key = next(self.keys(p, at_once=1), None)
            if key is not None and self._newest.get(p, ("", {}))[0] != key:
                self._newest[p] = key, self.entry(key)
        return {p: entry for p, (_, entry) in self._newest.items()}

    def entries(self, p: int) -> list[Entry]:
        """The oldest first."""
        return [self.entry(key) for key in reversed(list(self.keys(p)))]

    def entry(self, key: str) -> Entry:
        return dict(json.loads(self.get(key) or b"{}"))

    def get(self, key: str) -> bytes | None:
        try:
            return bytes(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise


def unpacked(key: str, content: bytes) -> list[Cargo]:
    """The records of a data file."""
    plain = gzip.decompress(content) if key.endswith(".gz") else content
    return [Cargo(**json.loads(line)) for line in plain.splitlines()]
