"""`offset.start`: its grammar, and the offsets that each form gives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sinkworker.api import TopicPartition
from sinkworker.runtime.start import EARLIEST, LATEST, AtOffsets, AtTime, Start, parse_start
from sinkworker.testing import InMemoryBroker, InMemoryConsumer
from tests.unit.runtime.builders import P0, P1

NOON_MS = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("earliest", EARLIEST),
        (" Latest ", LATEST),
        ("2026-11-21T12:00:00Z", AtTime(NOON_MS)),
        ("2026-11-21T12:00:00", AtTime(NOON_MS)),
        ("2026-11-21T13:00:00+01:00", AtTime(NOON_MS)),
        ("2026-11-21T12:00:00.001Z", AtTime(NOON_MS + 1)),
        ("2026-11-21", AtTime(NOON_MS - 12 * 3_600_000)),
        ("alerts:0:17", AtOffsets({P0: 17})),
        ("alerts:0:17, a.b_c-d:12:0", AtOffsets({P0: 17, TopicPartition("a.b_c-d", 12): 0})),
    ],
)
def test_each_form_of_a_start_is_read(text: str, start: Start) -> None:
    assert parse_start(text) == start


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_time_without_a_zone_is_utc_wherever_the_worker_runs() -> None:
    assert parse_start("2026-11-21T12:00:00") == AtTime(NOON_MS)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "12:00", "1763726400000", "alerts", "alerts:0", "alerts:0:-1", "alerts:x:1",
     ":0:1", "alerts:0:1:2", "alerts:0:1,", "alerts:0:1 alerts:1:2", "2026-13-01"],
)  # fmt: skip
def test_what_is_none_of_the_forms_is_refused_with_all_of_them(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_start(text)
    assert str(refused.value) == (
        "Expected earliest, latest, a time such as 2026-11-21T08:00:00Z, "
        "or <topic>:<partition>:<offset>,…"
    )


@pytest.fixture
def consumer() -> InMemoryConsumer:
    """P0: offsets 2 to 5 at 1002 to 1005 ms, the last two in an open transaction. P1: empty."""
    broker = InMemoryBroker()
    broker.create_topic("alerts", 2)
    for offset in range(6):
        broker.produce(P0, b"", timestamp=1_000 + offset)
    broker.delete_records(P0, before=2)
    broker.hold_back(P0, 4)
    return InMemoryConsumer(broker, "group", topics=["alerts"])


@pytest.mark.parametrize(
    ("start", "offsets"),
    [
        (EARLIEST, {P0: 2, P1: 0}),
        (LATEST, {P0: 4, P1: 0}),
        (AtTime(0), {P0: 2, P1: 0}),
        (AtTime(1_003), {P0: 3, P1: 0}),
        (AtTime(9_999), {P0: 4, P1: 0}),
        (AtOffsets({P0: 3}), {P0: 3, P1: 0}),
        (AtOffsets({P1: 7}), {P0: 2, P1: 7}),
        (AtOffsets({P0: 3, P1: 7, TopicPartition("other", 0): 1}), {P0: 3, P1: 7}),
    ],
)
def test_each_rule_gives_every_partition_its_offset(
    consumer: InMemoryConsumer, start: Start, offsets: dict[TopicPartition, int]
) -> None:
    assert start.offsets(consumer, [P0, P1]) == offsets


def test_latest_begins_with_the_transaction_that_is_in_flight(consumer: InMemoryConsumer) -> None:
    """Its records become readable after the start was chosen: they are produced from now on."""
    assert LATEST.offsets(consumer, [P0]) == {P0: consumer.bounds([P0])[P0].end - 2}
