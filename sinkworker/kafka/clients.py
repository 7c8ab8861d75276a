"""Which Kafka client: kafka-python, or confluent-kafka where the extra `fast` is installed.

Owns the choice. A client is imported when it was chosen, and no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Protocol

from sinkworker.api import TopicPartition
from sinkworker.kafka import java_producer
from sinkworker.kafka.java_settings import ClientSettings, Reading
from sinkworker.kafka.letters import LetterTopic
from sinkworker.kafka.subscription import Subscription
from sinkworker.runtime.ports import Consumer, DeadLetters

CLIENTS = KAFKA_PYTHON, CONFLUENT = "kafka-python", "confluent"
MISSING = "It needs a package: pip install 'sinkworker[fast]'"


class Connection(Protocol):
    """How the tasks of one connector reach Kafka."""

    def consumer(self, subscription: Subscription, task: int) -> Consumer:
        """A new client. RetriableError when no broker answers; ConnectError when it refuses."""
        ...

    def dead_letters(self, topic: LetterTopic, task: int) -> DeadLetters:
        """Connects when there is a letter."""
        ...

    def partitions(self) -> list[TopicPartition]:
        """Of all topics that exist and that we may see. None of them is created by asking.

        RetriableError when no broker answers.
        """
        ...

    def check(self) -> str | None:
        """Whether a broker answers and lets us in; the cluster's id, where it says one.

        RetriableError when not: nothing runs yet, and whoever starts workers may do so again.
        """
        ...


def why_missing(client: str) -> str | None:
    """Why a client cannot be used here; None when it can."""
    return MISSING if client == CONFLUENT and find_spec("confluent_kafka") is None else None


def read_settings(
    client: str, overrides: Mapping[str, str], unread: frozenset[str] = frozenset()
) -> Reading:
    """Translate `consumer.override.*`, given without that prefix. See `java_settings.read`."""
    if client == CONFLUENT:
        from sinkworker.kafka.confluent import settings

        return settings.read_settings(overrides, unread)
    from sinkworker.kafka import settings as of_kafka_python

    return of_kafka_python.read_settings(overrides, unread)


def read_producer(client: str, overrides: Mapping[str, str]) -> java_producer.Reading:
    """Translate `producer.override.*`, given without that prefix. See `java_producer.read`."""
    if client == CONFLUENT:
        from sinkworker.kafka.confluent import producer_settings

        return producer_settings.read_producer(overrides)
    from sinkworker.kafka import producer_settings as of_kafka_python

    return of_kafka_python.read_producer(overrides)


def connection(
    client: str,
    bootstrap_servers: str,
    connector: str,
    settings: ClientSettings,
    fetch_budget: int,
    poll_records: int,
    producer: Mapping[str, Any] | None = None,
) -> Connection:
    """fetch_budget: bytes a task may hold. poll_records: how many a poll returns at most, unless the
    settings say otherwise. producer: the client's arguments for that of dead letters."""
    arguments = (bootstrap_servers, connector, settings, fetch_budget, poll_records, producer or {})
    if client == CONFLUENT:
        from sinkworker.kafka.confluent.connection import ConfluentConnection

        return ConfluentConnection(*arguments)
    from sinkworker.kafka import connection as of_kafka_python

    return of_kafka_python.Connection(*arguments)
