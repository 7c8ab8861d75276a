"""The group's copy of the offsets: how often, what is owed, and what a refusal leaves."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from sinkworker.api import Offset, RetriableError, TopicPartition
from sinkworker.kafka import mirror
from sinkworker.kafka.mirror import Ended, Mirror, Offsets
from sinkworker.runtime.ports import Event, Lost

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class Group:
    """Answers when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Offsets] = []
        self.committed: list[Offsets] = []
        self.refusals = 0
        self.polls = 0
        self.held = {A, B}
        self.seconds = 100.0
        self._ended: list[Ended] = []
        monkeypatch.setattr(mirror.time, "monotonic", lambda: self.seconds)

    def send(self, offsets: Offsets, ended: Ended) -> None:
        self.sent.append(offsets)
        self._ended.append(ended)

    def answer(self, error: Exception | None = None) -> None:
        self._ended.pop(0)(error)

    def commit(self, offsets: Offsets) -> None:
        if self.refusals:
            self.refusals -= 1
            raise RetriableError("rebalancing")
        self.committed.append(offsets)

    def poll(self) -> list[Event]:
        self.polls += 1
        self.seconds += 0.1
        return []

    def holds(self, partitions: Collection[TopicPartition]) -> bool:
        return self.held >= set(partitions)


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Group:
    return Group(monkeypatch)


@pytest.fixture
def copy(group: Group) -> Mirror:
    return Mirror(group.send, group.commit, group.holds)


def test_one_commit_a_second_with_the_newest_offsets(group: Group, copy: Mirror) -> None:
    copy.owe({A: Offset(1)})
    group.answer()
    copy.owe({A: Offset(2), B: Offset(1)})
    copy.owe({A: Offset(3)})
    assert group.sent == [{A: Offset(1)}]
    group.seconds += 1
    copy.send()
    assert group.sent[1:] == [{A: Offset(3), B: Offset(1)}]


def test_one_commit_is_under_way_at_a_time(group: Group, copy: Mirror) -> None:
    copy.owe({A: Offset(1)})
    group.seconds += 5
    copy.owe({A: Offset(2)})
    assert group.sent == [{A: Offset(1)}]
    group.answer()
    copy.send()
    assert group.sent[1:] == [{A: Offset(2)}]


def test_what_the_group_refused_is_sent_again_unless_something_newer_is(
    group: Group, copy: Mirror
) -> None:
    copy.owe({A: Offset(1), B: Offset(1)})
    copy.owe({B: Offset(2)})
    group.answer(RetriableError("rebalancing"))
    assert copy.failures == 1
    group.seconds += 1
    copy.send()
    assert group.sent[1:] == [{A: Offset(1), B: Offset(2)}]


def test_what_another_member_may_have_written_is_not_sent_again(group: Group, copy: Mirror) -> None:
    copy.owe({A: Offset(1), B: Offset(1)})
    copy.owe({A: Offset(2)})
    copy.forget([Lost(frozenset({A}))])
    group.answer(RetriableError("rebalancing"))
    group.seconds += 1
    copy.send()
    assert group.sent[1:] == [{B: Offset(1)}]


def test_nothing_is_owed_of_what_is_not_held(group: Group, copy: Mirror) -> None:
    group.held = {B}
    copy.owe({A: Offset(1), B: Offset(1)})
    assert group.sent == [{B: Offset(1)}]


def test_at_the_end_what_has_no_answer_yet_is_committed_too(group: Group, copy: Mirror) -> None:
    copy.owe({A: Offset(1), B: Offset(1)})
    copy.owe({B: Offset(2)})
    copy.settle(group.poll)
    assert group.committed == [{A: Offset(1), B: Offset(2)}]
    assert group.polls == 0


def test_at_the_end_a_rebalance_is_waited_for(group: Group, copy: Mirror) -> None:
    copy.owe({A: Offset(1)})
    group.refusals = 3
    copy.settle(group.poll)
    assert group.committed == [{A: Offset(1)}]
    assert group.polls == 3


def test_at_the_end_nothing_is_committed_for_what_was_lost_meanwhile(
    group: Group, copy: Mirror
) -> None:
    copy.owe({A: Offset(1)})
    group.refusals = 1
    copy.settle(lambda: [Lost(frozenset({A}))])
    assert group.committed == []


def test_at_the_end_a_group_that_refuses_for_long_is_given_up(group: Group, copy: Mirror) -> None:
    copy.owe({A: Offset(1)})
    group.refusals = 10**6
    with pytest.raises(RetriableError, match="rebalancing"):
        copy.settle(group.poll)
    assert mirror.SETTLE_WITHIN_SECONDS * 9 <= group.polls <= mirror.SETTLE_WITHIN_SECONDS * 11


def test_a_client_that_cannot_send_is_counted(copy: Mirror) -> None:
    def broken(_: Offsets, __: Ended) -> None:
        raise RuntimeError("closed")

    copy._send = broken
    copy.owe({A: Offset(1)})
    assert copy.failures == 1
