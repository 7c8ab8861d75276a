"""Opening partitions: offsets of another topic or cluster, and offsets that the log does not hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from sinkworker.api import Claim, Offset, SinkTask, SinkTaskContext, StoredOffset, TopicPartition
from sinkworker.runtime.opening import Opening, OutOfRange, Refusal, recreated
from sinkworker.runtime.start import EARLIEST
from sinkworker.testing import InMemoryBroker, InMemoryConsumer
from sinkworker.testing.harness import AnyConnector
from sinkworker.testing.owner import StrictContext
from sinkworker.testing.samples import (
    AtLeastOnceSinkConnector,
    MemorySinkConnector,
    MemorySinkTask,
)
from tests.unit.runtime.builders import P0

OLD_TOPIC, OLD_CLUSTER = "old-topic-id", "old-cluster"


def broker(start: int = 0, end: int = 0, cluster_id: str | None = "in-memory") -> InMemoryBroker:
    """One partition that holds the offsets from start up to end."""
    made = InMemoryBroker(cluster_id)
    made.create_topic("alerts")
    for _ in range(end):
        made.produce(P0, b"")
    made.delete_records(P0, before=start)
    return made


def stored_as(offset: Offset, connector: MemorySinkConnector | None = None) -> MemorySinkConnector:
    """A sink in which P0 stands at this offset, epoch 3."""
    connector = connector or MemorySinkConnector()
    row = StoredOffset(*offset, 3, "me")
    connector.store.offsets[connector.key(P0)] = row
    return connector


def consumer(of: InMemoryBroker) -> InMemoryConsumer:
    member = InMemoryConsumer(of, "group", topics=["alerts"])
    member.poll(0)
    return member


def opening(connector: AnyConnector, out_of_range: OutOfRange = OutOfRange.FAIL) -> Opening:
    task = connector.create_task(StrictContext("memory", "me"))
    return Opening(task, connector.offset_store(), EARLIEST, out_of_range, joins_by_pattern=False)


def refusal(connector: AnyConnector, at: InMemoryBroker) -> Refusal:
    opened = opening(connector).open(consumer(at), [P0])
    assert opened.claims == {}
    assert opened.altered == []
    return opened.refused[P0]


# identity


def test_an_offset_of_a_topic_that_was_created_again_is_refused() -> None:
    connector, at = stored_as(Offset(2, None, OLD_TOPIC)), broker(end=5)
    before = dict(connector.store.offsets)
    assert refusal(connector, at) == Refusal(
        "alerts-0: the topic was deleted and created again: the stored offset 2 belongs to topic id "
        f"old-topic-id, the topic is now {at.topic_ids['alerts']}. Nothing is read. "
        "Reset the offset to read the new topic.",
        epoch=3,
    )
    assert connector.store.offsets == before


def test_an_offset_of_another_cluster_is_refused() -> None:
    connector = stored_as(Offset(2, None, OLD_TOPIC, OLD_CLUSTER))
    assert refusal(connector, broker(end=5)) == Refusal(
        "alerts-0: the stored offset 2 belongs to Kafka cluster old-cluster, and bootstrap.servers "
        "leads to cluster in-memory. Nothing is read. Point bootstrap.servers at the old cluster, "
        "or reset the offset.",
        epoch=3,
    )


@pytest.mark.parametrize("cluster_id", [None, "in-memory"])
def test_an_unknown_id_equals_any(cluster_id: str | None) -> None:
    opened = opening(stored_as(Offset(2))).open(
        consumer(broker(end=5, cluster_id=cluster_id)), [P0]
    )
    assert opened.claims[P0].resume.next == 2
    assert opened.claims[P0].resume.cluster_id == cluster_id


class AnsweringConnector(MemorySinkConnector):
    """Its task answers `open` with these claims, whatever is stored."""

    def __init__(self, claims: Mapping[TopicPartition, Claim]) -> None:
        super().__init__()
        self.claims = claims

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return AnsweringTask(self, context)


class AnsweringTask(MemorySinkTask):
    def __init__(self, connector: AnsweringConnector, context: SinkTaskContext) -> None:
        super().__init__(connector, context)
        self._claims = connector.claims

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        return self._claims


def test_a_task_that_claims_a_foreign_topic_is_not_believed() -> None:
    connector = AnsweringConnector({P0: Claim(Offset(2, None, OLD_TOPIC), 4)})
    refused = refusal(connector, broker(end=5))
    assert refused.cause.startswith("alerts-0: the topic was deleted and created again: ")
    assert refused.epoch == 4


def test_a_claim_that_the_sink_refuses_for_reasons_of_its_own_is_told() -> None:
    connector = stored_as(Offset(2), AnsweringConnector({}))
    assert refusal(connector, broker(end=5)) == Refusal("alerts-0: the sink refused the claim", 3)


def test_a_task_that_neither_claims_nor_stores_is_told() -> None:
    class ForgetfulConnector(AnsweringConnector):
        def offset_store(self) -> None:  # type: ignore[override]
            return None

    assert refusal(ForgetfulConnector({}), broker(end=5)) == Refusal(
        "alerts-0: the sink refused the claim and stores no offset for it", 0
    )


def test_recreated_names_the_partitions_whose_topic_changed_under_them() -> None:
    at = broker(end=5)
    member, same = consumer(at), Offset(2, None, at.topic_ids["alerts"], "in-memory")
    assert recreated(member, [(P0, same)]) == {}
    at.recreate_topic("alerts")
    assert list(recreated(member, [(P0, same)])) == [P0]


# range


@pytest.mark.parametrize("offset", [2, 3, 5])
def test_an_offset_between_the_log_s_start_and_its_end_is_read_on_from(offset: int) -> None:
    opened = opening(stored_as(Offset(offset))).open(consumer(broker(2, 5)), [P0])
    assert opened.claims[P0] == Claim(opened.claims[P0].resume, 4)
    assert opened.claims[P0].resume.next == offset


def test_an_offset_past_an_open_transaction_s_begin_is_in_range() -> None:
    at = broker(0, 5)
    at.hold_back(P0, 2)
    assert P0 in opening(stored_as(Offset(4))).open(consumer(at), [P0]).claims


def test_an_offset_that_kafka_no_longer_has_is_refused_with_the_number_of_lost_records() -> None:
    assert refusal(stored_as(Offset(2)), broker(7, 9)) == Refusal(
        "alerts-0: offsets 2 to 6 are gone from Kafka: the stored offset is 2, the log now starts "
        "at 7; up to 5 records are lost. Nothing is skipped unless you say so. "
        "Set offset.out.of.range=earliest or latest, or set the offset.",
        epoch=4,
    )


def test_an_offset_beyond_the_end_is_refused_as_a_truncation() -> None:
    assert refusal(stored_as(Offset(8)), broker(0, 5)) == Refusal(
        "alerts-0: the stored offset 8 is beyond the log's end 5: 3 offsets that were read are no "
        "longer in Kafka; the log was truncated. Nothing is read. "
        "Set offset.out.of.range=earliest or latest, or set the offset.",
        epoch=4,
    )


@pytest.mark.parametrize(("out_of_range", "to"), [(OutOfRange.EARLIEST, 7), (OutOfRange.LATEST, 9)])
@pytest.mark.parametrize("offset", [2, 20])
def test_told_to_move_on_the_new_offset_is_stored_before_anything_is_read(
    offset: int, out_of_range: OutOfRange, to: int
) -> None:
    connector, at = stored_as(Offset(offset)), broker(7, 9)
    opens, member = opening(connector, out_of_range), consumer(at)
    opened = opens.open(member, [P0])
    assert (opened.claims, opened.refused, opened.altered) == ({}, {}, [P0])
    topic_id = at.topic_ids["alerts"]
    assert opens.stored()[P0] == StoredOffset(to, None, topic_id, "in-memory", 5, None)
    assert opens.open(member, [P0]).claims[P0] == Claim(Offset(to, None, topic_id, "in-memory"), 6)


def test_told_to_move_on_it_says_all_the_same_what_is_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at = broker(7, 9)
    opening(stored_as(Offset(2)), OutOfRange.EARLIEST).open(consumer(at), [P0])
    assert caplog.messages == [
        "alerts-0: offsets 2 to 6 are gone from Kafka: the stored offset is 2, the log now starts at "
        "7; up to 5 records are lost.",
        "alerts-0: going on at offset 7, as offset.out.of.range=earliest says",
    ]


def test_the_new_offset_is_not_stored_over_one_that_was_claimed_meanwhile() -> None:
    """Another worker claims between our claim and the check of the range."""

    class Meanwhile(InMemoryConsumer):
        def bounds(self, partitions: Collection[TopicPartition]) -> Any:
            stored_as(Offset(8), connector)  # epoch 3, as another claim would leave another epoch
            return super().bounds(partitions)

    connector, at = stored_as(Offset(2)), broker(7, 9)
    member = Meanwhile(at, "group", topics=["alerts"])
    member.poll(0)
    opening(connector, OutOfRange.EARLIEST).open(member, [P0])
    assert connector.offset_store().read()[P0].next == 8


def test_for_a_sink_without_offsets_the_new_offset_is_committed_to_the_group() -> None:
    member = consumer(broker(7, 9))
    member.commit({P0: Offset(2)})
    opens = opening(AtLeastOnceSinkConnector(), OutOfRange.EARLIEST)
    assert opens.open(member, [P0]).altered == [P0]
    assert member.committed([P0])[P0].next == 7
    assert opens.open(member, [P0]).claims[P0].resume.next == 7
