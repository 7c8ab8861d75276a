"""The producer of dead letters: never so patient that its task would lose its place in the group."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.kafka.clients import CLIENTS, CONFLUENT, KAFKA_PYTHON, read_producer, read_settings
from sinkworker.kafka.confluent import producer_settings as of_confluent
from sinkworker.kafka.confluent.connection import ConfluentConnection
from sinkworker.kafka.connection import Connection
from sinkworker.kafka.java_producer import FIXED
from sinkworker.kafka.producer_settings import HONOURED

TIMES = ("delivery_timeout_ms", "max_block_ms", "request_timeout_ms")
CONFLUENTS = ("delivery.timeout.ms", "socket.timeout.ms", "request.timeout.ms")


def arguments(consumer: dict[str, str], client: str = KAFKA_PYTHON, **producer: str) -> Any:
    given = {key.replace("_", "."): value for key, value in producer.items()}
    settings = read_settings(client, consumer).settings
    make = ConfluentConnection if client == CONFLUENT else Connection
    made = read_producer(client, given).arguments
    return make("localhost:9092", "alerts", settings, 1 << 20, 500, made)._for_producer(2)


@pytest.mark.parametrize(
    ("consumer", "producer", "times"),
    [
        ({}, {}, (10_000, 10_000, 5_000)),
        ({"max.poll.interval.ms": "8000"}, {}, (2_000, 2_000, 1_000)),
        ({"max.poll.interval.ms": "8000"}, {"request_timeout_ms": "500"}, (2_000, 2_000, 500)),
        ({}, {"delivery_timeout_ms": "120000"}, (75_000, 10_000, 5_000)),
    ],
)
def test_its_times_are_a_part_of_the_poll_interval(
    consumer: dict[str, str], producer: dict[str, str], times: tuple[int, ...]
) -> None:
    found = arguments(consumer, **producer)
    assert tuple(found[name] for name in TIMES) == times
    found = arguments(consumer, CONFLUENT, **producer)
    assert tuple(found[name] for name in CONFLUENTS) == (times[0], times[2], times[2])


def test_it_is_named_as_connect_names_it_and_acknowledges_everything() -> None:
    found = arguments({})
    assert found["client_id"] == "connector-dlq-producer-alerts-2"
    assert (found["acks"], found["max_in_flight_requests_per_connection"]) == ("all", 1)
    assert arguments({}, client_id="mine")["client_id"] == "mine-2"


def test_librdkafkas_is_named_alike_and_idempotent() -> None:
    found = arguments({}, CONFLUENT)
    assert found["client.id"] == "connector-dlq-producer-alerts-2"
    assert (found["acks"], found["max.in.flight.requests.per.connection"]) == ("all", 1)
    assert found["enable.idempotence"] is True
    assert arguments({}, CONFLUENT, client_id="mine")["client.id"] == "mine-2"


def test_it_speaks_the_version_that_the_consumer_is_told_to_speak() -> None:
    assert arguments({"api.version": "2.3"})["api_version"] == (2, 3)
    assert "api_version" not in arguments({})


def test_librdkafkas_takes_the_consumers_way_to_the_brokers() -> None:
    found = arguments({"librdkafka.broker.address.family": "v4", "client.rack": "r"}, CONFLUENT)
    assert found["broker.address.family"] == "v4"
    assert "client.rack" not in found


@pytest.mark.parametrize("client", CLIENTS)
def test_what_makes_letters_safe_cannot_be_set(client: str) -> None:
    assert read_producer(client, {"acks": "-1"})[1:] == ([], [])
    assert read_producer(client, {"acks": "1"})[1:] == (
        [], [("acks", f"can only be all: {FIXED['acks'][1]}")],
    )  # fmt: skip


def test_compression_is_named_as_in_java() -> None:
    assert arguments({}, compression_type="none")["compression_type"] is None
    assert arguments({}, CONFLUENT, compression_type="none")["compression.type"] == "none"
    assert arguments({}, CONFLUENT, compression_type="zstd")["compression.type"] == "zstd"


def test_librdkafka_says_what_it_cannot_have() -> None:
    _, wrong, refused = read_producer(
        CONFLUENT, {"max.block.ms": "1", "max.request.size": "2000000000", "linger.mss": "1"}
    )
    assert wrong == [
        ("max.request.size", 'Configuration property "message.max.bytes" value 2000000000 is '
         "outside allowed range 1000..1000000000"),
    ]  # fmt: skip
    assert refused == [
        ("max.block.ms", "cannot be set: librdkafka has no such setting"),
        ("linger.mss", "is no setting of the producer of dead letters; did you mean linger.ms?"),
    ]


def test_each_setting_of_one_client_is_honoured_or_refused_by_the_other() -> None:
    """Those that librdkafka has beside them are no settings of kafka-python's producer."""
    assert set(HONOURED) <= {*of_confluent.HONOURED, *of_confluent.REFUSED}
    assert set(of_confluent.HONOURED) - set(HONOURED) == {
        "metadata.recovery.rebootstrap.trigger.ms", "metadata.recovery.strategy",
        "retry.backoff.max.ms", "socket.connection.setup.timeout.ms",
    }  # fmt: skip
