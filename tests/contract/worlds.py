"""Worlds with the same verbs: the in-memory broker, and real Kafka with each client.

Owns what the contract test asks of a broker. A behaviour that only one of them had would show here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sinkworker.api import TopicPartition
from sinkworker.kafka.clients import connection, read_settings
from sinkworker.kafka.subscription import Subscription
from sinkworker.runtime.ports import Consumer, Event, Fetched, Poll
from sinkworker.testing import InMemoryBroker, InMemoryConsumer
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until

PATIENCE_SECONDS = 60


class World(Protocol):
    def create_topic(self, partitions: int = 1, prefix: str = "contract") -> str: ...
    def produce(self, source: TopicPartition, count: int) -> None: ...
    def abort(self, source: TopicPartition, count: int) -> None: ...
    def open_transaction(self, source: TopicPartition) -> Callable[[], None]: ...
    def delete_records(self, source: TopicPartition, before: int) -> None: ...
    def add_partitions(self, topic: str, total: int) -> None: ...
    def recreate(self, topic: str) -> None: ...
    def consumer(self, **wanted: Any) -> Consumer: ...
    def expel(self, consumer: Consumer) -> None: ...
    def close(self) -> None: ...


class InMemoryWorld:
    def __init__(self) -> None:
        self._broker = InMemoryBroker()
        self._group = "contract"

    def create_topic(self, partitions: int = 1, prefix: str = "contract") -> str:
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        self._broker.create_topic(name, partitions)
        return name

    def produce(self, source: TopicPartition, count: int) -> None:
        for _ in range(count):
            offset = self._broker.logs[source].end
            self._broker.produce(source, str(offset).encode(), b"key", [("h", b"1")])

    def abort(self, source: TopicPartition, count: int) -> None:
        self._broker.leave_gap(source, count + 1)

    def open_transaction(self, source: TopicPartition) -> Callable[[], None]:
        self._broker.hold_back(source, self._broker.logs[source].end)
        self.produce(source, 1)

        def commit() -> None:
            self._broker.leave_gap(source, 1)
            self._broker.hold_back(source, None)

        return commit

    def delete_records(self, source: TopicPartition, before: int) -> None:
        self._broker.delete_records(source, before)

    def add_partitions(self, topic: str, total: int) -> None:
        self._broker.add_partitions(topic, total)

    def recreate(self, topic: str) -> None:
        self._broker.recreate_topic(topic)

    def consumer(self, **wanted: Any) -> Consumer:
        return InMemoryConsumer(self._broker, self._group, **wanted)

    def expel(self, consumer: Consumer) -> None:
        assert isinstance(consumer, InMemoryConsumer)
        assert consumer.member is not None
        self._broker.expel(self._group, consumer.member)

    def close(self) -> None:
        """Nothing is held."""


class KafkaWorld:
    """One group per world; consumers are closed with it."""

    settings = {
        "session.timeout.ms": "2000",
        "heartbeat.interval.ms": "300",
        "max.poll.interval.ms": "3000",
        "metadata.max.age.ms": "300",
        "fetch.max.wait.ms": "50",
        "default.api.timeout.ms": "10000",
    }

    def __init__(self, kafka: KafkaTools, client: str, **more: str) -> None:
        self._kafka, self._client = kafka, client
        self._settings = self.settings | {key.replace("_", "."): v for key, v in more.items()}
        self._name = f"contract-{uuid.uuid4().hex[:8]}"
        self._consumers: list[Consumer] = []

    def create_topic(self, partitions: int = 1, prefix: str = "contract") -> str:
        return self._kafka.create_topic(f"{prefix}-{uuid.uuid4().hex[:8]}", partitions)

    def produce(self, source: TopicPartition, count: int) -> None:
        first = self._kafka.ends(source.topic)[source.partition]
        values = [str(first + n).encode() for n in range(count)]
        self._kafka.produce(source.topic, values, source.partition, "key", [("h", b"1")])

    def abort(self, source: TopicPartition, count: int) -> None:
        end = self._kafka.ends(source.topic)[source.partition] + count + 1
        batch = (source.partition, [b"aborted"] * count, False)
        self._kafka.produce_in_transactions(source.topic, [batch])
        wait_until(
            lambda: self._kafka.ends(source.topic)[source.partition] == end, 10, "the abort marker"
        )

    def open_transaction(self, source: TopicPartition) -> Callable[[], None]:
        producer = self._kafka.producer(transactional_id=uuid.uuid4().hex)
        producer.init_transactions(20)
        producer.begin_transaction()
        producer.produce(source.topic, b"open", partition=source.partition)
        producer.flush(20)
        return lambda: producer.commit_transaction(20)

    def delete_records(self, source: TopicPartition, before: int) -> None:
        self._kafka.delete_records(source.topic, source.partition, before)

    def add_partitions(self, topic: str, total: int) -> None:
        self._kafka.add_partitions(topic, total)

    def recreate(self, topic: str) -> None:
        self._kafka.delete_topic(topic)
        self._kafka.create_topic(topic)

    def consumer(
        self,
        *,
        topics: Sequence[str] = (),
        pattern: str | None = None,
        partitions: Sequence[TopicPartition] = (),
        max_poll_records: int = 500,
    ) -> Consumer:
        settings, wrong, refused, _ = read_settings(
            self._client, self._settings | {"max.poll.records": str(max_poll_records)}
        )
        assert not wrong + refused
        to = connection(self._client, self._kafka.bootstrap, self._name, settings, 1 << 24, 500)
        subscription = Subscription(tuple(topics), pattern, tuple(partitions))
        consumer = to.consumer(subscription, len(self._consumers))
        self._consumers.append(consumer)
        return consumer

    def expel(self, consumer: Consumer) -> None:
        """Without polls for max.poll.interval.ms a consumer is put out of its group."""
        group = f"connect-{self._name}"
        before = len(self._kafka.members(group))
        wait_until(lambda: len(self._kafka.members(group)) < before, 15, "the member is gone")

    def close(self) -> None:
        for consumer in self._consumers:
            consumer.close()


class Reader:
    """Polls a consumer and remembers what came."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer
        self.events: list[Event] = []
        self.fetched: dict[TopicPartition, list[Fetched]] = {}

    def poll(self, at_most: int | None = None) -> Poll:
        poll = self.consumer.poll(100, at_most)
        self.events += poll.events
        for partition, batch in poll.fetched.items():
            self.fetched.setdefault(partition, []).append(batch)
        return poll

    def poll_until(self, condition: Callable[[], object], what: str) -> None:
        def reached() -> bool:
            self.poll()
            return bool(condition())

        wait_until(reached, PATIENCE_SECONDS, what)

    def owned(self) -> set[TopicPartition]:
        """By the events so far."""
        from sinkworker.runtime.ports import Assigned

        owned: set[TopicPartition] = set()
        for event in self.events:
            owned = (
                owned | event.partitions
                if isinstance(event, Assigned)
                else owned - event.partitions
            )
        return owned

    def offsets(self, partition: TopicPartition) -> list[int]:
        return [r.offset for batch in self.fetched.get(partition, []) for r in batch.records]

    def position(self, partition: TopicPartition) -> int | None:
        batches = self.fetched.get(partition)
        return batches[-1].next if batches else None
