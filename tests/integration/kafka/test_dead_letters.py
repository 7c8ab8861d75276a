"""Dead letters in a topic of a real broker, with each client: what they look like, and that they are
there in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.admin import ConfigResource

from sinkworker.api import ConnectError, DataError, ErrantRecord, RetriableError, Stage
from sinkworker.api import TopicPartition as Source
from sinkworker.kafka.clients import CLIENTS, KAFKA_PYTHON, connection, read_producer, read_settings
from sinkworker.kafka.letters import LetterTopic
from sinkworker.runtime.ports import DeadLetters
from tests.services.forwarder import Forwarder
from tests.services.kafka_tools import KafkaTools
from tests.services.process import free_port

pytestmark = pytest.mark.kafka

QUICK = {"delivery.timeout.ms": "3000", "request.timeout.ms": "1000"}
OF_CLIENT = {KAFKA_PYTHON: {"max.block.ms": "3000"}}


def letter(
    offset: int = 5,
    key: bytes | None = b"key",
    value: bytes | None = b"value",
    headers: Any = (),
    timestamp: int | None = 1_700_000_000_123,
) -> ErrantRecord:
    error = DataError("too long: ä \ud800")
    return ErrantRecord(
        Source("alerts", 3), offset, Stage.TASK_PUT, error, timestamp, key, value, headers, "a.Task"
    )


class Place:
    """A topic for dead letters that is not there yet."""

    def __init__(self, kafka: KafkaTools, client: str, bootstrap: str | None = None) -> None:
        self.kafka, self.name = kafka, f"dead-{uuid.uuid4().hex[:8]}"
        self.client, self._bootstrap = client, bootstrap or kafka.bootstrap
        self._made: list[DeadLetters] = []

    def letters(self, factor: int = -1, context: bool = True, **given: str) -> DeadLetters:
        keys = {key.replace("_", "."): value for key, value in given.items()}
        arguments, wrong, refused = read_producer(
            self.client, QUICK | OF_CLIENT.get(self.client, {}) | keys
        )
        assert not wrong + refused
        settings = read_settings(self.client, {}).settings
        to = connection(
            self.client, self._bootstrap, "alerts-to-pg", settings, 1 << 20, 500, arguments
        )
        self._made.append(to.dead_letters(LetterTopic(self.name, factor, context), 2))
        return self._made[-1]

    def read(self) -> list[Any]:
        (messages,) = self.kafka.read(self.name).values()
        return messages

    def close(self) -> None:
        for each in self._made:
            each.close()


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def place(kafka: KafkaTools, client: str) -> Iterator[Place]:
    place = Place(kafka, client)
    yield place
    place.close()


def test_a_letter_is_the_record_as_it_was_read_with_connect_s_headers(place: Place) -> None:
    place.letters().send([letter(headers=[("h", b"\x00"), ("h", None)])])
    (message,) = place.read()
    assert (message.key(), message.value()) == (b"key", b"value")
    assert message.timestamp()[1] == 1_700_000_000_123
    *headers, (trace, told) = message.headers()
    assert headers == [
        ("h", b"\x00"),
        ("h", None),
        ("__connect.errors.topic", b"alerts"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"5"),
        ("__connect.errors.connector.name", b"alerts-to-pg"),
        ("__connect.errors.task.id", b"2"),
        ("__connect.errors.stage", b"TASK_PUT"),
        ("__connect.errors.class.name", b"a.Task"),
        ("__connect.errors.exception.class.name", b"sinkworker.api.errors.DataError"),
        ("__connect.errors.exception.message", "too long: ä \\ud800".encode()),
    ]
    assert trace == "__connect.errors.exception.stacktrace"
    assert told == "sinkworker.api.errors.DataError: too long: ä \\ud800\n".encode()


def test_context_is_left_out_when_it_is_not_wanted(place: Place) -> None:
    place.letters(context=False).send([letter(headers=[("h", b"1")])])
    assert place.read()[0].headers() == [("h", b"1")]


def test_missing_parts_stay_missing(place: Place) -> None:
    place.letters(context=False).send([letter(key=None, value=None, timestamp=None)])
    (message,) = place.read()
    assert (message.key(), message.value(), message.headers()) == (None, None, None)


def test_many_letters_are_all_there_in_order(place: Place) -> None:
    letters = place.letters()
    letters.send([letter(offset, value=str(offset).encode()) for offset in range(3_000)])
    letters.send([letter(3_000, value=b"3000")])
    assert [message.value() for message in place.read()] == [b"%d" % n for n in range(3_001)]


def test_the_topic_is_made_with_one_partition_when_it_is_missing(place: Place) -> None:
    place.letters(factor=1).send([letter()])
    assert place.kafka.partition_count(place.name) == 1


def test_letters_of_old_records_are_kept_in_a_topic_that_was_made(place: Place) -> None:
    place.letters().send([letter(timestamp=1_000)])
    resource = ConfigResource(ConfigResource.Type.TOPIC, place.name)
    settings = place.kafka.admin.describe_configs([resource])[resource].result(20)
    assert settings["retention.ms"].value == "-1"


def test_a_topic_that_is_there_is_taken_as_it_is(place: Place) -> None:
    place.kafka.create_topic(place.name, partitions=2)
    place.letters().send([letter(key=None) for _ in range(3)])
    assert sum(map(len, place.kafka.read(place.name).values())) == 3


def test_more_replicas_than_brokers_are_told(place: Place) -> None:
    with pytest.raises(RetriableError) as told:
        place.letters(factor=3).send([letter()])
    said = "[Error 38] InvalidReplicationFactorError"
    if place.client != KAFKA_PYTHON:
        said = "INVALID_REPLICATION_FACTOR: "
    assert str(told.value).startswith(f"Creating the topic {place.name} for dead letters: {said}")


@pytest.mark.parametrize("size", [1_500_000, 3_000_000])
def test_a_record_that_is_too_large_becomes_headers_only(place: Place, size: int) -> None:
    """By the broker's limit of 1 MB, or by that of the producer."""
    big = letter(6, value=bytes(size), headers=[("h", b"1")])
    place.letters(context=False, max_request_size="2000000").send([letter(5), big, letter(7)])
    messages = place.read()
    assert sorted((m.value() or b"none") for m in messages) == [b"none", b"value", b"value"]
    (small,) = [m for m in messages if m.value() is None]
    headers = dict(small.headers())
    assert (small.key(), headers["__connect.errors.offset"]) == (None, b"6")
    omitted = f"key 3 bytes, value {size} bytes, 1 headers".encode()
    assert headers["__sinkworker.errors.omitted"] == omitted
    assert "h" not in headers


def test_a_time_that_the_topic_does_not_take_is_left_out(place: Place) -> None:
    place.kafka.create_topic(place.name)
    place.letters(context=False).send([letter(timestamp=2**52)])
    (message,) = place.read()
    assert message.value() == b"value"
    assert message.timestamp()[1] < 2**52


def test_while_no_broker_answers_letters_are_not_safe_and_later_they_are(
    kafka: KafkaTools, client: str
) -> None:
    port = free_port()
    forwarder = Forwarder(port, int(kafka.bootstrap.rpartition(":")[2]))
    place = Place(kafka, client, f"127.0.0.1:{port}")
    try:
        letters = place.letters()
        forwarder.close()
        with pytest.raises(RetriableError) as told:
            letters.send([letter()])
        assert str(told.value) == (f"No Kafka broker answers at bootstrap.servers=127.0.0.1:{port}")
        forwarder = Forwarder(port, int(kafka.bootstrap.rpartition(":")[2]))
        letters.send([letter()])
        assert len(place.read()) == 1
    finally:
        forwarder.close()
        place.close()


def test_a_topic_that_vanishes_is_made_again(place: Place) -> None:
    letters = place.letters()
    letters.send([letter()])
    place.kafka.delete_topic(place.name)
    with pytest.raises((RetriableError, ConnectError)):
        letters.send([letter(6)])
    letters.send([letter(7)])
    assert [message.value() for message in place.read()] == [b"value"]
