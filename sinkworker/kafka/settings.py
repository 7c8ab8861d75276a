"""The Java consumer's settings → kafka-python's.

Owns what kafka-python has of them, under which names, and its defaults here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from sinkworker.kafka import java_settings
from sinkworker.kafka.java_settings import (
    Dialect,
    Parser,
    Reading,
    boolean,
    buffer_size,
    number,
    one_of,
    read,
    version,
)

ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}


def _assignors(text: str) -> tuple[Any, ...]:
    return tuple(ASSIGNORS[name] for name in java_settings.assignors(text, ASSIGNORS))


# Java's name → kafka-python's name and how to read the value. api.version is kafka-python's own: the
# version to speak with a broker that does not tell its own, as librdkafka's mock cluster.
HONOURED: Mapping[str, tuple[str, Parser]] = {
    "allow.auto.create.topics": ("allow_auto_create_topics", boolean),
    "api.version": ("api_version", version),
    "check.crcs": ("check_crcs", boolean),
    "client.dns.lookup": (
        "client_dns_lookup",
        one_of("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
    ),
    "client.id": ("client_id", str),
    "client.rack": ("client_rack", str),
    "connections.max.idle.ms": ("connections_max_idle_ms", number(1)),
    "fetch.max.bytes": ("fetch_max_bytes", number(0)),
    "fetch.max.wait.ms": ("fetch_max_wait_ms", number(0)),
    "fetch.min.bytes": ("fetch_min_bytes", number(0)),
    "group.id": ("group_id", str),
    "group.instance.id": ("group_instance_id", str),
    "heartbeat.interval.ms": ("heartbeat_interval_ms", number(1)),
    "isolation.level": ("isolation_level", one_of("read_committed", "read_uncommitted")),
    "max.partition.fetch.bytes": ("max_partition_fetch_bytes", number(0)),
    "max.poll.interval.ms": ("max_poll_interval_ms", number(1)),
    "max.poll.records": ("max_poll_records", number(1)),
    "metadata.max.age.ms": ("metadata_max_age_ms", number(0)),
    "partition.assignment.strategy": ("partition_assignment_strategy", _assignors),
    "receive.buffer.bytes": ("receive_buffer_bytes", buffer_size),
    "reconnect.backoff.max.ms": ("reconnect_backoff_max_ms", number(0)),
    "reconnect.backoff.ms": ("reconnect_backoff_ms", number(0)),
    "request.timeout.ms": ("request_timeout_ms", number(1)),
    "retry.backoff.ms": ("retry_backoff_ms", number(0)),
    "send.buffer.bytes": ("send_buffer_bytes", buffer_size),
    "session.timeout.ms": ("session_timeout_ms", number(1)),
}

NO_EQUIVALENT = "kafka-python has no such setting"
NO_NEW_GROUPS = "group.protocol=consumer is not supported by kafka-python"

REFUSED: Mapping[str, str] = {
    **java_settings.REFUSED,
    "group.remote.assignor": NO_NEW_GROUPS,
    "metadata.recovery.rebootstrap.trigger.ms": NO_EQUIVALENT,
    "metadata.recovery.strategy": NO_EQUIVALENT,
    "retry.backoff.max.ms": NO_EQUIVALENT,
    "socket.connection.setup.timeout.max.ms": NO_EQUIVALENT,
    "socket.connection.setup.timeout.ms": NO_EQUIVALENT,
}

FIXED: Mapping[str, tuple[str, str]] = {
    **java_settings.FIXED,
    "exclude.internal.topics": (
        "true",
        "kafka-python 3.0.12 cannot divide internal topics among the members of a group",
    ),
    "group.protocol": ("classic", NO_NEW_GROUPS),
}

# max_partition_fetch_bytes: with the usual 1 MiB the loop waits for fetches, for a tenth of the time;
# 4 MiB would take another 50 MB of memory.
# reconnect_backoff_max_ms: Java's default. kafka-python's is 30 s: a broker that had been away for 20 s
# was not asked again for another 15.
DEFAULTS: Mapping[str, Any] = {
    "allow_auto_create_topics": False,
    "max_partition_fetch_bytes": 2 * 1024 * 1024,
    "reconnect_backoff_max_ms": 1_000,
    "isolation_level": "read_committed",
    "partition_assignment_strategy": (CooperativeStickyAssignor,),
}

DIALECT = Dialect(HONOURED, REFUSED, FIXED, DEFAULTS)


def read_settings(overrides: Mapping[str, str], unread: frozenset[str] = frozenset()) -> Reading:
    """See `java_settings.read`."""
    return read(overrides, DIALECT, unread)
