"""A sink is compared with its ledger and with the log: whatever was doctored is told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from sinkworker.administration.verification.report import Report
from sinkworker.administration.verification.verifying import verify
from sinkworker.api import Audit, Counted, Holding, LedgerEntry, StoredOffset, TopicPartition
from sinkworker.testing import InMemoryBroker, InMemoryConsumer

P0 = TopicPartition("alerts", 0)


def step(
    kind: Any, start: int | None, end: int | None, epoch: int = 1, **counts: int
) -> LedgerEntry:
    counted = {"records": 0, "errant": 0, "filtered": 0, "gaps": 0} | counts
    return LedgerEntry(P0, kind, epoch, start, end, **counted, owner="me", config=None, at_ms=0)


def audit(*steps: LedgerEntry, rows: list[int] | None, count: int | None = None) -> Audit:
    """rows: the offsets that they carry; None: they carry none, and there are `count` of them."""
    commits = [each for each in steps if each.kind == "commit"]
    counted = Counted(*(sum(getattr(c, name) for c in commits) for name in Counted._fields))
    last = [each for each in steps if each.kind != "replay"][-1]
    found = {P0: sorted(rows)} if rows is not None else None
    held = Holding("table alerts", [P0], len(rows) if rows is not None else count or 0, found)
    stored = StoredOffset(last.to_offset, None, None, None, last.epoch, "me")
    return Audit({P0: stored}, {P0: counted}, list(steps), [held])


@pytest.fixture
def broker() -> InMemoryBroker:
    """Offsets 0 to 9 hold records, but for a transaction's marker at 5."""
    broker = InMemoryBroker()
    broker.create_topic("alerts")
    for offset in range(10):
        broker.leave_gap(P0) if offset == 5 else broker.produce(P0, b"x")
    return broker


def connect(broker: InMemoryBroker) -> Callable[[Collection[TopicPartition]], InMemoryConsumer]:
    return lambda partitions: InMemoryConsumer(broker, "none", partitions=partitions)


def checked(broker: InMemoryBroker, found: Audit) -> Report:
    return verify("alerts-to-pg", found, connect(broker))


CLAIM = step("claim", 0, 0)
WHOLE = [CLAIM, step("commit", 0, 4, records=4), step("commit", 4, 10, records=5, gaps=1)]
ALL = [0, 1, 2, 3, 4, 6, 7, 8, 9]


def test_what_is_exact_is_said_to_be_so(broker: InMemoryBroker) -> None:
    report = checked(broker, audit(*WHOLE, rows=ALL))
    assert report.problems == []
    assert report.verdict == "alerts-to-pg is exact, compared by offset."
    (partition,) = report.partitions
    assert (partition.rows, partition.log, partition.missing, partition.twice) == (9, 9, 0, 0)


def test_a_row_that_is_missing_is_named(broker: InMemoryBroker) -> None:
    report = checked(broker, audit(*WHOLE, rows=[o for o in ALL if o not in (2, 7)]))
    assert report.problems == [
        "alerts-0: 1 row(s) missing: offset 2", "alerts-0: 1 row(s) missing: offset 7",
    ]  # fmt: skip
    assert report.verdict == "alerts-to-pg is WRONG: 2 problems."


def test_a_row_that_is_missing_shows_without_the_log_too() -> None:
    report = verify("alerts-to-pg", audit(*WHOLE, rows=ALL[1:]), None)
    assert report.problems == ["alerts-0: 1 row(s) missing: among 0 to 4"]


def test_a_row_that_is_there_twice_is_named(broker: InMemoryBroker) -> None:
    report = checked(broker, audit(*WHOLE, rows=[*ALL, 3, 3]))
    assert report.problems == ["alerts-0: 2 row(s) too many: offset 3"]
    assert report.partitions[0].twice == 2


def test_a_row_of_an_offset_without_a_record_is_too_much(broker: InMemoryBroker) -> None:
    report = checked(broker, audit(*WHOLE, rows=[*ALL, 5]))
    assert report.problems == ["alerts-0: 1 row(s) more than were committed from 4 to 10"]


def test_a_row_past_everything_that_was_committed_is_told(broker: InMemoryBroker) -> None:
    report = checked(broker, audit(*WHOLE, rows=[*ALL, 12]))
    assert report.problems == [
        "alerts-0: 1 row(s) of offsets from 10 on, which were never committed"
    ]


def test_what_was_filtered_or_errant_is_not_missed(broker: InMemoryBroker) -> None:
    steps = [CLAIM, step("commit", 0, 10, records=6, filtered=2, errant=1, gaps=1)]
    assert checked(broker, audit(*steps, rows=ALL[3:])).problems == []
    assert checked(broker, audit(*steps, rows=ALL[4:])).problems == [
        "alerts-0: 1 row(s) missing: among 0 to 10"
    ]


def test_records_that_the_ledger_takes_for_gaps_are_missing(broker: InMemoryBroker) -> None:
    steps = [CLAIM, step("commit", 0, 10, records=7, gaps=3)]
    wanted = ["alerts-0: 2 row(s) missing: offsets 0, 1"]
    assert checked(broker, audit(*steps, rows=ALL[2:])).problems == wanted
    assert checked(broker, audit(*steps, rows=None, count=7)).problems == [
        "alerts-0: Kafka holds 2 record(s) more than were committed from 0 to 10"
    ]


def rewound(*rows: int) -> Audit:
    steps = [*WHOLE, step("alter", 10, 6, 2), step("claim", 6, 6, 3),
             step("commit", 6, 10, 3, records=4)]  # fmt: skip
    return audit(*steps, rows=[*ALL, *rows])


def test_what_an_operator_had_read_again_may_be_there_twice(broker: InMemoryBroker) -> None:
    report = checked(broker, rewound(6, 7, 8, 9))
    assert report.problems == []
    (partition,) = report.partitions
    assert partition.moves == ["an operator set it back from 10 to 6: 4 offsets are read again"]
    assert partition.read_again == 4
    assert checked(broker, rewound()).problems == []  # its rows were deleted before


def test_but_not_three_times_nor_what_was_not_read_again(broker: InMemoryBroker) -> None:
    assert checked(broker, rewound(6, 6)).problems == ["alerts-0: 1 row(s) too many: offset 6"]
    assert checked(broker, rewound(4)).problems == ["alerts-0: 1 row(s) too many: offset 4"]


def test_a_part_that_an_operator_had_skipped_is_not_missed(broker: InMemoryBroker) -> None:
    steps = [CLAIM, step("commit", 0, 4, records=4), step("alter", 4, 8, 2), step("claim", 8, 8, 3),
             step("commit", 8, 10, 3, records=2)]  # fmt: skip
    report = checked(broker, audit(*steps, rows=[0, 1, 2, 3, 8, 9]))
    assert report.problems == []
    assert report.partitions[0].skipped == 4


def test_before_the_ledger_begins_the_log_says_what_is_missing(broker: InMemoryBroker) -> None:
    young = audit(*WHOLE, rows=ALL[1:])
    young = replace(young, ledger=young.ledger[2:])
    assert checked(broker, young).problems == [
        "alerts-0: 1 row(s) missing: offset 0; or an operator skipped them before the ledger begins, "
        "at 4"
    ]


def test_what_kafka_no_longer_holds_is_not_asked_for(broker: InMemoryBroker) -> None:
    broker.delete_records(P0, 6)
    assert checked(broker, audit(*WHOLE, rows=ALL)).problems == []
    assert checked(broker, audit(*WHOLE, rows=ALL[1:])).problems == [
        "alerts-0: 1 row(s) missing: among 0 to 4"
    ]


def test_a_stored_offset_that_moved_past_the_ledger_is_told(broker: InMemoryBroker) -> None:
    found = audit(*WHOLE, rows=ALL)
    moved = replace(found, stored={P0: found.stored[P0]._replace(next=8)})
    assert checked(broker, moved).problems == [
        "alerts-0: the ledger ends at 10 with epoch 1, and the stored offset is 8 with epoch 1: it was "
        "moved past the ledger"
    ]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([WHOLE[0], WHOLE[2]], "the ledger has a commit from 4 after a claim that ended at 0"),
        (
            [CLAIM, step("commit", 0, 10, records=8, gaps=1)],
            "the ledger's commit from 0 to 10 counts 9 offsets",
        ),
        (
            [CLAIM, step("commit", 0, 10, 0, records=9, gaps=1)],
            "the ledger has a commit of epoch 0 after a claim of epoch 1",
        ),
        (
            [CLAIM, step("claim", 0, 0, 1), step("commit", 0, 10, records=9, gaps=1)],
            "the ledger has a claim of epoch 1 after a claim of epoch 1",
        ),
    ],
)
def test_a_ledger_that_does_not_add_up_is_told(
    broker: InMemoryBroker, steps: list[LedgerEntry], problem: str
) -> None:
    assert f"alerts-0: {problem}" in checked(broker, audit(*steps, rows=ALL)).problems


def test_rows_without_coordinates_are_counted(broker: InMemoryBroker) -> None:
    report = checked(broker, audit(*WHOLE, rows=None, count=9))
    assert report.verdict == "alerts-to-pg is exact, compared by count."
    for count, problem in ((8, "1 row(s) missing"), (10, "1 row(s) too many")):
        assert checked(broker, audit(*WHOLE, rows=None, count=count)).problems == [
            f"table alerts: {problem}: it holds {count}, and 9 records were committed to it"
        ]


def test_a_log_that_ends_before_what_was_committed_is_another_one(broker: InMemoryBroker) -> None:
    broker.truncate(P0, 7)
    assert checked(broker, audit(*WHOLE, rows=ALL)).problems == [
        "alerts-0: Kafka's log ends at 7, and 10 was committed: it is another log, or it was truncated"
    ]


def test_a_topic_that_was_made_anew_is_another_log(broker: InMemoryBroker) -> None:
    found = audit(*WHOLE, rows=ALL)
    known = found.stored[P0]._replace(topic_id=broker.topic_ids["alerts"], cluster_id="in-memory")
    of_this_topic = replace(found, stored={P0: known})
    assert checked(broker, of_this_topic).problems == []
    of_another = replace(found, stored={P0: known._replace(topic_id="another")})
    assert checked(broker, of_another).problems == [
        "alerts-0: its stored offset is of another topic or cluster of the same name"
    ]


def test_a_range_that_was_replayed_counts_as_it_was_written_last(broker: InMemoryBroker) -> None:
    replayed = step("replay", 2, 8, records=3, filtered=2, gaps=1)
    assert checked(broker, audit(*WHOLE, replayed, rows=[0, 1, 2, 3, 4, 8, 9])).problems == []
    assert checked(broker, audit(*WHOLE, replayed, rows=[0, 1, 2, 3, 8, 9])).problems == [
        "alerts-0: 1 row(s) missing: among 2 to 8"
    ]
    assert checked(broker, audit(*WHOLE, replayed, rows=[1, 2, 3, 4, 8, 9])).problems == [
        "alerts-0: 1 row(s) missing: offset 0"
    ]


def test_letters_that_were_replayed_are_rows_that_the_commit_did_not_count(
    broker: InMemoryBroker,
) -> None:
    steps = [CLAIM, step("commit", 0, 10, records=8, errant=1, gaps=1)]
    assert checked(broker, audit(*steps, rows=ALL)).problems == [
        "alerts-0: 1 row(s) more than were committed from 0 to 10"
    ]
    replayed = step("replay", 10, 10, records=1, errant=-1)
    assert checked(broker, audit(*steps, replayed, rows=ALL)).problems == []
