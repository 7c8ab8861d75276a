"""Making a consumer: one librdkafka client for a task of a connector.

Owns the settings that depend on the connector and the task, and waiting for a first broker. Must not
know the port's methods.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicCollection
from confluent_kafka.admin import AdminClient

from sinkworker.api import RetriableError, TopicPartition
from sinkworker.kafka.confluent.commits import Commits
from sinkworker.kafka.confluent.consumer import ConfluentConsumer
from sinkworker.kafka.confluent.dead_letters import ConfluentDeadLetters
from sinkworker.kafka.confluent.failures import translated
from sinkworker.kafka.confluent.producer_settings import DIALECT as OF_PRODUCER
from sinkworker.kafka.confluent.rebalance import Rebalances
from sinkworker.kafka.confluent.security import properties
from sinkworker.kafka.confluent.settings import POLL_RECORDS
from sinkworker.kafka.confluent.topics import WITHIN_SECONDS, Topics
from sinkworker.kafka.confluent.troubles import Troubles
from sinkworker.kafka.java_producer import in_time
from sinkworker.kafka.java_settings import COOPERATIVE, ClientSettings
from sinkworker.kafka.letters import LetterForm, LetterTopic
from sinkworker.kafka.security import RefusedError
from sinkworker.kafka.subscription import Subscription

BOOTSTRAP_WITHIN_SECONDS = 10.0
ANSWERS_WITHIN_SECONDS = 0.5
REFRESH, STRATEGY = "topic.metadata.refresh.interval.ms", "partition.assignment.strategy"
DEFAULT_REFRESH_MS = 300_000
# Of 64 partitions Java's 50 MiB come at once, whatever the budget: twice the memory, and no faster.
MOST_FETCHED_AT_ONCE = 8 << 20
# An admin client takes these, and no setting of consumers.
OF_ADMIN = ("bootstrap.", "client.", "security.", "sasl.", "ssl.", "socket.", "reconnect.", "retry.",
            "metadata.recovery.", "connections.", "broker.", "log")  # fmt: skip
# The way to the brokers, where it was given in librdkafka's words: a producer takes the same.
OF_WAY = ("broker.address.", "sasl.", "security.", "socket.keepalive.", "ssl.")

kafka_log = logging.getLogger("kafka.librdkafka")


@dataclass(frozen=True)
class ConfluentConnection:
    """Implements `clients.Connection`. The fields are those of `clients.connection`."""

    bootstrap_servers: str
    connector: str
    settings: ClientSettings
    fetch_budget: int
    poll_records: int
    producer: Mapping[str, Any] = field(default_factory=dict)

    def consumer(self, subscription: Subscription, task: int) -> ConfluentConsumer:
        """A new client. RetriableError when no broker answers; ConnectError when it refuses."""
        arguments = self._arguments(task)
        records = int(arguments.pop(POLL_RECORDS))
        refresh_seconds = int(arguments.get(REFRESH, DEFAULT_REFRESH_MS)) / 1000
        admin = self._admin(arguments)
        topics = Topics(admin, subscription, refresh_seconds)
        commits, troubles = Commits(), Troubles(self.settings.security)
        rebalances = Rebalances(is_cooperative=arguments[STRATEGY] == COOPERATIVE)
        callbacks = {"on_commit": commits.on_commit, "error_cb": troubles.on_error}
        with translated("Making a Kafka client"):
            client = Consumer(arguments | callbacks, logger=kafka_log)
        return ConfluentConsumer(
            client, admin, subscription, topics, rebalances, commits, troubles,
            records, self.settings.lookup_within_ms,
        )  # fmt: skip

    def dead_letters(self, topic: LetterTopic, task: int) -> ConfluentDeadLetters:
        """Connects when there is a letter."""
        arguments = self._for_producer(task)
        return ConfluentDeadLetters(
            LetterForm(topic, self.connector, task), arguments["delivery.timeout.ms"],
            lambda: self._admin(arguments | properties(self.settings.security)),
            lambda: self._producer(arguments | properties(self.settings.security)),
        )  # fmt: skip

    def partitions(self) -> list[TopicPartition]:
        """Of all topics that exist and that we may see. None of them is created by asking."""
        admin = self._admin(self._arguments(0))
        with translated("Asking Kafka for topics"):
            names = list(admin.list_topics(timeout=WITHIN_SECONDS).topics)
            asked = admin.describe_topics(TopicCollection(names), request_timeout=WITHIN_SECONDS)
            topics = [answer.result() for answer in asked.values()]
        return sorted(
            TopicPartition(topic.name, partition.id)
            for topic in topics
            if not topic.is_internal
            for partition in topic.partitions
        )

    def check(self) -> str | None:
        """Whether a broker answers and lets us in; the cluster's id, where it says one.

        RetriableError when not: nothing runs yet, and whoever starts workers may do so again.
        """
        try:
            admin = self._admin(self._arguments(0))
        except RefusedError as error:
            raise RetriableError(str(error)) from error
        return _cluster_id(admin)

    def _arguments(self, task: int) -> dict[str, Any]:
        budget = self.fetch_budget
        chosen = {
            "client.id": f"connector-consumer-{self.connector}",
            "group.id": f"connect-{self.connector}",
            "fetch.max.bytes": min(MOST_FETCHED_AT_ONCE, budget),
            "queued.max.messages.kbytes": max(1, budget // 1024),
            POLL_RECORDS: self.poll_records,
            **self.settings.consumer,
        }
        instance = chosen.pop("group.instance.id", None)
        return chosen | ({"group.instance.id": f"{instance}-{task}"} if instance else {}) | {
            "client.id": f"{chosen['client.id']}-{task}",
            "bootstrap.servers": self.bootstrap_servers,
            # librdkafka wants it below fetch.max.bytes; to a consumer it means nothing else.
            "message.max.bytes": max(1000, min(1_000_000, int(chosen["fetch.max.bytes"]))),
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            **properties(self.settings.security),
        }  # fmt: skip

    def _for_producer(self, task: int) -> dict[str, Any]:
        """Without security: stores are read for each client anew."""
        chosen = {"client.id": f"connector-dlq-producer-{self.connector}"} | in_time(
            self.producer, OF_PRODUCER, self.settings.max_poll_interval_ms
        )
        way = {k: v for k, v in self.settings.consumer.items() if k.startswith(OF_WAY)}
        return way | chosen | {
            "client.id": f"{chosen['client.id']}-{task}",
            "bootstrap.servers": self.bootstrap_servers,
            "request.timeout.ms": chosen["socket.timeout.ms"],
        }  # fmt: skip

    def _producer(self, arguments: dict[str, Any]) -> tuple[Producer, Troubles]:
        """Silent: what it logs would wait for the next letter, and the consumer tells the same."""
        troubles = Troubles(self.settings.security)
        with translated("Making a Kafka client"):
            silent = {"error_cb": troubles.on_error, "log_level": 0}
            return Producer(arguments | silent), troubles

    def _admin(self, arguments: dict[str, Any]) -> AdminClient:
        """One that has met a broker."""
        troubles = Troubles(self.settings.security)
        own = {key: value for key, value in arguments.items() if key.startswith(OF_ADMIN)}
        with translated("Making a Kafka client"):
            admin = AdminClient(own | {"error_cb": troubles.on_error, "log_level": 0})
        deadline = time.monotonic() + BOOTSTRAP_WITHIN_SECONDS
        while not self._answers(admin):
            admin.poll(0)
            troubles.raise_refusal()
            if time.monotonic() >= deadline:
                where = f"bootstrap.servers={self.bootstrap_servers}"
                raise troubles.guess or RetriableError(f"No Kafka broker answers at {where}")
        return admin

    def _answers(self, admin: AdminClient) -> bool:
        try:
            admin.describe_cluster(request_timeout=ANSWERS_WITHIN_SECONDS).result()
        except KafkaException:
            return False
        return True


def _cluster_id(admin: AdminClient) -> str | None:
    """It is nice to know, no more."""
    try:
        found = admin.describe_cluster(request_timeout=ANSWERS_WITHIN_SECONDS).result()
    except KafkaException:
        return None
    cluster_id: str | None = found.cluster_id
    return cluster_id
