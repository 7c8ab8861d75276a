"""One owner of partitions, driven directly: the engine's book-keeping without the engine.

Owns the claims that a test made and builds the records and advances that a flush needs. For tests of
a task's contract; `harness` runs the engine itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from sinkworker.api import (
    Advance,
    Claim,
    Offset,
    RecordRejectedError,
    SinkConnector,
    SinkRecord,
    TopicPartition,
)


@dataclass
class StrictContext:
    """A task context that tolerates no error, and remembers what was rejected."""

    name: str
    owner: str
    task: int = 0
    flush_timeout_ms: int = 60_000
    config_hash: str = ""
    rejected: list[int] = field(default_factory=list)

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> NoReturn:
        self.rejected.append(record.offset)
        raise RecordRejectedError(source, record.offset, str(error)) from error


def value_of(source: TopicPartition, offset: int, text: Any = "some text") -> dict[str, Any]:
    """The kit's value: an id that says where it was read, and a text."""
    return {"id": f"{source.topic}:{source.partition}:{offset}", "text": text}


class Owner:
    """One task with its claims, as one process would hold them."""

    def __init__(self, connector: SinkConnector[Any], name: str = "one") -> None:
        self.context = StrictContext(connector.name, name)
        self.task = connector.create_task(self.context)
        self.claims: dict[TopicPartition, Claim] = {}
        self._counts: dict[TopicPartition, int] = {}

    def open(self, *partitions: TopicPartition, start: Offset | None = None) -> None:
        opened = self.task.open(dict.fromkeys(partitions, start or Offset(0)))
        self.claims |= opened
        self._counts |= dict.fromkeys(opened, 0)

    def resume(self, partition: TopicPartition) -> int:
        return self.claims[partition].resume.next

    def put(self, source: TopicPartition, offsets: Iterable[int], text: Any = "some text") -> None:
        self.put_values(source, {offset: value_of(source, offset, text) for offset in offsets})

    def put_values(self, source: TopicPartition, values: dict[int, Any]) -> None:
        records = [
            SinkRecord(
                source.topic,
                source.partition,
                offset,
                1_700_000_000_000 + offset,
                f"key-{offset}",
                value,
                [("trace", b"\x00\xff"), ("empty", None)],
            )
            for offset, value in values.items()
        ]
        self._counts[source] = self._counts.get(source, 0) + len(records)
        self.task.put(source, records)

    def flush(self, to: dict[TopicPartition, int]) -> None:
        """Advance these partitions; what was put for them becomes durable. Raises what it raises."""
        advances = {
            partition: self._advance(partition, position) for partition, position in to.items()
        }
        self.task.flush(advances)
        for partition, advance in advances.items():
            self.claims[partition] = Claim(advance.to, advance.epoch)
            self._counts[partition] = 0

    def _advance(self, partition: TopicPartition, position: int) -> Advance:
        resume, epoch = self.claims[partition]
        records = self._counts.get(partition, 0)
        to = resume._replace(next=position)
        gaps = position - resume.next - records
        return Advance(epoch, resume.next, to, records, gaps=gaps)

    def close(self, *partitions: TopicPartition) -> None:
        self.task.close(partitions)
        for partition in partitions:
            self._counts[partition] = 0

    def stop(self) -> None:
        self.task.close(list(self.claims))
        self.task.stop()
