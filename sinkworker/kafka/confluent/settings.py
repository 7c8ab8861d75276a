"""The Java consumer's settings → librdkafka's.

Owns what librdkafka has of them, under which names, its defaults here, and which of its own settings
may be given as `librdkafka.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from confluent_kafka import Consumer, KafkaException, Producer

from sinkworker.api import ConfigProblem
from sinkworker.kafka import java_settings
from sinkworker.kafka.confluent.security import limits
from sinkworker.kafka.java_settings import (
    OWN_OF_LIBRDKAFKA as OWN,
)
from sinkworker.kafka.java_settings import Dialect, Parser, Reading, boolean, number, one_of, read

POLL_RECORDS = "max.poll.records"  # read by our connection, not by librdkafka

# librdkafka wants a session no longer than max.poll.interval.ms; Java does not.
SESSION, SESSION_MS = "session.timeout.ms", 45_000

ASSIGNORS = ("range", "roundrobin", "cooperative-sticky")


def _assignors(text: str) -> str:
    return ",".join(java_settings.assignors(text, ASSIGNORS))


def _buffer_size(text: str) -> int:
    """Java's -1 is librdkafka's 0: what the system gives."""
    return max(0, int(number(-1)(text)))


HONOURED: Mapping[str, tuple[str, Parser]] = {
    "allow.auto.create.topics": ("allow.auto.create.topics", boolean),
    "check.crcs": ("check.crcs", boolean),
    "client.dns.lookup": (
        "client.dns.lookup",
        one_of("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
    ),
    "client.id": ("client.id", str),
    "client.rack": ("client.rack", str),
    "connections.max.idle.ms": ("connections.max.idle.ms", number(0)),
    "fetch.max.bytes": ("fetch.max.bytes", number(0)),
    "fetch.max.wait.ms": ("fetch.wait.max.ms", number(0)),
    "fetch.min.bytes": ("fetch.min.bytes", number(1)),
    "group.id": ("group.id", str),
    "group.instance.id": ("group.instance.id", str),
    "heartbeat.interval.ms": ("heartbeat.interval.ms", number(1)),
    "isolation.level": ("isolation.level", one_of("read_committed", "read_uncommitted")),
    "max.partition.fetch.bytes": ("fetch.message.max.bytes", number(1)),
    "max.poll.interval.ms": ("max.poll.interval.ms", number(1)),
    "max.poll.records": (POLL_RECORDS, number(1)),
    "metadata.max.age.ms": ("topic.metadata.refresh.interval.ms", number(10)),
    "metadata.recovery.rebootstrap.trigger.ms": (
        "metadata.recovery.rebootstrap.trigger.ms",
        number(0),
    ),
    "metadata.recovery.strategy": ("metadata.recovery.strategy", one_of("none", "rebootstrap")),
    "partition.assignment.strategy": ("partition.assignment.strategy", _assignors),
    "receive.buffer.bytes": ("socket.receive.buffer.bytes", _buffer_size),
    "reconnect.backoff.max.ms": ("reconnect.backoff.max.ms", number(0)),
    "reconnect.backoff.ms": ("reconnect.backoff.ms", number(0)),
    "request.timeout.ms": ("socket.timeout.ms", number(10)),
    "retry.backoff.max.ms": ("retry.backoff.max.ms", number(1)),
    "retry.backoff.ms": ("retry.backoff.ms", number(1)),
    "send.buffer.bytes": ("socket.send.buffer.bytes", _buffer_size),
    "session.timeout.ms": ("session.timeout.ms", number(1)),
    "socket.connection.setup.timeout.ms": ("socket.connection.setup.timeout.ms", number(1000)),
}

NO_EQUIVALENT = "librdkafka has no such setting"
NO_NEW_GROUPS = "group.protocol=consumer is not supported here"

REFUSED: Mapping[str, str] = {
    **java_settings.REFUSED,
    "api.version": "librdkafka asks each broker for its versions",
    "group.remote.assignor": NO_NEW_GROUPS,
    "socket.connection.setup.timeout.max.ms": NO_EQUIVALENT,
}

FIXED: Mapping[str, tuple[str, str]] = {
    **java_settings.FIXED,
    "exclude.internal.topics": ("true", "a pattern never matches internal topics here"),
    "group.protocol": ("classic", NO_NEW_GROUPS),
}

# fetch.queue.backoff.ms: a partition whose queue was full is fetched again so much later; the usual
# second starved the loop.
# queued.min.messages: of each partition. Every message in the queue takes some 400 bytes beside its
# own; with the usual 100,000 that was hundreds of MB.
# reconnect.backoff.max.ms, socket.timeout.ms: Java's.
DEFAULTS: Mapping[str, object] = {
    "allow.auto.create.topics": False,
    "check.crcs": True,
    "fetch.message.max.bytes": 2 * 1024 * 1024,
    "fetch.queue.backoff.ms": 10,
    "fetch.wait.max.ms": 100,
    "isolation.level": "read_committed",
    "partition.assignment.strategy": "cooperative-sticky",
    "queued.min.messages": 20_000,
    "reconnect.backoff.max.ms": 1_000,
    "socket.timeout.ms": 30_000,
}

# What exactness and the adapter rest on.
NOT_YOURS: Mapping[str, str] = {
    "auto.offset.reset": "offset.start and offset.out.of.range say it",
    "bootstrap.servers": "set bootstrap.servers",
    "enable.auto.commit": java_settings.FIXED["enable.auto.commit"][1],
    "enable.auto.offset.store": java_settings.FIXED["enable.auto.commit"][1],
    "enable.partition.eof": "it tells where transactions end",
    "group.protocol": NO_NEW_GROUPS,
}

DIALECT = Dialect(HONOURED, REFUSED, FIXED, DEFAULTS)


def read_settings(overrides: Mapping[str, str], unread: frozenset[str] = frozenset()) -> Reading:
    """See `java_settings.read`; `librdkafka.*` is passed on as it is."""
    own = {key: text for key, text in overrides.items() if key.startswith(OWN)}
    java = {key: text for key, text in overrides.items() if key not in own}
    reading = read(java, DIALECT, unread)
    reading.refused.extend(_not_yours(own))
    reading.wrong.extend(limits(java))
    passed = {key.removeprefix(OWN): text for key, text in own.items()}
    session_ms = min(SESSION_MS, reading.settings.max_poll_interval_ms)
    consumer = {SESSION: session_ms, **reading.settings.consumer, **passed}
    if not reading.wrong and not reading.refused:
        reading.wrong.extend(_misunderstood(overrides, consumer))
    return reading._replace(settings=replace(reading.settings, consumer=consumer))


def _not_yours(own: Mapping[str, str]) -> list[ConfigProblem]:
    return [
        ConfigProblem(key, f"cannot be set: {why}")
        for key in own
        if (why := NOT_YOURS.get(key.removeprefix(OWN))) is not None
    ]


def _misunderstood(
    overrides: Mapping[str, str], consumer: Mapping[str, object]
) -> list[ConfigProblem]:
    """What librdkafka itself says of values. Connects to nothing."""
    names = {HONOURED[key][0] if key in HONOURED else key.removeprefix(OWN): key
             for key in overrides if key in HONOURED or key.startswith(OWN)}  # fmt: skip
    session = {SESSION: consumer[SESSION]}
    if why_refused(session | {name: consumer[name] for name in names}) is None:
        return []
    found = {key: why_refused(session | {name: consumer[name]}) for name, key in names.items()}
    return [ConfigProblem(key, why) for key, why in found.items() if why is not None]


def why_refused(
    values: Mapping[str, object], client_class: type[Consumer | Producer] = Consumer
) -> str | None:
    given = {name: value for name, value in values.items() if name != POLL_RECORDS}
    group = {"group.id": "-"} if client_class is Consumer else {}
    try:
        client_class({**group, "log_level": 0, **given})
    except KafkaException as error:
        return str(error.args[0].str()).strip()
    return None
