"""Dead letters that a sink stores itself: look at them, and write them once more.

Owns the bodies of both. Bytes are base64. Must not know how letters are kept.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sinkworker.api import DeadLetter
from sinkworker.rest.ledger import limit
from sinkworker.rest.message import Answer, Request
from sinkworker.rest.offsets import offset_of, partition_content, partition_of
from sinkworker.rest.port import Administration, LetterQuestion, RefusedError


def get(worker: Administration, request: Request, name: str) -> Answer:
    """By topic, partition and offset."""
    found = worker.letters(name, LetterQuestion(limit(request)))
    return Answer(200, {"letters": [_content(letter) for letter in found]})


def _content(letter: DeadLetter) -> dict[str, Any]:
    return {
        "partition": partition_content(letter.source), "offset": letter.offset,
        "stage": letter.stage.value, "exception": letter.exception, "message": letter.message,
        "failed_at": letter.failed_at, "timestamp": letter.timestamp,
        "key": _encoded(letter.key), "value": _encoded(letter.value),
        "headers": [{"key": key, "value": _encoded(value)} for key, value in letter.headers],
    }  # fmt: skip


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def replay(worker: Administration, request: Request, name: str) -> Answer:
    """`{"partition": …, "offset": 5}`: that letter; `{}`: all."""
    content = request.json_object()
    unknown = sorted(content.keys() - {"partition", "offset"})
    if unknown or ("offset" in content and "partition" not in content):
        raise RefusedError(400, 'Expected "partition" and "offset", or {} for all letters')
    partition = partition_of(content["partition"]) if "partition" in content else None
    offset = offset_of(content["offset"]) if "offset" in content else None
    done = worker.replay_letters(name, LetterQuestion(None, partition, offset))
    return Answer(
        200, {"written": done.written, "filtered": done.filtered, "stayed": list(done.stayed)}
    )
