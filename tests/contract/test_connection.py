"""What a connection says of Kafka before anything runs, with each client."""

from __future__ import annotations

import pytest

from sinkworker.kafka.clients import CLIENTS, connection, read_settings
from tests.services.kafka_tools import KafkaTools

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("client", CLIENTS)
def test_the_check_says_which_cluster_it_is(kafka: KafkaTools, client: str) -> None:
    settings = read_settings(client, {}).settings
    found = connection(client, kafka.bootstrap, "worker", settings, 1, 1).check()
    assert found is not None
    assert found == kafka.admin.describe_cluster().result(20).cluster_id
