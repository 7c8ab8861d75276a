"""The factory's generator: decided by seed and number, and partitioned as each flow needs it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from sinkworker.demo.factory import (
    ALERT,
    AUDIT,
    CRITICAL_PARTITION,
    SENSOR,
    TOPICS,
    TREND,
    Event,
    Factory,
    tombstone,
)

COUNT = 5_000
EVENTS = list(Factory().events(COUNT))


def of(topic: str) -> list[Event]:
    return [event for event in EVENTS if event.topic == topic]


def test_the_same_seed_gives_the_same_events() -> None:
    assert list(Factory(seed=1).events(COUNT)) == EVENTS


def test_another_seed_gives_others() -> None:
    assert [event.value for event in Factory(seed=2).events(10)] != [e.value for e in EVENTS[:10]]


def test_an_event_is_decided_by_its_number_not_by_what_came_before() -> None:
    last = of(ALERT)[-1]
    assert Factory().alert(last.number) == last


@pytest.mark.parametrize("topic", TOPICS)
def test_the_events_of_each_topic_are_numbered_from_0_and_say_their_number(topic: str) -> None:
    events = of(topic)
    assert [event.number for event in events] == list(range(len(events)))
    assert [next(iter((event.value or {}).values())) for event in events] == list(
        range(len(events))
    )


@pytest.mark.parametrize("topic", TOPICS)
def test_every_partition_has_its_part(topic: str) -> None:
    assert {event.partition for event in of(topic)} == {0, 1, 2, 3}


def test_critical_alerts_and_no_others_are_on_their_partition() -> None:
    by_level = defaultdict(set)
    for event in of(ALERT):
        assert event.value is not None
        by_level[event.value["level"]].add(event.partition)
    assert by_level.pop("Critical") == {CRITICAL_PARTITION}
    assert set(by_level) == {"Major", "Minor", "Warning"}
    assert set().union(*by_level.values()) == {1, 2, 3}


@pytest.mark.parametrize("topic", [ALERT, TREND, SENSOR])
def test_a_key_has_one_partition_so_that_its_order_holds(topic: str) -> None:
    partitions = defaultdict(set)
    for event in of(topic):
        partitions[event.key].add(event.partition)
    assert {len(found) for found in partitions.values()} == {1}
    assert None not in partitions


def test_audit_events_have_no_key() -> None:
    assert {event.key for event in of(AUDIT)} == {None}


def test_only_readings_have_headers() -> None:
    assert {name for event in of(SENSOR) for name, _ in event.headers} == {"plant", "firmware"}
    assert not any(event.headers for event in EVENTS if event.topic != SENSOR)


def test_a_trend_counts_up_within_its_hour() -> None:
    counts = defaultdict(list)
    for event in of(TREND):
        assert event.value is not None
        counts[event.value["hour"]].append(event.value["alerts"])
    assert all(found == sorted(found) and found[-1] > found[0] for found in counts.values())


def test_some_events_are_stamped_earlier_than_the_one_before() -> None:
    times = [event.timestamp_ms for event in of(ALERT)]
    assert times != sorted(times)


def test_a_tombstone_has_the_key_and_no_value() -> None:
    event = of(ALERT)[0]
    assert tombstone(event).encoded() is None
    assert tombstone(event)[:4] == event[:4]
