"""What brokers say of the topics: which there are, their partitions, and who they are.

Owns asking them again, beside librdkafka, which does not tell topic ids. Must not know positions.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from sinkworker.api import RetriableError, TopicPartition
from sinkworker.kafka.confluent.failures import translated
from sinkworker.kafka.subscription import Subscription
from sinkworker.runtime.ports import Identity

WITHIN_SECONDS = 5.0
# A topic that was created again is noticed within this time, where nothing else tells.
LONGEST_AGE_SECONDS = 5.0


class Topics:
    """Answers from what is known. `look`, called with every poll, asks anew without waiting."""

    def __init__(
        self, admin: AdminClient, subscription: Subscription, max_age_seconds: float
    ) -> None:
        self._admin, self._subscription = admin, subscription
        self._max_age_seconds = min(max_age_seconds, LONGEST_AGE_SECONDS)
        self._known: dict[str, Any] = {}
        self._cluster_id: str | None = None
        self._asked: dict[str, Future[Any]] = {}
        self._asked_cluster: Future[Any] | None = None
        self._due = 0.0
        self._names = self._chosen()
        self._ask(self._names)
        self._answered(WITHIN_SECONDS)

    def names(self) -> Collection[str]:
        """Those that exist."""
        return self._known.keys()

    def identity(self, topic: str) -> Identity:
        found = self._known.get(topic)
        return Identity(found and _kafka_uuid(found.topic_id), self._cluster_id)

    def partitions(self, topic: str) -> list[TopicPartition]:
        """Asks, and waits: a partition that was added counts from its first record on."""
        self._answered(WITHIN_SECONDS)
        self._ask({topic})
        self._answered(WITHIN_SECONDS)
        if topic not in self._known:
            raise RetriableError(f"Kafka does not show topic {topic} at the moment")
        numbers = sorted(each.id for each in self._known[topic].partitions)
        return [TopicPartition(topic, number) for number in numbers]

    def look(self) -> None:
        if self._asked:
            self._answered(0)
        elif time.monotonic() >= self._due:
            self._names = self._chosen()
            self._ask(self._names)

    def _chosen(self) -> Collection[str]:
        wanted = self._subscription
        if wanted.pattern is None:
            return {*wanted.topics, *(partition.topic for partition in wanted.partitions)}
        with translated("Listing topics"):
            there = self._admin.list_topics(timeout=WITHIN_SECONDS).topics
        return {name for name in there if re.fullmatch(wanted.pattern, name)}

    def _ask(self, names: Iterable[str]) -> None:
        self._due = time.monotonic() + self._max_age_seconds
        wanted = list(names)
        for gone in self._known.keys() - set(self._names):
            del self._known[gone]
        if not wanted:
            return
        with translated("Asking for topics"):
            self._asked = self._admin.describe_topics(
                TopicCollection(wanted), request_timeout=WITHIN_SECONDS
            )
            self._asked_cluster = self._admin.describe_cluster(request_timeout=WITHIN_SECONDS)

    def _answered(self, within_seconds: float) -> None:
        """Take what was answered. Where that failed, what was known still holds."""
        futures: Mapping[str, Future[Any]] = self._asked
        if not within_seconds and not all(future.done() for future in futures.values()):
            return
        for topic, future in futures.items():
            self._take(topic, future)
        if self._asked_cluster is not None and _failure(self._asked_cluster) is None:
            self._cluster_id = self._asked_cluster.result().cluster_id
        self._asked, self._asked_cluster = {}, None

    def _take(self, topic: str, future: Future[Any]) -> None:
        error = _failure(future)
        if error is None:
            found = future.result()
            if not (found.is_internal and self._subscription.pattern):
                self._known[topic] = found
        elif "UNKNOWN_TOPIC" in str(error):
            self._known.pop(topic, None)


def _failure(future: Future[Any]) -> BaseException | None:
    try:
        return future.exception(2 * WITHIN_SECONDS)
    except TimeoutError as error:
        return error


def _kafka_uuid(topic_id: Any) -> str | None:
    """As Kafka's own tools print it; librdkafka's is plain Base64. Old brokers give none."""
    text = str(topic_id).replace("+", "-").replace("/", "_")
    return None if topic_id is None or not text.strip("A") else text
