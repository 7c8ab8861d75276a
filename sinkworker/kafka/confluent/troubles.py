"""What the client told beside records: errors of partitions, of the group, and of brokers.

Owns keeping them until a poll can raise them: what was read before an error is delivered first. Must
not know the client's calls.
"""

from __future__ import annotations

import logging

from confluent_kafka import KafkaError

from sinkworker.api import ConnectError, TopicPartition
from sinkworker.kafka.confluent.failures import PASSING, failure, of_partition
from sinkworker.kafka.confluent.refusals import refusal
from sinkworker.kafka.security import RefusedError, Security
from sinkworker.runtime.ports import BrokenPartitionsError

log = logging.getLogger(__name__)


class Troubles:
    """`on_error` is librdkafka's callback; it runs inside a poll."""

    def __init__(self, security: Security) -> None:
        self._security = security
        self._of_partitions: dict[TopicPartition, ConnectError] = {}
        self._of_client: ConnectError | None = None
        self._refusal: RefusedError | None = None
        self.guess: ConnectError | None = None
        """Why a broker may not let us in, where it may also be starting or stopping."""

    def __bool__(self) -> bool:
        return bool(self._of_partitions or self._of_client)

    def __contains__(self, partition: TopicPartition) -> bool:
        return partition in self._of_partitions

    def on_error(self, error: KafkaError) -> None:
        found = refusal(error, self._security)
        if isinstance(found, RefusedError):
            self._refusal = found
        else:
            self.guess = found or self.guess
        if error.fatal():
            self._of_client = failure("The Kafka client", error)
        log.debug("The Kafka client: %s", error)

    def note(self, source: TopicPartition, offset: int | None, error: KafkaError) -> None:
        """An error in place of a record. source: without a topic, it is the group's."""
        if not source.topic:
            if error.code() not in PASSING:
                self._of_client = failure("The consumer group", error)
            log.info("The Kafka client: %s", error.str())
            return
        found = of_partition(source, offset if offset is not None else -1, error)
        if found is None:
            log.warning("%s: %s", source.topic, error.str())
        else:
            self._of_partitions[source] = found

    def forget(self, partition: TopicPartition) -> None:
        self._of_partitions.pop(partition, None)

    def raise_refusal(self) -> None:
        found, self._refusal = self._refusal, None
        if found is not None:
            raise found

    def raise_all(self) -> None:
        """All broken partitions at once; else the first of what there is."""
        found, self._of_partitions = list(self._of_partitions.values()), {}
        of_client, self._of_client = self._of_client, None
        if of_client is not None:
            raise of_client
        broken = {partition: cause for each in found if isinstance(each, BrokenPartitionsError)
                  for partition, cause in each.causes.items()}  # fmt: skip
        if broken:
            raise BrokenPartitionsError(broken)
        if found:
            raise found[0]
