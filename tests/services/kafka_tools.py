"""Producing, administration and reading for tests, on librdkafka: not the client under test."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec

from tests.services.process import wait_until

# Connections that break when a test stops its broker are not worth a line.
QUIET = {"log_level": 0}


class KafkaTools:
    """What tests do to one broker."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap} | QUIET)
        self._producer = self.producer()

    def close(self) -> None:
        self._producer.flush(10)

    # topics

    def create_topic(self, name: str | None = None, partitions: int = 1, **settings: str) -> str:
        """A new topic; its name ends with something random unless it is given."""
        name = name or f"topic-{uuid.uuid4().hex[:10]}"
        config = {key.replace("_", "."): value for key, value in settings.items()}
        topic = NewTopic(name, partitions, 1, config=config)
        self.admin.create_topics([topic])[name].result(20)
        self.wait_for_topic(name, partitions)
        return name

    def wait_for_topic(self, name: str, partitions: int) -> None:
        wait_until(lambda: self._is_there(name, partitions), 30, f"topic {name}")

    def _is_there(self, topic: str, partitions: int) -> bool:
        """Every partition has a leader that answers."""
        try:
            return len(self.ends(topic)) == partitions
        except (KafkaException, KeyError):
            return False

    def partition_count(self, topic: str) -> int:
        return len(self.admin.list_topics(topic, timeout=10).topics[topic].partitions)

    def delete_topic(self, name: str) -> None:
        self.admin.delete_topics([name])[name].result(20)

    def add_partitions(self, topic: str, total: int) -> None:
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(20)
        wait_until(lambda: self._is_there(topic, total), 20, f"{total} partitions of {topic}")
        self._producer = self.producer()  # the old one still knows the old number

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        where = TopicPartition(topic, partition, before)
        self.admin.delete_records([where])[where].result(20)

    def ends(self, topic: str) -> dict[int, int]:
        """The high watermark of every partition."""
        return self._offsets(topic, OffsetSpec.latest())

    def _offsets(self, topic: str, spec: Any) -> dict[int, int]:
        count = self.partition_count(topic)
        asked = {TopicPartition(topic, partition): spec for partition in range(count)}
        found = self.admin.list_offsets(asked, request_timeout=20)
        return {where.partition: future.result(20).offset for where, future in found.items()}

    # records

    def producer(self, **settings: Any) -> Producer:
        named = {key.replace("_", "."): value for key, value in settings.items()}
        return Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5} | QUIET | named)

    def produce(
        self,
        topic: str,
        values: Iterable[Any],
        partition: int = 0,
        key: Any = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Append values (bytes and None as they are, anything else as JSON) and wait for them."""
        for value in values:
            self._send(self._producer, topic, value, partition, key, headers)
        assert self._producer.flush(30) == 0, "not everything was produced"

    def produce_in_transactions(
        self, topic: str, batches: Sequence[tuple[int, Sequence[Any], bool]]
    ) -> None:
        """Batches of (partition, values, whether the transaction is committed)."""
        producer = self.producer(transactional_id=uuid.uuid4().hex)
        producer.init_transactions(30)
        for partition, values, commits in batches:
            producer.begin_transaction()
            for value in values:
                self._send(producer, topic, value, partition, None, ())
            producer.flush(30)
            if commits:
                producer.commit_transaction(30)
            else:
                producer.abort_transaction(30)

    @staticmethod
    def _send(
        producer: Producer,
        topic: str,
        value: Any,
        partition: int,
        key: Any,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        data = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        encoded_key = None if key is None else str(key).encode()
        while True:
            try:
                producer.produce(
                    topic, data, encoded_key, partition=partition, headers=list(headers)
                )
                producer.poll(0)
                return
            except BufferError:
                producer.poll(0.1)

    def read(self, topic: str, isolation: str = "read_committed") -> dict[int, list[Any]]:
        """Every message that a topic still holds, by partition, with an independent client."""
        ends = self.ends(topic)
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": uuid.uuid4().hex,
                "isolation.level": isolation,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
            | QUIET
        )
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
        messages: dict[int, list[Any]] = {partition: [] for partition in ends}
        finished: set[int] = set()
        deadline = time.monotonic() + 60
        while finished != set(ends):
            assert time.monotonic() < deadline, (
                f"{topic} cannot be read: only {finished} to the end"
            )
            for message in consumer.consume(5000, 0.1):
                error = message.error()
                if error is None:
                    messages[message.partition()].append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    finished.add(message.partition())
        consumer.close()
        return messages

    # groups

    def committed(self, group: str, topic: str) -> Mapping[int, int]:
        """What a group has committed of a topic."""
        from confluent_kafka import ConsumerGroupTopicPartitions

        wanted = [TopicPartition(topic, p) for p in range(self.partition_count(topic))]
        answer = self.admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group, wanted)]
        )[group].result(20)
        return {p.partition: p.offset for p in answer.topic_partitions if p.offset >= 0}

    def members(self, group: str) -> list[Any]:
        description = self.admin.describe_consumer_groups([group])[group].result(20)
        return list(description.members)
