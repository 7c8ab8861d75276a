"""Opening partitions: seeds, starts decided once, and resets."""

from __future__ import annotations

from typing import Any

from sinkworker.api import Alteration, Offset, SinkConnector, StoredOffset, TopicPartition
from sinkworker.runtime.opening import Opened, Opening, OutOfRange
from sinkworker.runtime.start import EARLIEST, LATEST, AtOffsets, Start
from sinkworker.testing import InMemoryBroker, InMemoryConsumer
from sinkworker.testing.owner import StrictContext
from sinkworker.testing.samples import AtLeastOnceSinkConnector, MemorySinkConnector
from tests.unit.runtime.builders import P0, P1, ScriptedConnector

OTHER = TopicPartition("other", 0)


class Place:
    """A broker with the topic `alerts` (P0 ends at 5, P1 at 3), a sink, and its opening."""

    def __init__(
        self,
        start: Start = EARLIEST,
        *,
        pattern: str | None = None,
        connector: SinkConnector[Any] | None = None,
    ) -> None:
        self.broker = InMemoryBroker()
        self.broker.create_topic("alerts", 2)
        self.produce(P0, 5)
        self.produce(P1, 3)
        topics = () if pattern else ("alerts", "other")
        self.consumer = InMemoryConsumer(self.broker, "group", topics=topics, pattern=pattern)
        self.consumer.poll(0)
        connector = connector or MemorySinkConnector()
        self.store = connector.offset_store()
        self._opening = Opening(
            connector.create_task(StrictContext("memory", "me")),
            self.store,
            start,
            OutOfRange.FAIL,
            joins_by_pattern=pattern is not None,
        )

    def produce(self, source: TopicPartition, count: int) -> None:
        for _ in range(count):
            self.broker.produce(source, b"")

    def open(self, *partitions: TopicPartition) -> Opened:
        return self._opening.open(self.consumer, partitions)

    def resumes(self, *partitions: TopicPartition) -> dict[TopicPartition, int]:
        return {p: claim.resume.next for p, claim in self.open(*partitions).claims.items()}

    def stored(self) -> dict[TopicPartition, StoredOffset]:
        assert self.store is not None
        return dict(self.store.read())

    def alter(self, partition: TopicPartition, to: Offset | None) -> None:
        assert self.store is not None
        self.store.alter({partition: Alteration(to)})


def test_a_claim_is_what_the_store_says_and_its_start_carries_the_ids() -> None:
    place = Place()
    claim = place.open(P0).claims[P0]
    assert claim.resume == Offset(0, None, place.broker.topic_ids["alerts"], "in-memory")
    assert claim.epoch == 1
    assert place.open(P0).claims[P0].epoch == 2


def test_the_first_claim_seeds_all_partitions_of_the_topic() -> None:
    place = Place(LATEST)
    place.open(P0)
    stored = place.stored()
    assert stored.keys() == {P0, P1}
    assert (stored[P1].next, stored[P1].epoch, stored[P1].owner) == (3, 0, None)


def test_seeding_leaves_other_topics_alone() -> None:
    place = Place()
    place.broker.create_topic("other")
    place.open(P0)
    assert OTHER not in place.stored()


def test_latest_is_decided_once_for_all_partitions() -> None:
    place = Place(LATEST)
    assert place.resumes(P0) == {P0: 5}
    place.produce(P0, 4)
    place.produce(P1, 4)
    assert place.resumes(P0, P1) == {P0: 5, P1: 3}


def test_a_partition_added_later_is_read_from_its_start_even_under_latest() -> None:
    place, added = Place(LATEST), TopicPartition("alerts", 2)
    place.open(P0)
    place.broker.add_partitions("alerts", 3)
    place.produce(added, 4)
    assert place.resumes(added) == {added: 0}


def test_a_topic_added_to_a_list_of_topics_starts_by_the_rule() -> None:
    place = Place(LATEST)
    place.open(P0)
    place.broker.create_topic("other")
    place.produce(OTHER, 4)
    assert place.resumes(OTHER) == {OTHER: 4}


def test_a_topic_that_joins_a_pattern_is_read_from_its_start() -> None:
    place = Place(LATEST, pattern=".*")
    place.open(P0)
    place.broker.create_topic("other")
    place.produce(OTHER, 4)
    assert place.resumes(OTHER) == {OTHER: 0}


def test_topics_that_match_a_pattern_from_the_beginning_all_start_by_the_rule() -> None:
    """A second task, that opens the other topic a little later, must not find it "joined"."""
    place = Place(LATEST, pattern=".*")
    place.broker.create_topic("other")
    place.produce(OTHER, 4)
    place.open(P0)
    place.produce(OTHER, 1)
    assert place.resumes(OTHER) == {OTHER: 4}


def test_a_pattern_seeds_only_topics_that_it_matches() -> None:
    place = Place(pattern="al.*")
    place.broker.create_topic("other")
    place.open(P0)
    assert place.stored().keys() == {P0, P1}


def test_a_start_at_named_offsets_is_stored_like_any_other() -> None:
    place = Place(AtOffsets({P0: 4}))
    assert place.resumes(P0, P1) == {P0: 4, P1: 0}


# resets


def test_a_reset_offset_is_decided_anew_by_the_rule() -> None:
    place = Place(LATEST)
    place.open(P0)
    place.alter(P0, None)
    place.produce(P0, 2)
    assert place.resumes(P0, P1) == {P0: 7, P1: 3}
    assert place.stored()[P0].next == 7


def test_a_reset_offset_may_belong_to_another_topic_afterwards() -> None:
    place = Place()
    place.open(P0)
    place.broker.recreate_topic("alerts", 2)
    place.alter(P0, None)
    (claim,) = place.open(P0).claims.values()
    assert claim.resume.topic_id == place.broker.topic_ids["alerts"]


def test_a_reset_between_the_look_at_the_store_and_the_claim_is_not_lost() -> None:
    connector = ScriptedConnector()
    place = Place(EARLIEST, connector=connector)
    place.open(P0)
    place.alter(P0, Offset(2))
    connector.before["open"] = lambda: place.alter(P0, None)
    assert place.open(P0).altered == [P0], "the offset that was offered is the one from before"
    place.alter(P0, None)
    connector.before.clear()
    assert place.resumes(P0) == {P0: 0}


# sinks without stored offsets


def test_a_sink_without_offsets_starts_at_the_group_s_or_by_the_rule() -> None:
    place = Place(LATEST, connector=AtLeastOnceSinkConnector())
    place.consumer.commit({P0: Offset(2, 7)})
    claims = place.open(P0, P1).claims
    assert claims[P0].resume[:2] == (2, 7)
    assert claims[P1].resume.next == 3


def test_the_group_s_offset_is_taken_for_one_of_the_topic_that_is_there_now() -> None:
    """Otherwise a topic that is created again while it is read would never be noticed."""
    place = Place(connector=AtLeastOnceSinkConnector())
    place.consumer.commit({P0: Offset(2)})
    (claim,) = place.open(P0).claims.values()
    assert claim.resume.topic_id == place.broker.topic_ids["alerts"]


def test_latest_is_decided_once_for_a_sink_without_offsets_too() -> None:
    """A crash before the first flush must not move the start past what was produced since."""
    place = Place(LATEST, connector=AtLeastOnceSinkConnector())
    place.open(P0)
    place.produce(P0, 4)
    assert place.resumes(P0) == {P0: 5}
