"""What becomes of the other partitions when one cannot be read on, by each client and strategy."""

from __future__ import annotations

import pytest

from sinkworker.api import Offset, RetriableError, TopicPartition
from sinkworker.kafka.clients import CLIENTS
from tests.contract.test_consumer import opened
from tests.contract.worlds import KafkaWorld
from tests.services.kafka_tools import KafkaTools

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_a_partition_whose_position_was_outside_the_log_is_read_again_after_a_seek(
    kafka: KafkaTools, client: str, strategy: str
) -> None:
    world = KafkaWorld(kafka, client, partition_assignment_strategy=strategy)
    topic = world.create_topic(partitions=3)
    broken, reading, paused = sources = [TopicPartition(topic, number) for number in range(3)]
    for source in sources:
        world.produce(source, 10)
    reader = opened(world.consumer(topics=[topic]), *sources)
    reader.poll_until(lambda: all(reader.position(s) == 10 for s in sources), "all records")
    reader.consumer.pause([paused])
    reader.consumer.seek(broken, Offset(100))
    with pytest.raises(RetriableError, match=r"out of range|OutOfRange"):
        reader.poll_until(lambda: False, "the failure")
    reader.consumer.pause([broken])
    reader.consumer.seek(broken, Offset(4))
    reader.consumer.resume([broken])
    for source in sources:
        world.produce(source, 5)
    reader.poll_until(lambda: reader.position(broken) == reader.position(reading) == 15, "more")
    assert reader.offsets(broken) == [*range(10), *range(4, 15)]
    assert reader.offsets(reading) == list(range(15))
    assert reader.offsets(paused) == list(range(10))
    world.close()
