"""What a connection says of Kafka before anything runs, with each client."""

from __future__ import annotations

import pytest

from sinkworker.api import TopicPartition
from sinkworker.kafka.clients import CLIENTS, connection, read_settings
from tests.services.kafka_tools import KafkaTools

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("client", CLIENTS)
def test_the_check_says_which_cluster_it_is(kafka: KafkaTools, client: str) -> None:
    settings = read_settings(client, {}).settings
    found = connection(client, kafka.bootstrap, "worker", settings, 1, 1).check()
    assert found is not None
    assert found == kafka.admin.describe_cluster().result(20).cluster_id


@pytest.mark.parametrize("client", CLIENTS)
def test_it_lists_the_partitions_of_all_topics_but_kafkas_own(
    kafka: KafkaTools, client: str
) -> None:
    topic = kafka.create_topic(partitions=3)
    settings = read_settings(client, {}).settings
    found = connection(client, kafka.bootstrap, "worker", settings, 1, 1).partitions()
    assert [each for each in found if each.topic == topic] == [
        TopicPartition(topic, number) for number in range(3)
    ]
    assert not [each for each in found if each.topic == "__consumer_offsets"]
    assert found == sorted(found)
