"""What every consumer behind the port does: the in-memory one, and those on real Kafka."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from sinkworker.administration.moving import move
from sinkworker.api import Offset, RetriableError, TopicPartition
from sinkworker.kafka.clients import CONFLUENT, KAFKA_PYTHON
from sinkworker.rest.port import OffsetRule, RefusedError
from sinkworker.runtime.ports import Assigned, Consumer, Lost, Revoked
from sinkworker.testing.samples import MemorySinkConnector
from tests.contract.worlds import InMemoryWorld, KafkaWorld, Reader, World
from tests.services.process import wait_until

REAL = [pytest.param(client, marks=pytest.mark.kafka) for client in (KAFKA_PYTHON, CONFLUENT)]


@pytest.fixture(params=["in memory", *REAL])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in memory":
        world: World = InMemoryWorld()
    else:
        world = KafkaWorld(request.getfixturevalue("kafka"), request.param)
    yield world
    world.close()


def opened(consumer: Consumer, *partitions: TopicPartition, at: int = 0) -> Reader:
    """A reader of a consumer that was assigned these partitions and reads them from `at`, opened as a
    task does it."""
    reader = Reader(consumer)
    reader.poll_until(lambda: reader.owned() >= set(partitions), "the assignment")
    consumer.bounds(partitions)
    for partition in partitions:
        consumer.seek(partition, Offset(at))
    consumer.resume(partitions)
    return reader


def single(world: World, count: int = 10, at: int = 0) -> tuple[Reader, TopicPartition]:
    """A reader of a topic with one partition and some records."""
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, count)
    return opened(world.consumer(topics=[source.topic]), source, at=at), source


def test_assigned_partitions_are_paused_until_they_are_resumed(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, 3)
    reader = Reader(world.consumer(topics=[source.topic]))
    reader.poll_until(lambda: reader.events, "the assignment")
    assert reader.events == [Assigned(frozenset({source}))]
    for _ in range(3):
        assert not reader.poll().fetched
    reader.consumer.seek(source, Offset(1))
    reader.consumer.resume([source])
    reader.poll_until(lambda: reader.position(source) == 3, "the records")
    assert reader.offsets(source) == [1, 2]


def test_a_batch_says_where_it_begins_and_where_the_next_one_does(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, 25)
    consumer = world.consumer(topics=[source.topic], max_poll_records=10)
    reader = opened(consumer, source)
    reader.poll_until(lambda: reader.position(source) == 25, "25 records")
    batches = reader.fetched[source]
    assert [batch.start for batch in batches] == [0, *[batch.next for batch in batches][:-1]]
    assert all(len(batch.records) <= 10 for batch in batches)
    assert reader.offsets(source) == list(range(25))


def test_a_poll_brings_as_many_records_as_it_may_and_the_next_ones_the_rest(world: World) -> None:
    topic = world.create_topic(partitions=2)
    sources = [TopicPartition(topic, number) for number in range(2)]
    for source in sources:
        world.produce(source, 30)
    reader = opened(world.consumer(topics=[topic], max_poll_records=10), *sources)
    brought = []

    def all_read(at_most: int, up_to: int) -> bool:
        fetched = reader.poll(at_most).fetched.values()
        brought.append((at_most, sum(len(batch.records) for batch in fetched)))
        return sum(len(reader.offsets(source)) for source in sources) >= up_to

    for at_most, up_to in ((1, 5), (7, 40), (1_000, 60)):
        wait_until(lambda n=at_most, to=up_to: all_read(n, to), 60, f"{up_to} records")
    assert all(count <= min(at_most, 10) for at_most, count in brought)
    assert [reader.offsets(source) for source in sources] == [list(range(30))] * 2


def test_records_carry_what_was_produced(world: World) -> None:
    reader, source = single(world, 1)
    reader.poll_until(lambda: reader.position(source) == 1, "the record")
    (record,) = reader.fetched[source][0].records
    assert (record.key, record.value, list(record.headers)) == (b"key", b"0", [("h", b"1")])
    assert record.timestamp > 0


def test_aborted_records_move_the_position_without_being_returned(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, 2)
    world.abort(source, 3)
    world.produce(source, 1)
    world.abort(source, 2)
    reader = opened(world.consumer(topics=[source.topic]), source)
    reader.poll_until(lambda: reader.position(source) == 10, "the end behind the last marker")
    assert reader.offsets(source) == [0, 1, 6]


def test_what_an_open_transaction_hides_is_read_when_it_ends(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, 2)
    commit = world.open_transaction(source)
    reader = opened(world.consumer(topics=[source.topic]), source)
    reader.poll_until(lambda: reader.position(source) == 2, "what is before the transaction")
    assert reader.consumer.stable_ends([source]) == {source: 2}
    assert reader.consumer.bounds([source])[source].end == 3
    commit()
    reader.poll_until(lambda: reader.position(source) == 4, "the transaction and its marker")
    assert reader.offsets(source) == [0, 1, 2]


def test_a_paused_partition_goes_on_where_it_stood(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, 20)
    reader = opened(world.consumer(topics=[source.topic], max_poll_records=5), source)
    reader.poll_until(lambda: reader.offsets(source), "the first records")
    reader.consumer.pause([source])
    for _ in range(3):
        assert not reader.poll().fetched
    reader.consumer.resume([source])
    reader.poll_until(lambda: reader.position(source) == 20, "the rest")
    assert reader.offsets(source) == list(range(20))


def test_after_a_seek_nothing_of_what_was_read_before_is_returned(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, 30)
    reader = opened(world.consumer(topics=[source.topic], max_poll_records=5), source)
    reader.poll_until(lambda: reader.offsets(source), "the first records")
    reader.consumer.pause([source])
    reader.poll()
    reader.fetched.clear()
    reader.consumer.seek(source, Offset(2))
    reader.consumer.resume([source])
    reader.poll_until(lambda: reader.position(source) == 30, "everything from offset 2")
    assert reader.offsets(source) == list(range(2, 30))


def test_partitions_move_to_a_second_member_and_back(world: World) -> None:
    topic = world.create_topic(partitions=4)
    everything = {TopicPartition(topic, number) for number in range(4)}
    first = opened(world.consumer(topics=[topic]), *everything)
    second = Reader(world.consumer(topics=[topic]))

    def divided() -> bool:
        first.poll()
        halves = first.owned(), second.owned()
        return set.union(*halves) == everything and all(len(half) == 2 for half in halves)

    second.poll_until(divided, "two and two")
    assert any(isinstance(event, Revoked) for event in first.events)
    assert not any(isinstance(event, Lost) for event in first.events)
    second.consumer.close()
    first.poll_until(lambda: first.owned() == everything, "all four")


def test_only_held_partitions_are_held(world: World) -> None:
    reader, source = single(world)
    assert reader.consumer.holds([source])
    assert not reader.consumer.holds([source, TopicPartition(source.topic, 1)])


def test_an_expelled_member_cannot_commit_and_learns_that_it_lost_its_partitions(
    world: World,
) -> None:
    reader, source = single(world)
    world.expel(reader.consumer)
    with pytest.raises(RetriableError):
        reader.consumer.commit({source: Offset(5)})
    reader.poll_until(lambda: len(reader.events) >= 3, "lost, and assigned again")
    assert reader.events[1:3] == [Lost(frozenset({source})), Assigned(frozenset({source}))]
    assert reader.consumer.committed([source]) == {}
    reader.consumer.commit({source: Offset(5)})
    assert reader.consumer.committed([source])[source].next == 5


def test_the_mirror_reaches_the_group_without_waiting(world: World) -> None:
    reader, source = single(world)
    assert reader.consumer.committed([source]) == {}
    reader.consumer.mirror({source: Offset(7, 0)})
    reader.poll_until(lambda: reader.consumer.committed([source]), "the mirrored offset")
    assert reader.consumer.committed([source])[source].next == 7
    assert reader.consumer.mirror_failures() == 0


def test_a_mirror_that_the_group_refuses_is_counted_and_stops_nothing(world: World) -> None:
    reader, source = single(world)
    world.expel(reader.consumer)
    reader.consumer.mirror({source: Offset(7, 0)})
    reader.poll_until(lambda: reader.consumer.mirror_failures() == 1, "the refusal")
    reader.poll_until(lambda: reader.owned() == {source}, "the partition to come back")
    assert reader.consumer.committed([source]) == {}


def test_fixed_partitions_are_read_without_a_group(world: World) -> None:
    topic = world.create_topic(partitions=3)
    chosen = [TopicPartition(topic, 0), TopicPartition(topic, 2)]
    for source in chosen:
        world.produce(source, 2)
    consumer = world.consumer(partitions=chosen)
    assert consumer.in_group is False
    reader = opened(consumer, *chosen)
    reader.poll_until(lambda: all(reader.position(p) == 2 for p in chosen), "both partitions")
    assert reader.events == [Assigned(frozenset(chosen))]
    reader.consumer.commit({chosen[0]: Offset(1)})
    assert reader.consumer.committed([chosen[0]])[chosen[0]].next == 1


def test_a_topic_that_joins_a_pattern_is_assigned(world: World) -> None:
    name = f"matched-{uuid.uuid4().hex[:8]}"
    old = TopicPartition(world.create_topic(prefix=f"{name}.a"), 0)
    world.create_topic(prefix=f"not-{name}.a")
    reader = opened(world.consumer(pattern=rf"{name}\..*"), old)
    assert set(reader.consumer.topics()) == {old.topic}
    new = TopicPartition(world.create_topic(prefix=f"{name}.b"), 0)
    reader.poll_until(lambda: reader.owned() == {old, new}, "the new topic")


def test_an_empty_partition_is_opened_at_0_again_and_again(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    reader = opened(world.consumer(topics=[source.topic]), source)
    for _ in range(30):
        reader.consumer.pause([source])
        reader.poll()  # until no question of the client is under way
        reader.consumer.seek(source, Offset(0))
        reader.consumer.resume([source])
    world.produce(source, 1)
    reader.poll_until(lambda: reader.position(source) == 1, "the record")


def test_partitions_that_are_added_are_assigned(world: World) -> None:
    reader, source = single(world)
    world.add_partitions(source.topic, 3)
    wanted = {TopicPartition(source.topic, number) for number in range(3)}
    reader.poll_until(lambda: reader.owned() == wanted, "the new partitions")
    assert set(reader.consumer.partitions(source.topic)) == wanted


def test_a_position_outside_the_log_makes_the_poll_fail(world: World) -> None:
    source = TopicPartition(world.create_topic(), 0)
    world.produce(source, 10)
    world.delete_records(source, before=6)
    consumer = world.consumer(topics=[source.topic])
    reader = opened(consumer, source, at=2)
    with pytest.raises(RetriableError, match=r"out of range|OutOfRange"):
        reader.poll_until(lambda: False, "the failure")
    bounds = consumer.bounds([source])[source]
    assert (bounds.start, bounds.end) == (6, 10)


def test_a_time_is_the_first_record_at_or_after_it(world: World) -> None:
    reader, source = single(world, 3)
    reader.poll_until(lambda: reader.position(source) == 3, "the records")
    second = reader.fetched[source][0].records[1].timestamp
    assert reader.consumer.offsets_at([source], second)[source] in (0, 1)
    assert reader.consumer.offsets_at([source], 0) == {source: 0}
    assert reader.consumer.offsets_at([source], second + 10**9) == {source: None}


def test_a_topic_created_again_has_another_id(world: World) -> None:
    reader, source = single(world)
    before = reader.consumer.identity(source.topic)
    assert before.topic_id is not None
    assert before.cluster_id is not None
    world.recreate(source.topic)
    reader.poll_until(
        lambda: reader.consumer.identity(source.topic).topic_id not in (None, before.topic_id),
        "the new topic's id",
    )


def test_the_ends_are_known_without_asking_once_they_were_fetched_from(world: World) -> None:
    reader, source = single(world)
    reader.poll_until(lambda: reader.consumer.known_ends() == {source: 10}, "the log's end")
    world.produce(source, 2)
    reader.poll_until(lambda: reader.consumer.known_ends() == {source: 12}, "the new end")


def test_a_consumer_that_never_polls_is_enough_to_move_offsets(world: World) -> None:
    source, other = (TopicPartition(world.create_topic(), 0) for _ in range(2))
    world.produce(source, 10)
    world.delete_records(source, 4)
    store = MemorySinkConnector().offset_store()
    rules = {source: OffsetRule("offset", 7), other: OffsetRule("latest")}
    move("memory", store, lambda p: world.consumer(partitions=p), rules, dry_run=False)
    stored = store.read()
    assert (stored[source].next, stored[other].next) == (7, 0)
    for partition in (source, other):
        assert None not in (stored[partition].topic_id, stored[partition].cluster_id)
    with pytest.raises(RefusedError, match="Kafka holds the offsets 4 to 10, not 3"):
        move("memory", store, lambda p: world.consumer(partitions=p),
             {source: OffsetRule("offset", 3)}, dry_run=True)  # fmt: skip


def test_closing_twice_is_fine(world: World) -> None:
    reader, _ = single(world)
    reader.consumer.close()
    reader.consumer.close()
