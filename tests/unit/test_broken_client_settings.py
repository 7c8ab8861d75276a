"""Broken `consumer.override.*` and worker-wide `consumer.*` settings, each with what is said of it.

Every setting that is refused is refused with its reason; none is silently dropped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkworker.kafka.settings import FIXED, REFUSED
from tests.unit.config_files import FILE_SINK, changed, configured, messages

JAVA_CLASS = "cannot be set: it names a Java class"
NO_METRICS = "cannot be set: the client's own metrics are off; look at the worker's"
NO_EQUIVALENT = "cannot be set: kafka-python has no such setting"
BYTES = "cannot be set: records are read as bytes; set key.converter and value.converter"
SHARE = "cannot be set: share groups have no offsets that a sink could store"
ONLY_JAVA = "only Java has this choice"
STORED_WITH_WRITES = (
    "can only be false: offsets are stored with the sink's own writes; committing them elsewhere, "
    "earlier or later, would lose or repeat records"
)
UNKNOWN = "is no setting of a Kafka consumer"
STRATEGIES = "range, roundrobin, sticky, cooperative-sticky"
TOO_MIXED = "cooperative-sticky cannot be combined with strategies that stop the world"
ASSIGNORS = "org.apache.kafka.clients.consumer."

# fmt: off
# A setting that cannot be set, or not to this value, and what is said behind its name.
REFUSED_CASES = [
    # contrary to storing offsets with the sink's writes
    ("enable.auto.commit", "true", STORED_WITH_WRITES),
    ("enable.auto.commit", "yes", STORED_WITH_WRITES),
    ("auto.commit.interval.ms", "5000",
     "cannot be set: nothing is committed automatically; see offset.flush.interval.ms"),
    # what this client does not have
    ("exclude.internal.topics", "false",
     "can only be true: kafka-python 3.0.12 cannot divide internal topics among the members of a "
     "group"),
    ("group.protocol", "consumer",
     "can only be classic: group.protocol=consumer is not supported by kafka-python"),
    ("group.remote.assignor", "uniform",
     "cannot be set: group.protocol=consumer is not supported by kafka-python"),
    ("metadata.recovery.rebootstrap.trigger.ms", "300000", NO_EQUIVALENT),
    ("metadata.recovery.strategy", "rebootstrap", NO_EQUIVALENT),
    ("retry.backoff.max.ms", "1000", NO_EQUIVALENT),
    ("socket.connection.setup.timeout.max.ms", "30000", NO_EQUIVALENT),
    ("socket.connection.setup.timeout.ms", "10000", NO_EQUIVALENT),
    ("share.acknowledgement.mode", "implicit", SHARE),
    ("share.acquire.mode", "batch_optimized", SHARE),
    # what only Java has
    ("auto.include.jmx.reporter", "true", "cannot be set: there is no JMX outside Java"),
    ("interceptor.classes", "com.example.Interceptor", JAVA_CLASS),
    ("metric.reporters", "org.apache.kafka.common.metrics.JmxReporter", JAVA_CLASS),
    ("security.providers", "com.example.Provider", JAVA_CLASS),
    ("enable.metrics.push", "true", NO_METRICS),
    ("metrics.num.samples", "2", NO_METRICS),
    ("metrics.recording.level", "INFO", NO_METRICS),
    ("metrics.sample.window.ms", "30000", NO_METRICS),
    # what is done elsewhere
    ("config.providers", "file",
     "cannot be set: use ${env:…}, ${file:…:…} and ${dir:…:…}, which are always there"),
    ("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer", BYTES),
    ("value.deserializer", "x", BYTES),
    # security
    ("sasl.kerberos.service.name", "kafka",
     "cannot be set: Kerberos needs libraries that kafka-python does not bring"),
    ("sasl.oauthbearer.token.endpoint.url", "https://login/token",
     "cannot be set: kafka-python fetches no tokens for OAUTHBEARER"),
    ("sasl.login.refresh.buffer.seconds", "300",
     "cannot be set: kafka-python fetches no tokens for OAUTHBEARER"),
    ("sasl.login.callback.handler.class", "com.example.Login", JAVA_CLASS),
    ("ssl.engine.factory.class", "com.example.Tls", JAVA_CLASS),
    ("ssl.provider", "BCJSSE", f"cannot be set: {ONLY_JAVA}"),
    ("ssl.secure.random.implementation", "SHA1PRNG", f"cannot be set: {ONLY_JAVA}"),
    ("ssl.keymanager.algorithm", "PKIX", f"can only be SunX509: {ONLY_JAVA}"),
    ("ssl.trustmanager.algorithm", "SunX509", f"can only be PKIX: {ONLY_JAVA}"),
    ("ssl.keystore.locations", "/etc/keys.pem",
     f"{UNKNOWN}; did you mean ssl.keystore.location?"),
    # what no consumer has
    ("max.poll.record", "5", f"{UNKNOWN}; did you mean max.poll.records?"),
    ("override.max.poll.records", "5", f"{UNKNOWN}; did you mean max.poll.records?"),
    ("acks", "all", UNKNOWN),
    ("", "5", UNKNOWN),
]

# A setting, its value, and why the value is invalid.
INVALID_CASES = [
    ("max.poll.records", "0", "Value must be at least 1"),
    ("max.poll.records", "many", "Not a number of type INT"),
    ("max.poll.interval.ms", "", "Not a number of type INT"),
    ("session.timeout.ms", "99999999999", "Value must be at most 2147483647"),
    ("api.version", "latest", "Expected the version of a broker, from 0.11 on, such as 2.3"),
    ("api.version", "0.10", "Expected the version of a broker, from 0.11 on, such as 2.3"),
    ("fetch.min.bytes", "-1", "Value must be at least 0"),
    ("receive.buffer.bytes", "-2", "Value must be at least -1"),
    ("default.api.timeout.ms", "0", "Value must be at least 1"),
    ("default.api.timeout.ms", "1m", "Not a number of type INT"),
    ("check.crcs", "yes", "Expected value to be either true or false"),
    ("client.dns.lookup", "default",
     "String must be one of: use_all_dns_ips, resolve_canonical_bootstrap_servers_only"),
    ("isolation.level", "serializable", "String must be one of: read_committed, read_uncommitted"),
    ("partition.assignment.strategy", "fair", f"Known strategies are {STRATEGIES}"),
    ("partition.assignment.strategy", "cooperative-sticky,range", TOO_MIXED),
    ("partition.assignment.strategy",
     f"{ASSIGNORS}RangeAssignor, {ASSIGNORS}CooperativeStickyAssignor", TOO_MIXED),
    # where to start
    ("auto.offset.reset", "none", "String must be one of: earliest, latest; offset.start knows more"),
    ("auto.offset.reset", "by_duration:PT1H",
     "String must be one of: earliest, latest; offset.start knows more"),
    # contradictions, told of the key that was written
    ("session.timeout.ms", "3000",
     "session.timeout.ms (3000) must be larger than heartbeat.interval.ms (3000)"),
    ("heartbeat.interval.ms", "60000",
     "session.timeout.ms (45000) must be larger than heartbeat.interval.ms (60000)"),
    ("request.timeout.ms", "50", "request.timeout.ms (50) must be larger than fetch.max.wait.ms (500)"),
    ("fetch.max.wait.ms", "30000",
     "request.timeout.ms (30000) must be larger than fetch.max.wait.ms (30000)"),
    ("connections.max.idle.ms", "1000",
     "connections.max.idle.ms (1000) must be larger than request.timeout.ms (30000)"),
    ("request.timeout.ms", "540000",
     "connections.max.idle.ms (540000) must be larger than request.timeout.ms (540000)"),
]
# fmt: on


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(changes: str, worker: str | None = None) -> list[str]:
    return messages(lambda: configured(changed(FILE_SINK, changes), worker))


def test_every_setting_that_is_refused_is_among_these_tests() -> None:
    assert {*REFUSED, *FIXED} <= {setting for setting, _, _ in REFUSED_CASES}


@pytest.mark.parametrize(("setting", "value", "why"), REFUSED_CASES)
def test_a_setting_that_cannot_be_honoured_is_refused_with_its_reason(
    setting: str, value: str, why: str
) -> None:
    key = f"consumer.override.{setting}"
    assert told(f"{key}={value}") == [f"c.properties:6: {key} {why}"]


@pytest.mark.parametrize(("setting", "value", "why"), INVALID_CASES)
def test_a_value_that_cannot_be_honoured_is_refused_with_its_reason(
    setting: str, value: str, why: str
) -> None:
    key = f"consumer.override.{setting}"
    assert told(f"{key}={value}") == [
        f"c.properties:6: Invalid value {value} for configuration {key}: {why}"
    ]


@pytest.mark.parametrize(("setting", "value", "why"), REFUSED_CASES[:3])
def test_a_setting_for_all_connectors_of_a_worker_is_refused_as_it_stands_there(
    setting: str, value: str, why: str
) -> None:
    assert told("", worker=f"# for all\nconsumer.{setting}={value}") == [
        f"w.properties:2: consumer.{setting} {why}"
    ]


@pytest.mark.parametrize(("setting", "value", "why"), INVALID_CASES[:3])
def test_a_value_for_all_connectors_of_a_worker_is_refused_as_it_stands_there(
    setting: str, value: str, why: str
) -> None:
    assert told("", worker=f"# for all\nconsumer.{setting}={value}") == [
        f"w.properties:2: Invalid value {value} for configuration consumer.{setting}: {why}"
    ]


def test_a_connectors_own_setting_hides_the_worker_s_broken_one() -> None:
    assert told("consumer.override.max.poll.records=7", "consumer.max.poll.records=many") == []


@pytest.mark.parametrize(("setting", "value", "why"), [
    case for case in REFUSED_CASES if case[0].startswith(("security.", "sasl.", "ssl."))
])  # fmt: skip
def test_a_setting_of_security_may_stand_without_prefix_and_is_told_as_it_was_written(
    setting: str, value: str, why: str
) -> None:
    assert told(f"{setting}={value}") == [f"c.properties:6: {setting} {why}"]
    assert told("", worker=f"{setting}={value}") == [f"w.properties:1: {setting} {why}"]


@pytest.mark.parametrize(
    ("setting", "other"),
    [
        ("security.protocol=PLAINTEXT", "consumer.override.security.protocol=SSL"),
        pytest.param(
            "consumer.override.security.protocol=SSL",
            "security.protocol=PLAINTEXT",
        ),
    ],
)
def test_of_two_spellings_of_one_setting_with_different_values_neither_is_dropped_silently(
    setting: str, other: str
) -> None:
    assert told(f"{setting}\n{other}") != []


@pytest.mark.parametrize(
    "servers",
    ["localhost", "localhost:kafka", "a:1 b:2", "PLAINTEXT://a:9092", "a:1,,b:2", ":9092", "[::1]",
     "localhost:0", "localhost:65536", "localhost:99999"],
)  # fmt: skip
def test_bootstrap_servers_are_hosts_with_ports(servers: str) -> None:
    assert told(f"bootstrap.servers={servers}") == [
        f"c.properties:3: Invalid value {servers} for configuration bootstrap.servers: "
        "Expected <host>:<port>,…"
    ]


def test_an_override_of_bootstrap_servers_is_told_at_its_own_line() -> None:
    assert told("consumer.override.bootstrap.servers=localhost") == [
        "c.properties:6: Invalid value localhost for configuration "
        "consumer.override.bootstrap.servers: Expected <host>:<port>,…"
    ]


def test_auto_offset_reset_may_not_contradict_offset_start() -> None:
    changes = "offset.start=latest\nconsumer.override.auto.offset.reset=earliest"
    assert told(changes) == [
        "c.properties:7: Invalid value earliest for configuration "
        "consumer.override.auto.offset.reset: offset.start says otherwise; remove one of them"
    ]


def test_a_connectors_offset_start_hides_the_worker_s_auto_offset_reset() -> None:
    assert told("offset.start=earliest", worker="consumer.auto.offset.reset=latest") == []


def test_several_broken_settings_are_told_at_once() -> None:
    prefix = "consumer.override."
    changes = f"{prefix}acks=all\n{prefix}max.poll.records=0\n{prefix}enable.auto.commit=true"
    assert told(changes) == [
        f"c.properties:7: Invalid value 0 for configuration {prefix}max.poll.records: "
        "Value must be at least 1",
        f"c.properties:6: {prefix}acks {UNKNOWN}",
        f"c.properties:8: {prefix}enable.auto.commit {STORED_WITH_WRITES}",
    ]


def test_a_value_that_cannot_be_read_contradicts_nothing() -> None:
    prefix = "consumer.override."
    changes = f"{prefix}session.timeout.ms=many\n{prefix}heartbeat.interval.ms=60000"
    assert told(changes) == [
        f"c.properties:6: Invalid value many for configuration {prefix}session.timeout.ms: "
        "Not a number of type INT"
    ]
