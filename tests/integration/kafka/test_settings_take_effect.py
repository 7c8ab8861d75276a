"""Each client setting that is honoured has its effect: on the wire, at the broker, or on the socket.

The requests are those that really went to a real broker; they are only listened to.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka.cluster import ClusterMetadata
from kafka.record.default_records import DefaultRecordBatch

from sinkworker.api import Offset, TopicPartition
from sinkworker.kafka.connection import Connection
from sinkworker.kafka.consumer import KafkaPythonConsumer
from sinkworker.kafka.java_settings import LOOKUP
from sinkworker.kafka.settings import FIXED, HONOURED, REFUSED, read_settings
from sinkworker.kafka.subscription import Subscription
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until

pytestmark = pytest.mark.kafka

Requests = dict[str, list[Any]]


class Listening:
    """A consumer with some settings, on a topic with records, and every request that it sent."""

    def __init__(self, kafka: KafkaTools, monkeypatch: pytest.MonkeyPatch, **given: str) -> None:
        self.kafka, self.requests = kafka, Requests()
        self._listen(monkeypatch)
        self.name = f"settings-{uuid.uuid4().hex[:8]}"
        self.topic = kafka.create_topic(partitions=2)
        kafka.produce(self.topic, [b"x" * 100] * 40)
        settings, wrong, refused, _ = read_settings(
            {key.replace("_", "."): v for key, v in given.items()}
        )
        assert not wrong + refused
        self.connection = Connection(kafka.bootstrap, self.name, settings, 1 << 24, 500)
        self._open: list[KafkaPythonConsumer] = []

    def _listen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from kafka.net.manager import KafkaConnectionManager

        send = KafkaConnectionManager.send

        def listening(manager: Any, request: Any, *arguments: Any, **named: Any) -> Any:
            self.requests.setdefault(type(request).__name__, []).append(request)
            return send(manager, request, *arguments, **named)

        monkeypatch.setattr(KafkaConnectionManager, "send", listening)

    def consumer(self, task: int = 0, pattern: str | None = None) -> KafkaPythonConsumer:
        """One that was assigned its partitions and reads them from the start."""
        wanted = Subscription(pattern=pattern) if pattern else Subscription((self.topic,))
        consumer = self.connection.consumer(wanted, task)
        self._open.append(consumer)
        assigned: set[TopicPartition] = set()

        def is_assigned() -> bool:
            for event in consumer.poll(100).events:
                assigned.update(event.partitions)
            return bool(assigned)

        wait_until(is_assigned, 20, "the assignment")
        for partition in assigned:
            consumer.seek(partition, Offset(0))
        consumer.resume(assigned)
        return consumer

    def read(self, consumer: KafkaPythonConsumer, records: int = 40) -> list[int]:
        """How many records each poll returned, until that many have come."""
        counts: list[int] = []

        def is_read() -> bool:
            polled = consumer.poll(100).fetched.values()
            counts.append(sum(len(batch.records) for batch in polled))
            return sum(counts) >= records

        wait_until(is_read, 20, f"{records} records")
        return counts

    def sent(self, kind: str) -> Any:
        return self.requests[kind][-1]

    def close(self) -> None:
        for consumer in self._open:
            consumer.close()


Make = Callable[..., Listening]


@pytest.fixture
def listening(kafka: KafkaTools, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    made: list[Listening] = []

    def make(**given: str) -> Listening:
        made.append(Listening(kafka, monkeypatch, **given))
        return made[-1]

    yield make
    for each in made:
        each.close()


# setting → (value, request, what the request then says)
ON_THE_WIRE: dict[str, tuple[str, str, Callable[[Any], object], object]] = {
    "allow.auto.create.topics": (
        "true", "MetadataRequest", lambda r: r.allow_auto_topic_creation, True),
    "api.version": ("2.3", "FetchRequest", lambda r: r.API_VERSION, 11),
    "client.rack": ("rack-7", "FetchRequest", lambda r: r.rack_id, "rack-7"),
    "fetch.max.bytes": ("123456", "FetchRequest", lambda r: r.max_bytes, 123456),
    "fetch.max.wait.ms": ("77", "FetchRequest", lambda r: r.max_wait_ms, 77),
    "fetch.min.bytes": ("5", "FetchRequest", lambda r: r.min_bytes, 5),
    "group.instance.id": ("me", "JoinGroupRequest", lambda r: r.group_instance_id, "me-0"),
    "isolation.level": (
        "read_uncommitted", "FetchRequest", lambda r: int(r.isolation_level), 0),
    "max.partition.fetch.bytes": (
        "54321", "FetchRequest", lambda r: partition_bytes(r), 54321),
    "max.poll.interval.ms": ("60000", "JoinGroupRequest", lambda r: r.rebalance_timeout_ms, 60000),
    "session.timeout.ms": ("7000", "JoinGroupRequest", lambda r: r.session_timeout_ms, 7000),
}  # fmt: skip


def partition_bytes(request: Any) -> int:
    return int(request.topics[0].partitions[0].partition_max_bytes)


@pytest.mark.parametrize("key", ON_THE_WIRE)
def test_a_setting_reaches_the_broker(listening: Make, key: str) -> None:
    value, kind, said, expected = ON_THE_WIRE[key]
    world = listening(**{key: value})
    consumer = world.consumer()
    world.read(consumer)
    asked = [request for request in world.requests[kind] if not _is_empty(request)]
    assert {said(request) for request in asked} == {expected}


def _is_empty(request: Any) -> bool:
    """An incremental fetch names only partitions that changed."""
    return type(request).__name__ == "FetchRequest" and not request.topics


@pytest.mark.parametrize(
    ("strategy", "name"),
    [
        ("range", "range"),
        ("org.apache.kafka.clients.consumer.RoundRobinAssignor", "roundrobin"),
        ("sticky", "sticky"),
        ("org.apache.kafka.clients.consumer.CooperativeStickyAssignor", "cooperative-sticky"),
    ],
)
def test_the_strategy_is_what_the_group_uses(listening: Make, strategy: str, name: str) -> None:
    world = listening(**{"partition.assignment.strategy": strategy})
    world.consumer()
    description = world.kafka.admin.describe_consumer_groups([f"connect-{world.name}"])
    group = description[f"connect-{world.name}"].result(20)
    assert group.partition_assignor == name


def test_without_a_setting_the_group_is_cooperative_and_reads_committed_records(
    listening: Make,
) -> None:
    world = listening()
    world.read(world.consumer())
    assert [name for name, _ in world.sent("JoinGroupRequest").protocols] == ["cooperative-sticky"]
    assert int(world.sent("FetchRequest").isolation_level) == 1
    assert not world.sent("MetadataRequest").allow_auto_topic_creation


def test_group_and_client_have_the_names_of_connect_unless_they_are_set(listening: Make) -> None:
    plain = listening()
    plain.consumer()
    (member,) = plain.kafka.members(f"connect-{plain.name}")
    assert member.client_id == f"connector-consumer-{plain.name}-0"
    named = listening(**{"group.id": f"mine-{plain.name}", "client.id": "me"})
    named.consumer(task=3)
    (member,) = named.kafka.members(f"mine-{plain.name}")
    assert member.client_id == "me-3"


def test_a_static_member_is_known_to_the_broker_with_its_task(listening: Make) -> None:
    world = listening(**{"group.instance.id": "pod-a"})
    world.consumer(task=2)
    (member,) = world.kafka.members(f"connect-{world.name}")
    assert member.group_instance_id == "pod-a-2"


def test_a_poll_returns_no_more_than_it_may(listening: Make) -> None:
    world = listening(**{"max.poll.records": "7"})
    assert max(world.read(world.consumer())) == 7


@pytest.mark.parametrize(("value", "is_checked"), [("true", True), ("false", False)])
def test_checksums_are_checked_unless_that_is_off(
    listening: Make, monkeypatch: pytest.MonkeyPatch, value: str, is_checked: bool
) -> None:
    checked: list[bool] = []
    validate = DefaultRecordBatch.validate_crc
    monkeypatch.setattr(
        DefaultRecordBatch, "validate_crc", lambda batch: checked.append(True) or validate(batch)
    )
    world = listening(**{"check.crcs": value})
    world.read(world.consumer())
    assert bool(checked) is is_checked


def test_new_metadata_is_asked_for_at_the_interval(listening: Make) -> None:
    world = listening(**{"metadata.max.age.ms": "300"})
    consumer = world.consumer()
    world.kafka.add_partitions(world.topic, 3)
    wanted = TopicPartition(world.topic, 2)

    def is_known() -> bool:
        consumer.poll(50)
        return wanted in consumer.partitions(world.topic)

    wait_until(is_known, 10, "the third partition")


@pytest.mark.parametrize(
    ("key", "option"),
    [("receive.buffer.bytes", socket.SO_RCVBUF), ("send.buffer.bytes", socket.SO_SNDBUF)],
)
def test_sockets_have_the_buffers(listening: Make, key: str, option: int) -> None:
    world = listening(**{key: "20000"})
    world.consumer()
    connections = world._open[0]._client._manager._conns.values()
    sizes = {each.transport._sock.getsockopt(socket.SOL_SOCKET, option) for each in connections}
    assert sizes == {40_000}, "Linux doubles what is asked for"


def test_canonical_names_are_looked_up(listening: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    resolve = socket.getaddrinfo

    def listening_in(*arguments: Any, **named: Any) -> Any:
        asked.append(arguments[5] if len(arguments) > 5 else named.get("flags", 0))
        return resolve(*arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", listening_in)
    world = listening(**{"client.dns.lookup": "resolve_canonical_bootstrap_servers_only"})
    world.consumer()
    assert socket.AI_CANONNAME in asked


def test_a_client_that_is_told_the_version_meets_the_broker_before_it_subscribes(
    listening: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it may take an answer without topics for the answer that has them, and assign nothing."""
    from kafka import KafkaConsumer
    from kafka.net.manager import KafkaConnectionManager

    bootstrap, subscribe = KafkaConnectionManager._do_bootstrap, KafkaConsumer.subscribe
    slowed: list[Any] = []
    had_met: list[bool] = []

    async def slow(manager: Any, deadline: float) -> Any:
        if not slowed:  # the consumer's; the admin client's comes after it
            slowed.append(manager)
            await manager._net.sleep(0.5)
        return await bootstrap(manager, deadline)

    def subscribing(client: Any, *arguments: Any, **named: Any) -> None:
        had_met.append(client._manager.bootstrapped)
        subscribe(client, *arguments, **named)

    monkeypatch.setattr(KafkaConnectionManager, "_do_bootstrap", slow)
    monkeypatch.setattr(KafkaConsumer, "subscribe", subscribing)
    listening(**{"api.version": "2.3"}).consumer()
    assert had_met == [True]


# Settings that only show when time passes: that the part which uses them has the value.
IN_THE_CLIENT: dict[str, tuple[str, Callable[[Any], object]]] = {
    "connections.max.idle.ms": ("70000", lambda c: c._manager.config["connections_max_idle_ms"]),
    "heartbeat.interval.ms": ("900", lambda c: c._coordinator.heartbeat.config["heartbeat_interval_ms"]),
    "reconnect.backoff.max.ms": ("900", lambda c: c._manager.config["reconnect_backoff_max_ms"]),
    "reconnect.backoff.ms": ("90", lambda c: c._manager.config["reconnect_backoff_ms"]),
    "request.timeout.ms": ("9000", lambda c: c._manager.config["request_timeout_ms"]),
    "retry.backoff.ms": ("90", lambda c: c._coordinator.config["retry_backoff_ms"]),
}  # fmt: skip


@pytest.mark.parametrize("key", IN_THE_CLIENT)
def test_the_part_of_the_client_that_uses_a_setting_has_it(listening: Make, key: str) -> None:
    value, used = IN_THE_CLIENT[key]
    world = listening(**{key: value})
    assert used(world.consumer()._client) == int(value)


def test_topics_are_asked_for_at_once_however_long_a_retry_waits(
    listening: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ClusterMetadata.DEFAULT_CONFIG, "retry_backoff_ms", 60_000)
    world = listening()
    consumer = world.connection.consumer(Subscription((world.topic,)), 0)
    world._open.append(consumer)
    assert consumer._cluster.partitions_for_topic(world.topic) == {0, 1}


def test_the_bound_on_look_ups_is_kept(listening: Make) -> None:
    world = listening(**{LOOKUP: "1234"})
    assert world.consumer()._lookup_within_ms == 1234


COVERED_ABOVE = {
    *ON_THE_WIRE, *IN_THE_CLIENT, "check.crcs", "client.dns.lookup", "client.id",
    "group.id", "max.poll.records", "metadata.max.age.ms",
    "partition.assignment.strategy", "receive.buffer.bytes", "send.buffer.bytes",
}  # fmt: skip


def test_no_honoured_setting_is_left_out_here() -> None:
    assert set(HONOURED) == COVERED_ABOVE
    assert not set(HONOURED) & (set(REFUSED) | set(FIXED))
