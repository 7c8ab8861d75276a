"""What a dead letter in a topic says of itself: Kafka Connect's headers.

Owns their names and encoding, which are those of Connect's DeadLetterQueueReporter: text as UTF-8,
also the numbers. Pure. Must not know how a letter is sent.
"""

from __future__ import annotations

import traceback

from sinkworker.api import ErrantRecord, Header
from sinkworker.runtime.tolerance import class_name

PREFIX = "__connect.errors."
# Ours: what of the record is not in its letter, because no topic would take it.
OMITTED = "__sinkworker.errors.omitted"


def context_headers(letter: ErrantRecord, connector: str, task: int) -> list[Header]:
    """In Connect's order. The exception is Python's."""
    trace = "".join(traceback.format_exception(letter.error))
    said = {
        "topic": letter.source.topic,
        "partition": str(letter.source.partition),
        "offset": str(letter.offset),
        "connector.name": connector,
        "task.id": str(task),
        "stage": letter.stage.value,
        "class.name": letter.executing_class,
        "exception.class.name": class_name(letter.error),
        "exception.message": str(letter.error),
        "exception.stacktrace": trace,
    }
    return [(PREFIX + name, _encoded(text)) for name, text in said.items()]


def omitted_header(letter: ErrantRecord) -> Header:
    """How much is missing."""
    sizes = [
        f"{what} {len(data)} bytes"
        for what, data in (("key", letter.key), ("value", letter.value))
        if data is not None
    ]
    return OMITTED, ", ".join([*sizes, f"{len(letter.headers)} headers"]).encode()


def _encoded(text: str) -> bytes:
    return text.encode(errors="backslashreplace")
