"""What landed in S3, read by following the chains of entries.

Owns how an entry is read, which is all that a reader of the bucket needs to know: without the sink's
own code, so that it cannot prove itself right.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from sinkworker.demo.factory import NUMBERED_BY
from sinkworker.demo.landing import Proof
from sinkworker.demo.patience import DemoError
from sinkworker.demo.topics import Place, Produced

Entry = Mapping[str, Any]


class Row(NamedTuple):
    """One line of a committed file. folder: rows of one are in order."""

    topic: str
    number: int
    folder: str


class Archive:
    """One connector's chains in one bucket. Entries never change, so each is read once."""

    def __init__(self, client: Any, bucket: str, connector: str) -> None:
        self._client, self._bucket = client, bucket
        self._root = f"_sinkworker/{connector}/"
        self._entries: dict[str, Entry] = {}
        self._produced: Sequence[Produced] = ()

    def note(self, produced: Sequence[Produced]) -> None:
        self._produced = produced

    def rows(self) -> dict[str, int]:
        counts = Counter[str]()
        for (topic, _), chain in self._chains().items():
            counts[topic] += sum(file["count"] for entry in chain for file in entry["files"])
        return dict(counts)

    def numbers(self, topic: str) -> list[int]:
        """Files of one commit have no order, so these are sorted."""
        return sorted(row.number for row in self._landed() if row.topic == topic)

    def stored(self) -> dict[Place, int]:
        return {place: chain[-1]["next_offset"] for place, chain in self._chains().items()}

    def workers_are_gone(self) -> bool:
        """An entry is there or not; and one that comes late is seen by whoever claims next."""
        return True

    def prove(self) -> Proof:
        return proof(self._produced, list(self._landed()))

    def _landed(self) -> Iterator[Row]:
        """Every line of every committed file, commit by commit."""
        for (topic, _), chain in self._chains().items():
            for file in (file for entry in chain for file in entry["files"]):
                folder = file["key"].rpartition("/")[0]
                for line in gzip.decompress(self._get(file["key"])).splitlines():
                    yield Row(topic, json.loads(line)[NUMBERED_BY[topic]], folder)

    def _chains(self) -> dict[Place, list[Entry]]:
        """Oldest entry first. They are numbered downward, so a listing begins with the newest."""
        chains: dict[Place, list[Entry]] = {}
        for key in reversed(self._keys()):
            topic, partition, _ = key.removeprefix(self._root).split("/")
            chain = chains.setdefault((topic, int(partition)), [])
            if key not in self._entries:
                self._entries[key] = json.loads(self._get(key))
            chain.append(_following(chain, self._entries[key], key))
        return chains

    def _keys(self) -> list[str]:
        with _asking():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._root
            )
            return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def _get(self, key: str) -> bytes:
        with _asking():
            return bytes(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise DemoError(f"SeaweedFS did not answer: {error}") from error


def proof(produced: Sequence[Produced], landed: Sequence[Row]) -> Proof:
    """What was produced, against what landed."""
    offsets = {(each.topic, each.number): (each.partition, each.offset) for each in produced}
    found = Counter((row.topic, row.number) for row in landed)
    return Proof(
        produced=len(produced),
        rows=len(landed),
        missing=len(offsets.keys() - found.keys()),
        duplicates=len(landed) - len(found),
        unknown=sum(count for which, count in found.items() if which not in offsets),
        out_of_order=_out_of_order(landed, offsets),
    )


def _out_of_order(landed: Iterable[Row], offsets: Mapping[tuple[str, int], tuple[int, int]]) -> int:
    """Rows that come behind a later one of their folder and partition."""
    latest: dict[tuple[str, int], int] = {}
    count = 0
    for row in landed:
        partition, offset = offsets.get((row.topic, row.number), (-1, -1))
        where = (row.folder, partition)
        count += partition >= 0 and offset <= latest.get(where, -1)
        latest[where] = offset
    return count


def _following(chain: Sequence[Entry], entry: Entry, key: str) -> Entry:
    if entry["prev_id"] != (chain[-1]["id"] if chain else None):
        raise DemoError(f"{key} does not follow the entry before")
    return entry
