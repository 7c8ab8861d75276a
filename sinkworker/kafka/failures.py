"""kafka-python's exceptions → ours.

Owns which failure of the client means waiting, which the end of the task, which a broken partition,
and which a new client. Must not know the consumer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors

from sinkworker.api import ConnectError, RetriableError, TopicPartition
from sinkworker.runtime.ports import BrokenPartitionsError, ClientStalledError

# What no waiting mends: rights, versions, and settings that contradict the group's.
FATAL = (
    errors.AuthorizationError,
    errors.KafkaConfigurationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.UnsupportedVersionError,
    errors.InconsistentGroupProtocolError,
    errors.InvalidGroupIdError,
    errors.InvalidSessionTimeoutError,
    errors.GroupMaxSizeReachedError,
)

_DAMAGED = re.compile(r"TopicPartition\(topic='([^']+)', partition=(\d+)\) at offset (\d+)")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run a call of the client; whatever it raises leaves as one of our errors."""
    try:
        yield
    except errors.LogTruncationError as error:
        raise BrokenPartitionsError(
            {TopicPartition(*p): _truncated(TopicPartition(*p), divergent)
             for p, divergent in error.divergent_offsets.items()}
        ) from error  # fmt: skip
    except errors.CorruptRecordError as error:
        raise _corrupt(error) from error
    except errors.FencedInstanceIdError as error:
        raise ConnectError(
            "Another consumer joined with the same group.instance.id, and this one was fenced. "
            "Give each process its own: group.instance.id=…${env:POD_NAME}."
        ) from error
    except errors.UnsupportedCodecError as error:
        raise ConnectError(
            f"{doing}: {_words(error)}; install the codec's Python package"
        ) from error
    except FATAL as error:
        raise ConnectError(f"{doing}: {_words(error)}") from error
    except errors.KafkaError as error:
        raise RetriableError(f"{doing}: {_words(error)}") from error
    except (RuntimeError, OSError, AttributeError, KeyError) as error:
        raise ClientStalledError(f"{doing}: the client broke: {error!r}") from error


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())
    name = type(error).__name__
    return text if name in text else f"{name}: {text}"


def _truncated(partition: TopicPartition, divergent: object) -> str:
    """KIP-320: the leader's log ends before our position, in the epoch in which we read it."""
    offset = getattr(divergent, "offset", None)
    where = f"from offset {offset} on " if offset is not None else ""
    return (
        f"{partition}: the log was truncated (an unclean leader election, or lost disks): {where}"
        "records that were read and committed are no longer in Kafka, and others stand in their "
        "place. Nothing is read. Compare the sink with the topic, then set the offset."
    )


def _corrupt(error: errors.CorruptRecordError) -> ConnectError:
    found = _DAMAGED.search(str(error))
    if found is None:
        return ConnectError(_words(error))
    partition = TopicPartition(found[1], int(found[2]))
    cause = (
        f"{partition}: the record batch at offset {found[3]} fails its checksum: its bytes in Kafka "
        "are damaged. Everything before it is committed; nothing is skipped. To go on without it, "
        "set the offset to what follows it."
    )
    return BrokenPartitionsError({partition: cause})
