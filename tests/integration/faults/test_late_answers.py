"""Answers that come when nobody needs them any more: a seek stands, with each client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sinkworker.api import Offset, TopicPartition
from sinkworker.kafka.clients import CLIENTS, connection, read_settings
from sinkworker.kafka.subscription import Subscription
from tests.contract.worlds import Reader
from tests.faults.proxy import KafkaProxy, ProxiedKafka
from tests.services.kafka_tools import KafkaTools

pytestmark = pytest.mark.kafka

RECORDS = 20
ONE_BATCH_A_FETCH = {"max.partition.fetch.bytes": "1"}


@pytest.fixture
def proxy(proxied_kafka: ProxiedKafka) -> Iterator[KafkaProxy]:
    yield proxied_kafka.proxy
    proxied_kafka.proxy.disarm()


@pytest.fixture
def source(proxied_kafka: ProxiedKafka) -> Iterator[TopicPartition]:
    tools = KafkaTools(proxied_kafka.bootstrap)
    topic = tools.create_topic()
    for number in range(RECORDS):
        tools.produce(topic, [str(number).encode()])
    yield TopicPartition(topic, 0)
    tools.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_every_record_is_read_although_the_partition_is_opened_before_the_broker_answers(
    client: str, source: TopicPartition, proxy: KafkaProxy
) -> None:
    settings = read_settings(client, ONE_BATCH_A_FETCH).settings
    to = connection(client, proxy.bootstrap, source.topic, settings, 1 << 24, 500)
    reader = Reader(to.consumer(Subscription((source.topic,)), 0))
    proxy.delay(100, direction="to_client")
    reader.poll_until(lambda: reader.owned() == {source}, "the assignment")
    reader.consumer.seek(source, Offset(0))
    reader.consumer.resume([source])
    reader.poll_until(lambda: reader.position(source) == RECORDS, "the end")
    proxy.heal()
    reader.consumer.close()
    assert reader.offsets(source) == list(range(RECORDS))
