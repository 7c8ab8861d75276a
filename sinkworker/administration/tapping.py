"""A look at one connector's records, in words that are safe to show.

Owns where a look begins, how values are written, and that no secret of the configuration is among them.
Must not know who looks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, TypeAlias

from sinkworker.administration.masking import hidden, password_keys, secrets
from sinkworker.api import ConnectError, SinkRecord, TopicPartition
from sinkworker.configuration import ConfiguredConnector
from sinkworker.runtime.ports import Consumer
from sinkworker.runtime.start import EARLIEST, LATEST
from sinkworker.runtime.tapping import Tap, Tapped, passing

Connect: TypeAlias = Callable[[Collection[TopicPartition]], Consumer]
RAW_BYTES = 200


class Look:
    """partitions: those that exist."""

    def __init__(
        self,
        configured: ConfiguredConnector,
        partitions: Sequence[TopicPartition],
        connect: Connect,
    ) -> None:
        self._configured, self._connect = configured, connect
        self._partitions = partitions
        self._words = _words(configured)

    def records(
        self, start: str | int, limit: int, only: Collection[TopicPartition] = ()
    ) -> Iterator[Tapped]:
        """start: earliest, latest, or an offset. Waits for records that are yet to come."""
        unknown = [str(each) for each in only if each not in self._partitions]
        chosen = sorted(only or self._partitions)
        if unknown or not chosen:
            raise ConnectError(f"Kafka has no {', '.join(unknown) or 'topic of this connector'}")
        tap = Tap(self._configured.conversion(), step_names(self._configured), self.shown)
        with closing(self._connect(chosen)) as consumer:
            starts = _starts(consumer, chosen, start)
            for source, raw in islice(passing(consumer, starts), limit):
                yield tap.tapped(source, raw)

    def shown(self, record: SinkRecord) -> Mapping[str, str]:
        return {
            "topic": self.safe(record.topic), "key": self.written(record.key),
            "value": self.written(record.value),
            "headers": self.written(list(record.headers)),
        }  # fmt: skip

    def written(self, value: Any) -> str:
        return self.safe(_written(value))

    def raw(self, data: bytes | None) -> str:
        """Bytes that could not be converted: the first of them."""
        return self.safe("null" if data is None else repr(data[:RAW_BYTES]))

    def safe(self, text: str) -> str:
        """No character of a record may move the cursor of a terminal, or turn what is written."""
        return "".join(map(_safe, hidden(text, self._words)))


def step_names(configured: ConfiguredConnector) -> list[str]:
    aliases = configured.file.values().get("transforms", "").split(",")
    return list(dict.fromkeys(alias.strip() for alias in aliases if alias.strip()))


def _starts(
    consumer: Consumer, partitions: Sequence[TopicPartition], start: str | int
) -> Mapping[TopicPartition, int]:
    if isinstance(start, str):
        return (EARLIEST if start == "earliest" else LATEST).offsets(consumer, partitions)
    bounds = consumer.bounds(partitions)
    return {p: min(max(start, bounds[p].start), bounds[p].end) for p in partitions}


def _words(configured: ConfiguredConnector) -> list[str]:
    """The secrets, also as JSON writes them."""
    found = secrets(configured.file, password_keys(configured.connector))
    forms = {form for each in found for form in (each, json.dumps(each, ensure_ascii=False)[1:-1])}
    return sorted(forms, key=len, reverse=True)


def _written(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _safe(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
