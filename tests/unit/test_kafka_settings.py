"""The Java consumer's settings: each is honoured under kafka-python's name, fixed, or refused."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer

from sinkworker.configuration.client import RESET
from sinkworker.kafka.connection import Connection
from sinkworker.kafka.java_settings import _ORDERED, JAVA_ASSIGNORS, LOOKUP, ClientSettings
from sinkworker.kafka.security import KNOWN, why_refused
from sinkworker.kafka.settings import DEFAULTS, FIXED, HONOURED, REFUSED, read_settings

# ConsumerConfig.configNames() of kafka-clients 4.3.1, without internal.*
JAVA_SETTINGS = """
allow.auto.create.topics auto.commit.interval.ms auto.offset.reset bootstrap.servers check.crcs
client.dns.lookup client.id client.rack config.providers connections.max.idle.ms
default.api.timeout.ms enable.auto.commit enable.metrics.push exclude.internal.topics
fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id group.instance.id group.protocol
group.remote.assignor heartbeat.interval.ms interceptor.classes isolation.level key.deserializer
max.partition.fetch.bytes max.poll.interval.ms max.poll.records metadata.max.age.ms
metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy metric.reporters
metrics.num.samples metrics.recording.level metrics.sample.window.ms
partition.assignment.strategy receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms
request.timeout.ms retry.backoff.max.ms retry.backoff.ms security.protocol security.providers
send.buffer.bytes session.timeout.ms share.acknowledgement.mode share.acquire.mode
socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms value.deserializer
sasl.client.callback.handler.class sasl.jaas.config sasl.kerberos.kinit.cmd
sasl.kerberos.min.time.before.relogin sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter
sasl.kerberos.ticket.renew.window.factor sasl.login.callback.handler.class sasl.login.class
sasl.login.connect.timeout.ms sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds
sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms
sasl.mechanism sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.claim.aud
sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss
sasl.oauthbearer.assertion.claim.jti.include sasl.oauthbearer.assertion.claim.nbf.seconds
sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file
sasl.oauthbearer.assertion.private.key.file sasl.oauthbearer.assertion.private.key.passphrase
sasl.oauthbearer.assertion.template.file sasl.oauthbearer.client.credentials.client.id
sasl.oauthbearer.client.credentials.client.secret sasl.oauthbearer.clock.skew.seconds
sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer
sasl.oauthbearer.header.urlencode sasl.oauthbearer.jwks.endpoint.refresh.ms
sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.ms
sasl.oauthbearer.jwks.endpoint.url sasl.oauthbearer.jwt.retriever.class
sasl.oauthbearer.jwt.validator.class sasl.oauthbearer.scope sasl.oauthbearer.scope.claim.name
sasl.oauthbearer.sub.claim.name sasl.oauthbearer.token.endpoint.url ssl.cipher.suites
ssl.enabled.protocols ssl.endpoint.identification.algorithm ssl.engine.factory.class
ssl.key.password ssl.keymanager.algorithm ssl.keystore.certificate.chain ssl.keystore.key
ssl.keystore.location ssl.keystore.password ssl.keystore.type ssl.protocol ssl.provider
ssl.secure.random.implementation ssl.trustmanager.algorithm ssl.truststore.certificates
ssl.truststore.location ssl.truststore.password ssl.truststore.type
"""
# Read by sinkworker.configuration before the client's settings are.
READ_EARLIER = {RESET.removeprefix("consumer.override."), "bootstrap.servers"}

# Java's setting and value → kafka-python's argument and value.
TRANSLATIONS: list[tuple[str, str, str, Any]] = [
    ("allow.auto.create.topics", "true", "allow_auto_create_topics", True),
    ("api.version", "2.3", "api_version", (2, 3)),
    ("api.version", " 4.0.1 ", "api_version", (4, 0)),
    ("check.crcs", "FALSE", "check_crcs", False),
    ("client.dns.lookup", "use_all_dns_ips", "client_dns_lookup", "use_all_dns_ips"),
    ("client.id", "me", "client_id", "me"),
    ("client.rack", "r1", "client_rack", "r1"),
    ("connections.max.idle.ms", "600000", "connections_max_idle_ms", 600_000),
    ("fetch.max.bytes", "1", "fetch_max_bytes", 1),
    ("fetch.max.wait.ms", "7", "fetch_max_wait_ms", 7),
    ("fetch.min.bytes", "2", "fetch_min_bytes", 2),
    ("group.id", "g", "group_id", "g"),
    ("group.instance.id", "pod-1", "group_instance_id", "pod-1"),
    ("heartbeat.interval.ms", "1000", "heartbeat_interval_ms", 1000),
    ("isolation.level", "read_uncommitted", "isolation_level", "read_uncommitted"),
    ("max.partition.fetch.bytes", "3", "max_partition_fetch_bytes", 3),
    ("max.poll.interval.ms", "60000", "max_poll_interval_ms", 60_000),
    ("max.poll.records", " 9 ", "max_poll_records", 9),
    ("metadata.max.age.ms", "5", "metadata_max_age_ms", 5),
    ("receive.buffer.bytes", "65536", "receive_buffer_bytes", 65_536),
    ("receive.buffer.bytes", "-1", "receive_buffer_bytes", None),
    ("reconnect.backoff.max.ms", "6", "reconnect_backoff_max_ms", 6),
    ("reconnect.backoff.ms", "0", "reconnect_backoff_ms", 0),
    ("request.timeout.ms", "20000", "request_timeout_ms", 20_000),
    ("retry.backoff.ms", "8", "retry_backoff_ms", 8),
    ("send.buffer.bytes", "-1", "send_buffer_bytes", None),
    ("session.timeout.ms", "10000", "session_timeout_ms", 10_000),
]


def read(**java: str) -> dict[str, Any]:
    """kafka-python's arguments; `_` stands for `.` in names."""
    return dict(accepted({key.replace("_", "."): v for key, v in java.items()}).consumer)


def accepted(overrides: dict[str, str]) -> ClientSettings:
    settings, *problems = read_settings(overrides)
    assert problems == [[], [], []]
    return settings


@pytest.mark.parametrize(("java", "text", "argument", "value"), TRANSLATIONS)
def test_a_setting_becomes_the_clients_argument(
    java: str, text: str, argument: str, value: object
) -> None:
    assert dict(accepted({java: text}).consumer) == dict(DEFAULTS) | {argument: value}


def test_every_honoured_setting_is_among_those_tests() -> None:
    assert {java for java, *_ in TRANSLATIONS} | {"partition.assignment.strategy"} == set(HONOURED)


def test_every_argument_is_one_that_the_client_has() -> None:
    arguments = {argument for argument, _ in HONOURED.values()} | set(DEFAULTS)
    assert arguments <= set(KafkaConsumer.DEFAULT_CONFIG)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("range", ["range"]),
        ("cooperative-sticky", ["cooperative-sticky"]),
        ("range, roundrobin ,sticky", ["range", "roundrobin", "sticky"]),
        (", ".join(list(JAVA_ASSIGNORS)[:3]), ["range", "roundrobin", "sticky"]),
        ("org.apache.kafka.clients.consumer.CooperativeStickyAssignor", ["cooperative-sticky"]),
    ],
)
def test_assignors_are_named_as_in_java_or_by_their_protocol(text: str, names: list[str]) -> None:
    assignors = read(partition_assignment_strategy=text)["partition_assignment_strategy"]
    assert [assignor.name for assignor in assignors] == names


def test_the_bound_on_look_ups_is_ours() -> None:
    settings = accepted({LOOKUP: "5000"})
    assert settings.lookup_within_ms == 5000
    assert dict(settings.consumer) == dict(DEFAULTS)


@pytest.mark.parametrize("setting", JAVA_SETTINGS.split())
def test_every_setting_of_the_java_consumer_is_honoured_fixed_or_refused(setting: str) -> None:
    homes = [setting in HONOURED, setting in FIXED, setting in REFUSED, setting == LOOKUP,
             setting in READ_EARLIER, setting in KNOWN, bool(why_refused(setting))]  # fmt: skip
    assert homes.count(True) == 1


@pytest.mark.parametrize("setting", sorted(REFUSED))
def test_a_refused_setting_has_a_reason(setting: str) -> None:
    settings, wrong, refused, _ = read_settings({setting: "x"})
    assert wrong == []
    assert refused == [(setting, f"cannot be set: {REFUSED[setting]}")]
    assert len(REFUSED[setting].split()) > 2
    assert dict(settings.consumer) == dict(DEFAULTS)


@pytest.mark.parametrize("setting", sorted(FIXED))
def test_a_fixed_setting_with_another_value_is_refused_with_the_one_it_has(setting: str) -> None:
    settings, wrong, refused, _ = read_settings({setting: "x"})
    value, why = FIXED[setting]
    assert wrong == []
    assert refused == [(setting, f"can only be {value}: {why}")]
    assert dict(settings.consumer) == dict(DEFAULTS)


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("colour", ""),
        ("max.poll.record", "; did you mean max.poll.records?"),
        ("default.api.timeout", "; did you mean default.api.timeout.ms?"),
        ("enable.autocommit", "; did you mean enable.auto.commit?"),
        ("key.deserialiser", "; did you mean key.deserializer?"),
        ("auto.offset.rest", "; did you mean auto.offset.reset?"),
        ("bootstrap.server", "; did you mean bootstrap.servers?"),
        ("ssl.truststore.locations", "; did you mean ssl.truststore.location?"),
    ],
)
def test_an_unknown_setting_is_refused_perhaps_with_a_hint(setting: str, hint: str) -> None:
    _, wrong, refused, _ = read_settings({setting: "x"})
    assert wrong == []
    assert refused == [(setting, f"is no setting of a Kafka consumer{hint}")]


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("enable.auto.commit", "false"),
        ("enable.auto.commit", " False "),
        ("group.protocol", "classic"),
        ("group.protocol", "CLASSIC"),
        ("exclude.internal.topics", "true"),
        ("security.protocol", "PLAINTEXT"),
    ],
)
def test_saying_what_happens_anyway_is_fine(setting: str, text: str) -> None:
    assert dict(accepted({setting: text}).consumer) == dict(DEFAULTS)


@pytest.mark.parametrize(
    "overrides",
    [
        {"session.timeout.ms": "2000", "heartbeat.interval.ms": "500"},
        {"fetch.max.wait.ms": "40000", "request.timeout.ms": "50000"},
        {"request.timeout.ms": "600000", "connections.max.idle.ms": "700000"},
    ],
)
def test_timeouts_that_fit_together_are_no_contradiction(overrides: dict[str, str]) -> None:
    assert dict(accepted(overrides).consumer).keys() > DEFAULTS.keys()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"heartbeat.interval.ms": "500", "session.timeout.ms": "500"},
         "session.timeout.ms (500) must be larger than heartbeat.interval.ms (500)"),
        ({"request.timeout.ms": "500", "fetch.max.wait.ms": "600"},
         "request.timeout.ms (500) must be larger than fetch.max.wait.ms (600)"),
        ({"connections.max.idle.ms": "9", "request.timeout.ms": "501"},
         "connections.max.idle.ms (9) must be larger than request.timeout.ms (501)"),
    ],
)  # fmt: skip
def test_timeouts_that_contradict_each_other_are_told(
    overrides: dict[str, str], message: str
) -> None:
    _, wrong, refused, _ = read_settings(overrides)
    assert wrong == [(message.split(maxsplit=1)[0], message)]
    assert refused == []


def test_contradictions_are_looked_for_with_the_clients_own_defaults() -> None:
    defaults = KafkaConsumer.DEFAULT_CONFIG | DEFAULTS
    for smaller, low, larger, high in _ORDERED:
        for setting, default in ((smaller, low), (larger, high)):
            assert defaults[HONOURED[setting][0]] == default, setting


# what a client is made with


def arguments(task: int = 0, **java: str) -> dict[str, Any]:
    settings = accepted({key.replace("_", "."): v for key, v in java.items()})
    return Connection("a:1,b:2", "alerts", settings, 1 << 20, 500)._arguments(task)


def test_the_client_gets_the_group_and_names_of_connect() -> None:
    made = arguments(task=3)
    assert made["group_id"] == "connect-alerts"
    assert made["client_id"] == "connector-consumer-alerts-3"
    assert made["bootstrap_servers"] == ["a:1", "b:2"]
    assert made["group_instance_id"] is None


def test_a_static_member_has_its_task_in_its_name() -> None:
    assert arguments(task=3, group_instance_id="pod-1")["group_instance_id"] == "pod-1-3"


def test_offsets_are_never_committed_or_reset_by_the_client() -> None:
    made = arguments()
    assert (made["enable_auto_commit"], made["auto_offset_reset"]) == (False, "none")


def test_sizes_follow_from_the_tasks_budget_unless_they_are_set() -> None:
    assert arguments()["fetch_max_bytes"] == 1 << 20
    assert arguments()["max_poll_records"] == 500
    assert arguments(max_poll_records="9")["max_poll_records"] == 9


@pytest.mark.parametrize(
    ("size", "options"),
    [("65536", [(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)]), ("-1", [])],
)
def test_the_size_of_a_buffer_is_set_at_the_socket(
    size: str, options: list[tuple[int, int, int]]
) -> None:
    made = arguments(receive_buffer_bytes=size)
    assert made["socket_options"] == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), *options]


def test_the_admin_client_gets_what_it_knows_of_them() -> None:
    settings = accepted({"request.timeout.ms": "20000", "max.poll.records": "9"})
    connection = Connection("a:1", "alerts", settings, 1 << 20, 500)
    made = connection._for_admin(connection._arguments(0))
    assert made["request_timeout_ms"] == 20_000
    assert set(made) <= set(KafkaAdminClient.DEFAULT_CONFIG)
    assert "max_poll_records" not in made
