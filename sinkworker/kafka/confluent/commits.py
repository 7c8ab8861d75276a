"""Offset commits to the group, one under way at a time.

Owns which answer belongs to which commit: librdkafka's callback does not say. Must not know why
offsets are committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka import TopicPartition as ClientPartition

from sinkworker.api import Offset, RetriableError, TopicPartition
from sinkworker.kafka.mirror import Ended

NO_EPOCH = -1


class Commits:
    """`on_commit` is librdkafka's callback; it runs inside a poll."""

    def __init__(self) -> None:
        self._ended: Ended | None = None

    @property
    def is_under_way(self) -> bool:
        return self._ended is not None

    def send(
        self, client: Consumer, offsets: Mapping[TopicPartition, Offset], ended: Ended
    ) -> None:
        if self._ended is not None:
            raise RetriableError("another commit is still under way")
        client.commit(offsets=for_client(offsets), asynchronous=True)
        self._ended = ended

    def on_commit(self, error: KafkaError | None, partitions: list[Any]) -> None:
        failed = error or next((each.error for each in partitions if each.error), None)
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(KafkaException(failed) if failed is not None else None)


def _epoch(offset: Offset) -> int:
    return NO_EPOCH if offset.leader_epoch is None else offset.leader_epoch


def for_client(offsets: Mapping[TopicPartition, Offset]) -> list[ClientPartition]:
    return [
        ClientPartition(*partition, offset.next, leader_epoch=_epoch(offset))
        for partition, offset in offsets.items()
    ]
