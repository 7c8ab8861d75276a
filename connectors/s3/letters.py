"""Dead letters in files of their own: a line of JSON each, named by the entry that passes them.

Owns what a letter looks like, and the file of those of one flush of one partition. Must not know where
it is uploaded to.
"""

from __future__ import annotations

import hashlib
import io
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.s3.open_file import EncodedFile
from sinkworker.api import ErrantRecord

EXTENSION = ".jsonl"


def letter_file(letters: Sequence[ErrantRecord], connector: str, task: int) -> EncodedFile:
    """In the order of their offsets. There is at least one."""
    ordered = sorted(letters, key=lambda letter: letter.offset)
    failed_at = datetime.now(UTC).isoformat(timespec="microseconds")
    about = {"connector": connector, "task": task, "failed_at": failed_at}
    data = b"".join(orjson.dumps(_fields(each) | about) + b"\n" for each in ordered)
    return EncodedFile(
        topic=ordered[0].source.topic,
        path="",
        extension=EXTENSION,
        first=ordered[0].offset,
        last=ordered[-1].offset,
        count=len(ordered),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        body=io.BytesIO(data),
    )


def _fields(letter: ErrantRecord) -> dict[str, Any]:
    """key, value and the values of headers: base64, or null."""
    return {
        "topic": letter.source.topic,
        "partition": letter.source.partition,
        "offset": letter.offset,
        "stage": letter.stage.value,
        "class": letter.executing_class,
        "exception": type(letter.error).__qualname__,
        "message": str(letter.error).encode(errors="backslashreplace").decode(),
        "timestamp": letter.timestamp,
        "key": _encoded(letter.key),
        "value": _encoded(letter.value),
        "headers": [{"key": name, "value": _encoded(data)} for name, data in letter.headers],
    }


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()
