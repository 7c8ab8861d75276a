"""Joins that take longer than a poll: kafka-python forgets some of them, the adapter does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sinkworker.kafka.connection import Connection
from sinkworker.kafka.settings import read_settings
from sinkworker.kafka.subscription import Subscription
from tests.contract.worlds import Reader
from tests.faults.proxy import KafkaProxy, ProxiedKafka
from tests.services.kafka_tools import KafkaTools

pytestmark = pytest.mark.kafka

SETTINGS = {"metadata.max.age.ms": "300", "heartbeat.interval.ms": "300"}


@pytest.fixture
def proxy(proxied_kafka: ProxiedKafka) -> Iterator[KafkaProxy]:
    yield proxied_kafka.proxy
    proxied_kafka.proxy.disarm()


@pytest.fixture
def tools(proxied_kafka: ProxiedKafka) -> Iterator[KafkaTools]:
    tools = KafkaTools(proxied_kafka.bootstrap)
    yield tools
    tools.close()


@pytest.fixture
def topic(tools: KafkaTools) -> str:
    return tools.create_topic()


@pytest.fixture
def reader(proxy: KafkaProxy, topic: str) -> Iterator[Reader]:
    settings, *_ = read_settings(SETTINGS)
    connection = Connection(proxy.bootstrap, topic, settings, 1 << 24, 500)
    consumer = connection.consumer(Subscription((topic,)), 0)
    yield Reader(consumer)
    consumer.close()


def test_a_join_because_of_new_partitions_is_finished_although_polls_end_before_it(
    reader: Reader, tools: KafkaTools, topic: str, proxy: KafkaProxy
) -> None:
    reader.poll_until(lambda: len(reader.owned()) == 1, "its one partition")
    held = proxy.at_request("SyncGroup", where="answer", then="hold")
    tools.add_partitions(topic, 2)
    reader.poll_until(lambda: held.has_fired, "the leader has divided the partitions")
    for _ in range(3):
        reader.poll()
    held.release()
    reader.poll_until(lambda: len(reader.owned()) == 2, "both partitions")
