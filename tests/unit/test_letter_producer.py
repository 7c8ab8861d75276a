"""The producer of dead letters: never so patient that its task would lose its place in the group."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.kafka.connection import Connection
from sinkworker.kafka.producer_settings import read_producer
from sinkworker.kafka.settings import read_settings

TIMES = ("delivery_timeout_ms", "max_block_ms", "request_timeout_ms")


def arguments(consumer: dict[str, str], **producer: str) -> dict[str, Any]:
    given = {key.replace("_", "."): value for key, value in producer.items()}
    settings = read_settings(consumer).settings
    connection = Connection(
        "localhost:9092", "alerts", settings, 1 << 20, 500, read_producer(given).arguments
    )
    return connection._for_producer(2)


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


def test_it_is_named_as_connect_names_it_and_acknowledges_everything() -> None:
    found = arguments({})
    assert found["client_id"] == "connector-dlq-producer-alerts-2"
    assert (found["acks"], found["max_in_flight_requests_per_connection"]) == ("all", 1)
    assert arguments({}, client_id="mine")["client_id"] == "mine-2"


def test_it_speaks_the_version_that_the_consumer_is_told_to_speak() -> None:
    assert arguments({"api.version": "2.3"})["api_version"] == (2, 3)
    assert "api_version" not in arguments({})
