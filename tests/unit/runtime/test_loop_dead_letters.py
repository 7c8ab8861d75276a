"""Bad records that are tolerated: what becomes of them, in the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sinkworker.api import (
    Advances,
    DataError,
    ErrantRecord,
    RetriableError,
    SinkRecord,
    SinkTask,
    SinkTaskContext,
    Stage,
    TopicPartition,
)
from sinkworker.runtime.assignment import State
from sinkworker.runtime.breaker import Breaker
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing import Harness, InMemoryBroker, InMemoryDeadLetters, encode
from sinkworker.testing.samples import MemorySinkConnector, MemorySinkTask
from tests.unit.runtime.builders import (
    P0,
    P1,
    ScriptedConnector,
    cause,
    produce,
    produce_bad,
    seen,
    state,
    stored,
    tolerance,
)


class Letters:
    """A place for dead letters that is down for so many attempts."""

    def __init__(self) -> None:
        self.sent: list[ErrantRecord] = []
        self.down, self.is_closed = 0, False

    def send(self, letters: Sequence[ErrantRecord]) -> None:
        if self.down:
            self.down -= 1
            raise RetriableError("the dead letters' broker is down")
        self.sent += letters

    def close(self) -> None:
        self.is_closed = True

    def offsets(self) -> list[int]:
        return [letter.offset for letter in self.sent]


class PickyTask(MemorySinkTask):
    """Reports values with "bad": "put" from put, those with "bad": "flush" from flush."""

    def __init__(self, connector: PickyConnector, context: SinkTaskContext) -> None:
        super().__init__(connector, context)
        self._picky, self._reports = connector, context
        self._waiting: list[tuple[TopicPartition, SinkRecord]] = []

    def put(self, source: TopicPartition, records: Sequence[SinkRecord]) -> None:
        good = []
        for record in records:
            bad = record.value.get("bad")
            if bad == "put":
                self._report(source, record)
            elif bad == "flush":
                self._waiting.append((source, record))
            else:
                good.append(record)
        super().put(source, good)

    def flush(self, advances: Advances) -> None:
        for source, record in self._waiting:
            self._report(source, record)
        self._waiting = []
        self._picky.errant += [e for advance in advances.values() for e in advance.errant]
        super().flush(advances)

    def close(self, partitions: Any) -> None:
        self._waiting = []
        super().close(partitions)

    def _report(self, source: TopicPartition, record: SinkRecord) -> None:
        self._picky.returned.append(self._reports.report(source, record, DataError("picky")))


class PickyConnector(MemorySinkConnector):
    stores_dead_letters = False  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__("memory")
        self.returned: list[ErrantRecord] = []
        self.errant: list[ErrantRecord] = []

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return PickyTask(self, context)


def running(letters: Letters | None = None, stores: bool = False, **plan: Any) -> Harness:
    connector = PickyConnector()
    connector.stores_dead_letters = stores
    if letters is not None:
        plan["dead_letters"] = lambda task: letters
    of = Harness(connector, partitions=2, tolerance=tolerance(), **plan)
    of.start()
    of.run(2)
    return of


def picky(of: Harness) -> PickyConnector:
    assert isinstance(of.connector, PickyConnector)
    return of.connector


def send(of: Harness, source: TopicPartition, *bad: str | None) -> None:
    """A record each: None is good, "json" cannot be converted, "put" and "flush" are reported."""
    for each in bad:
        if each == "json":
            produce_bad(of, source)
        else:
            of.broker.produce(source, encode({"bad": each}), b'"key"', [("h", b"1")])


# what a task gets back


@pytest.mark.parametrize("where", ["put", "flush"])
def test_a_task_that_stores_letters_gets_the_record_as_it_was_read(where: str) -> None:
    of = running(stores=True)
    send(of, P0, None, where)
    of.run(3)
    (letter,) = picky(of).returned
    task = "tests.unit.runtime.test_loop_dead_letters.PickyTask"
    assert letter._replace(error=Exception, timestamp=0) == (
        P0, 1, Stage.TASK_PUT, Exception, 0, b'"key"', encode({"bad": where}), [("h", b"1")], task,
    )  # fmt: skip
    assert (str(letter.error), letter.timestamp) == ("picky", 1_700_000_000_002)


def test_without_dead_letters_no_bytes_are_kept() -> None:
    of = running()
    send(of, P0, "put", "flush")
    of.run(3)
    assert [(e.offset, e.key, e.value) for e in picky(of).returned] == [
        (0, None, None),
        (1, None, None),
    ]


def test_a_log_with_messages_shows_a_reported_record_as_it_was_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talkative = Tolerance(ToleranceMode.ALL, log_errors=True, include_messages=True)
    of = Harness(PickyConnector(), tolerance=talkative)
    of.start()
    send(of, P0, "flush")
    with caplog.at_level("WARNING"):
        of.run(5)
    assert caplog.messages == [
        "Skipped a record: alerts-0 offset 0 failed in TASK_PUT: picky (key b'\"key\"', "
        "value b'{\"bad\": \"flush\"}', headers [('h', b'1')])"
    ]


def test_what_is_reported_from_put_is_in_the_advance_and_counted_once() -> None:
    of = running(stores=True)
    send(of, P0, "json", None, "put", "flush", None)
    of.run(3)
    assert sorted(letter.offset for letter in picky(of).errant) == [0, 2]
    counters = of.workers[0].status().counters
    assert (counters.records, counters.errant, stored(of)) == (2, 3, 5)


def test_letters_are_counted_when_their_offset_is_committed() -> None:
    letters = Letters()
    letters.down = 2
    sent, stored_by_sink, left_out = running(letters), running(stores=True), running()
    for of in (sent, stored_by_sink, left_out):
        send(of, P0, "json", None, "put", "flush")
        of.run(20)
    counters = [of.workers[0].status().counters for of in (sent, stored_by_sink, left_out)]
    assert [each.letters for each in counters] == [3, 3, 0]
    assert [each.letters_sent - each.letters_not_sent for each in counters] == [3, 0, 0]
    assert counters[0].letters_not_sent > 0


def test_originals_count_in_the_byte_budget() -> None:
    plain, keeping = running(), running(stores=True)
    for of in (plain, keeping):
        produce(of, P0, 0)
        of.workers[0].step()
    size = [of.workers[0]._parts.held.assignment.pending().bytes for of in (plain, keeping)]
    assert size == [len(encode({"id": 0}) or b""), 2 * len(encode({"id": 0}) or b"")]


def test_a_task_that_decides_when_to_flush_does_not_hold_letters_without_end() -> None:
    connector = ScriptedConnector()
    connector.due = list
    of = Harness(connector, tolerance=tolerance(), flush_policy=FlushPolicy(50, 100, 500))
    of.start()
    of.run(2)
    of.broker.produce(P0, b"x" * 99)
    of.run(2)
    assert stored(of) == 0
    of.broker.produce(P0, b"x")
    of.run(2)
    assert stored(of) == 2


# a place of its own for letters


def test_letters_of_every_stage_are_sent_before_their_offset_is_stored() -> None:
    letters = Letters()
    of = running(letters)
    send(of, P0, "json", None, "put", "flush")
    of.run(3)
    assert letters.offsets() == [0, 2, 3]
    assert [letter.value for letter in letters.sent] == [
        b"no json", encode({"bad": "put"}), encode({"bad": "flush"})
    ]  # fmt: skip
    assert stored(of) == 4


def test_a_harness_has_topics_for_dead_letters_too() -> None:
    broker = InMemoryBroker()
    of = Harness(
        PickyConnector(),
        broker=broker,
        tolerance=tolerance(),
        dead_letters=lambda task: InMemoryDeadLetters(broker, "dead", "memory", task),
    )
    of.start()
    send(of, P0, None, "put")
    of.run(5)
    (letter,) = broker.logs[TopicPartition("dead", 0)].records
    assert (letter.key, letter.value) == (b'"key"', encode({"bad": "put"}))
    headers = dict(letter.headers)
    assert headers["h"] == b"1"
    assert headers["__connect.errors.connector.name"] == b"memory"
    assert headers["__connect.errors.offset"] == b"1"


@pytest.mark.parametrize("where", ["json", "put", "flush"])
def test_while_the_place_is_down_nothing_is_committed_and_nothing_is_lost(where: str) -> None:
    letters = Letters()
    of = running(letters)
    letters.down = 3
    send(of, P0, None, where, None)
    of.step()
    of.clock.pass_ms(600)
    of.step()
    assert (seen(of), stored(of), letters.sent) == ([], 0, [])
    assert of.workers[0].status().trace == "the dead letters' broker is down"
    of.run(40)
    assert (seen(of), stored(of), letters.offsets()) == ([0, 2], 3, [1])
    assert of.workers[0].status().counters.errant == 1


def test_letters_of_a_flush_that_fails_are_sent_again() -> None:
    """At least once: a topic cannot take part in the sink's commit."""
    letters = Letters()
    of = running(letters)
    send(of, P0, "json")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PickyTask, "flush", _busy)
        of.run(1)
        of.run(1)
    of.run(20)
    assert (len(letters.sent) > 1, set(letters.offsets()), stored(of)) == (True, {0}, 1)


def _busy(self: PickyTask, advances: Advances) -> None:
    raise RetriableError("busy")


def test_the_place_is_closed_with_the_task() -> None:
    letters = Letters()
    running(letters).workers[0].stop()
    assert letters.is_closed


# the breaker

ADVICE = (
    ". Everything before it is committed; this partition waits. Mend what they have in common, "
    "mostly a wrong converter or a missing column, and start again; or allow more."
)


@pytest.mark.parametrize(
    ("where", "stage", "why"),
    [("json", "VALUE_CONVERTER", "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
     ("put", "TASK_PUT", "picky"), ("flush", "TASK_PUT", "picky")],
)  # fmt: skip
def test_too_many_in_a_row_stop_the_partition_before_the_first_of_them(
    where: str, stage: str, why: str
) -> None:
    letters = Letters()
    of = running(letters, breaker=Breaker(max_consecutive=2))
    send(of, P0, None, where, None, where, where, where, where)
    send(of, P1, None)
    of.run(10)
    assert (seen(of), stored(of)) == ([0, 2], 3)
    # What is reported while a flush is under way is sent at once, before it is known to be too many.
    assert set(letters.offsets()) == ({1, 3, 4} if where == "flush" else {1})
    assert state(of.workers[0]) is State.QUARANTINED
    assert cause(of.workers[0]) == (
        "alerts-0 from offset 3 on: more than 2 records in a row failed "
        "(errors.deadletterqueue.max.consecutive=2); "
        f"alerts-0 offset 5 failed in {stage}: {why}{ADVICE}"
    )
    assert state(of.workers[0], P1) is State.OPEN


def test_a_row_that_began_in_an_earlier_flush_counts() -> None:
    letters = Letters()
    of = running(letters, breaker=Breaker(max_consecutive=2))
    send(of, P0, None, "json", "json")
    of.run(3)
    assert (stored(of), letters.offsets()) == (3, [1, 2])
    send(of, P0, "json", None)
    of.run(10)
    assert (stored(of), letters.offsets()) == (3, [1, 2])
    assert state(of.workers[0]) is State.QUARANTINED


def test_too_many_of_a_window_stop_the_partition() -> None:
    letters = Letters()
    of = running(letters, breaker=Breaker(max_ratio=0.002))
    for _ in range(4):
        send(of, P0, "json", None)
        of.run(2)
    assert (stored(of), letters.offsets()) == (4, [0, 2])
    assert "3 of 1000 records failed (errors.deadletterqueue.max.ratio=0.002)" in (
        cause(of.workers[0]) or ""
    )


def test_the_breaker_needs_no_place_for_letters() -> None:
    of = running(breaker=Breaker(max_consecutive=1))
    send(of, P0, "flush", "flush")
    of.run(10)
    assert (stored(of), state(of.workers[0])) == (0, State.QUARANTINED)


def test_with_tolerance_none_a_bad_record_still_stops_its_partition_first() -> None:
    of = Harness(PickyConnector(), tolerance=tolerance(ToleranceMode.NONE),
                 breaker=Breaker(max_consecutive=1))  # fmt: skip
    of.start()
    send(of, P0, None, "json")
    of.run(5)
    assert stored(of) == 1
    assert "Set errors.tolerance=all to skip such records" in (cause(of.workers[0]) or "")
