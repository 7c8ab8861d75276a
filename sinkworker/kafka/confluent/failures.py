"""librdkafka's errors → ours.

Owns which of them means waiting, which the end of the task, which a broken partition, and which
nothing at all. Must not know the consumer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from sinkworker.api import ConnectError, RetriableError, TopicPartition
from sinkworker.runtime.ports import BrokenPartitionsError, ClientStalledError

# What no waiting mends: rights, versions, and settings that contradict the group's.
FATAL = frozenset({
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.INCONSISTENT_GROUP_PROTOCOL,
    KafkaError.INVALID_GROUP_ID,
    KafkaError.INVALID_SESSION_TIMEOUT,
    KafkaError.GROUP_MAX_SIZE_REACHED,
    KafkaError.UNSUPPORTED_VERSION,
    KafkaError._UNSUPPORTED_FEATURE,
})  # fmt: skip

# The client tells of them, and mends them or tries on by itself.
PASSING = frozenset({
    KafkaError._MAX_POLL_EXCEEDED,  # Lost comes next
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
})  # fmt: skip

# A batch that cannot be read. librdkafka would go on behind it.
DAMAGED = frozenset({
    KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError._NOT_IMPLEMENTED,
})  # fmt: skip


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run a call of the client; whatever it raises leaves as one of our errors."""
    try:
        yield
    except KafkaException as error:
        raise failure(doing, error.args[0]) from error
    except RuntimeError as error:  # a client that is closed
        raise ClientStalledError(f"{doing}: the client broke: {error!r}") from error


def failure(doing: str, error: KafkaError) -> ConnectError:
    """What an error means, whatever it is about."""
    if error.code() == KafkaError.FENCED_INSTANCE_ID:
        return ConnectError(
            "Another consumer joined with the same group.instance.id, and this one was fenced. "
            "Give each process its own: group.instance.id=…${env:POD_NAME}."
        )
    text = f"{doing}: {error.name().lstrip('_')}: {error.str()}"
    if error.fatal() or error.code() in FATAL:
        return ConnectError(text)
    return RetriableError(text)


def of_partition(partition: TopicPartition, offset: int, error: KafkaError) -> ConnectError | None:
    """What an error that came in place of a record means. None: nothing, the client goes on."""
    if error.code() in DAMAGED:
        return BrokenPartitionsError({partition: _damaged(partition, offset, error.str())})
    if error.code() == KafkaError._AUTO_OFFSET_RESET and "truncation" in error.str():
        return BrokenPartitionsError({partition: _truncated(partition, error.str())})
    if error.code() in PASSING:
        return None
    return failure(f"Reading {partition}", error)


def _truncated(partition: TopicPartition, said: str) -> str:
    """KIP-320: the leader's log ends before our position, in the epoch in which we read it."""
    end = said.partition("broker end offset is ")[2].partition(" ")[0]
    where = f"from offset {end} on " if end.isdecimal() else ""
    return (
        f"{partition}: the log was truncated (an unclean leader election, or lost disks): {where}"
        "records that were read and committed are no longer in Kafka, and others stand in their "
        "place. Nothing is read. Compare the sink with the topic, then set the offset."
    )


def _damaged(partition: TopicPartition, offset: int, said: str) -> str:
    why = "fails its checksum: its bytes in Kafka are damaged" if "CRC" in said else (
        f"cannot be read ({said})"
    )  # fmt: skip
    return (
        f"{partition}: the record batch at offset {offset} {why}. Everything before it is committed; "
        "nothing is skipped. To go on without it, set the offset to what follows it."
    )
