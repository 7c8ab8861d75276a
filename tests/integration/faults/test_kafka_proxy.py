"""A client that asks the proxy for the cluster stays on the proxy, and its requests are lost there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from kafka import KafkaConsumer
from kafka.errors import KafkaConnectionError

from tests.faults.proxy import KafkaProxy, ProxiedKafka, Where
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture
def proxy(proxied_kafka: ProxiedKafka) -> Iterator[KafkaProxy]:
    yield proxied_kafka.proxy
    proxied_kafka.proxy.disarm()
    proxied_kafka.proxy.heal()


@pytest.fixture
def topic(proxied_kafka: ProxiedKafka) -> str:
    """With a hundred records, produced past the proxy."""
    tools = KafkaTools(proxied_kafka.bootstrap)
    topic = tools.create_topic()
    tools.produce(topic, range(100))
    tools.close()
    return topic


class Reading:
    """A member of a group of its own, which commits what it has read.

    It joins when it knows the topic: one that leads its group before gives itself no partition, and
    kafka-python alone forgets to join again when the poll ends at the wrong moment.
    """

    def __init__(self, proxy: KafkaProxy, topic: str) -> None:
        self._topic = topic
        self.client = f"client-{uuid.uuid4().hex[:6]}"
        self._consumer = KafkaConsumer(
            topic,
            bootstrap_servers=proxy.bootstrap,
            client_id=self.client,
            group_id=self.client,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=3000,
            heartbeat_interval_ms=200,
            retry_backoff_ms=50,
            reconnect_backoff_ms=50,
        )
        self.values: list[int] = []

    def poll(self) -> int:
        """How many records were read so far. A broker that refuses may show as an error."""
        with suppress(KafkaConnectionError):
            if self._consumer.partitions_for_topic(self._topic):
                for records in self._consumer.poll(200).values():
                    self.values += [int(record.value) for record in records]
        return len(self.values)

    def commit(self) -> None:
        self._consumer.commit()

    def close(self) -> None:
        self._consumer.close(autocommit=False)


@pytest.fixture
def reading(proxy: KafkaProxy, topic: str) -> Iterator[Reading]:
    with closing(Reading(proxy, topic)) as reading:
        yield reading


def test_a_client_stays_on_the_proxy_at_which_it_asked(
    proxied_kafka: ProxiedKafka, topic: str
) -> None:
    """Every one of its requests is seen there, and the other proxy sees none."""
    first, second = proxied_kafka.proxies
    with closing(Reading(second, topic)) as reading:
        fetched = second.at_request("Fetch", then="hold", client=reading.client)
        wait_until(lambda: reading.poll() >= 0 and fetched.has_fired, 60, "a Fetch by the proxy")
        assert fetched.wait(0).what.endswith(f"of {reading.client}")
        assert (len(second.connections) > 0, first.connections) == (True, [])
        fetched.release()
        wait_until(lambda: reading.poll() == 100, 60, "all records")


@pytest.mark.parametrize("where", ["request", "answer"])
@pytest.mark.parametrize(
    "api",
    ["ApiVersions", "Metadata", "FindCoordinator", "JoinGroup", "SyncGroup", "OffsetFetch",
     "ListOffsets", "Fetch", "Heartbeat"],
)  # fmt: skip
def test_a_lost_request_is_made_good_by_the_client(
    proxy: KafkaProxy, topic: str, api: str, where: Where
) -> None:
    # A first JoinGroup only asks for a member id, and the broker then waits for that member.
    lost = proxy.at_request(api, nth=2 if api == "JoinGroup" else 1, where=where)
    with closing(Reading(proxy, topic)) as reading:
        wait_until(lambda: reading.poll() >= 100 and lost.has_fired, 90, "all records")
        assert reading.values[:100] == list(range(100))


@pytest.mark.parametrize(("where", "what"), [("request", "OffsetCommit v"), ("answer", "answer ")])
def test_a_commit_is_lost_before_or_after_the_broker(
    proxy: KafkaProxy, reading: Reading, where: Where, what: str
) -> None:
    wait_until(lambda: reading.poll() == 100, 60, "all records")
    lost = proxy.at_request("OffsetCommit", where=where, then="reset")
    reading.commit()
    assert lost.wait(0).what.startswith(what)


def test_the_nth_request_is_meant(proxy: KafkaProxy, reading: Reading) -> None:
    held = proxy.at_request("OffsetCommit", nth=3)
    wait_until(lambda: reading.poll() == 100, 60, "all records")
    reading.commit()
    reading.commit()
    assert not held.has_fired
    reading.commit()
    assert held.has_fired


def test_requests_of_other_clients_do_not_count(proxy: KafkaProxy, reading: Reading) -> None:
    others = proxy.at_request("Fetch", client="somebody else")
    wait_until(lambda: reading.poll() == 100, 60, "all records")
    assert not others.has_fired


def test_an_outage_of_the_network_is_survived(proxy: KafkaProxy, reading: Reading) -> None:
    """By a member that has its partition."""
    fetched = proxy.at_request("Fetch", then="hold")
    wait_until(lambda: reading.poll() == 0 and fetched.has_fired, 60, "a Fetch")
    proxy.refuse()
    proxy.reset()
    for _ in range(3):
        assert reading.poll() == 0
    proxy.heal()
    wait_until(lambda: reading.poll() == 100, 60, "all records")
