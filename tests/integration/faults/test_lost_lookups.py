"""A client whose question for offsets is lost answers right, or says that it has no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sinkworker.api import RetriableError, TopicPartition
from sinkworker.kafka.clients import CLIENTS
from sinkworker.runtime.ports import Bounds, Consumer
from tests.contract.worlds import KafkaWorld
from tests.faults.proxy import KafkaProxy, ProxiedKafka, Where
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until

pytestmark = pytest.mark.kafka

LATER_MS = 10**13

LOOKUPS: dict[str, tuple[Callable[[Consumer, TopicPartition], object], object]] = {
    "bounds": (lambda consumer, at: consumer.bounds([at])[at], Bounds(0, 10)),
    "stable ends": (lambda consumer, at: consumer.stable_ends([at])[at], 10),
    "a time": (lambda consumer, at: consumer.offsets_at([at], 1)[at], 0),
    "a later time": (lambda consumer, at: consumer.offsets_at([at], LATER_MS)[at], None),
}


@pytest.fixture
def proxy(proxied_kafka: ProxiedKafka) -> Iterator[KafkaProxy]:
    yield proxied_kafka.proxy
    proxied_kafka.proxy.disarm()
    proxied_kafka.proxy.heal()


@pytest.mark.parametrize("where", ["request", "answer"])
@pytest.mark.parametrize("lookup", LOOKUPS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_lost_question_is_no_answer(
    proxied_kafka: ProxiedKafka, proxy: KafkaProxy, client: str, lookup: str, where: Where
) -> None:
    beside, through = (
        KafkaWorld(KafkaTools(at), client) for at in (proxied_kafka.bootstrap, proxy.bootstrap)
    )
    source = TopicPartition(beside.create_topic(), 0)
    beside.produce(source, 10)
    consumer = through.consumer(partitions=[source])
    ask, right = LOOKUPS[lookup]
    lost = proxy.at_request("ListOffsets", where=where, then="reset")

    def is_answered() -> bool:
        try:
            answer = ask(consumer, source)
        except RetriableError as error:
            assert "Asking Kafka for offsets" in str(error)
            return False
        assert answer == right
        return True

    wait_until(is_answered, 10, "an answer")
    assert lost.wait(5)
    through.close()
