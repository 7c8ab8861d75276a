"""Dead letters of the files, for an operator: read, and nothing else.

Owns reading them back. Must not know how they come about.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import orjson

from connectors.s3.reader import S3Reader
from sinkworker.api import (
    ConnectError,
    DeadLetter,
    DeadLetterStore,
    ErrantRecord,
    SinkRecord,
    Stage,
    TopicPartition,
)


class S3LetterStore(DeadLetterStore):
    def __init__(self, reader: S3Reader) -> None:
        self._reader = reader

    def read(self) -> Iterator[DeadLetter]:
        for file in self._reader.letter_files():
            with self._reader.open(file) as body:
                lines = body.read().splitlines()
            yield from map(_letter, map(orjson.loads, lines))

    def drop(self, letters: Collection[DeadLetter]) -> int:
        _refuse()

    def replay(
        self,
        letters: Collection[DeadLetter],
        records: Mapping[TopicPartition, Sequence[SinkRecord]],
        errant: Sequence[ErrantRecord],
    ) -> Collection[ErrantRecord]:
        _refuse()

    def close(self) -> None:
        self._reader.close()


def _refuse() -> NoReturn:
    raise ConnectError(
        "Dead letters in files are part of what was committed, and stay. Read them with "
        "sinkworker dlq list --json, and send what is mended to the topic"
    )


def _letter(line: Mapping[str, Any]) -> DeadLetter:
    return DeadLetter(
        TopicPartition(line["topic"], line["partition"]), line["offset"], Stage(line["stage"]),
        line["exception"], line["message"], line["failed_at"], line["timestamp"],
        _decoded(line["key"]), _decoded(line["value"]),
        [(each["key"], _decoded(each["value"])) for each in line["headers"]],
    )  # fmt: skip


def _decoded(data: str | None) -> bytes | None:
    return None if data is None else b64decode(data)
