"""The Java consumer's settings for librdkafka: each is honoured under its name, fixed, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sinkworker.kafka.clients import read_settings
from sinkworker.kafka.confluent.connection import ConfluentConnection
from sinkworker.kafka.confluent.settings import (
    DEFAULTS,
    FIXED,
    HONOURED,
    NOT_YOURS,
    REFUSED,
    SESSION,
    SESSION_MS,
)
from sinkworker.kafka.java_settings import LOOKUP
from sinkworker.kafka.security import KNOWN, why_refused
from tests.unit.test_kafka_settings import JAVA_SETTINGS, READ_EARLIER

DOCUMENT = Path(__file__).parents[2] / "docs" / "kafka-clients.md"


def read(**java: str) -> Any:
    return read_settings("confluent", {key.replace("_", "."): v for key, v in java.items()})


def arguments(task: int = 0, budget: int = 1 << 20, **java: str) -> dict[str, Any]:
    settings, wrong, refused, _ = read(**java)
    assert wrong + refused == []
    return ConfluentConnection("a:1,b:2", "alerts", settings, budget, 500)._arguments(task)


@pytest.mark.parametrize("setting", JAVA_SETTINGS.split())
def test_every_setting_of_the_java_consumer_is_honoured_fixed_or_refused(setting: str) -> None:
    homes = [setting in HONOURED, setting in FIXED, setting in REFUSED, setting == LOOKUP,
             setting in READ_EARLIER, setting in KNOWN, bool(why_refused(setting))]  # fmt: skip
    assert homes.count(True) == 1


@pytest.mark.parametrize(
    ("java", "text", "own", "value"),
    [
        ("fetch.max.wait.ms", "7", "fetch.wait.max.ms", 7),
        ("max.partition.fetch.bytes", "3", "fetch.message.max.bytes", 3),
        ("metadata.max.age.ms", "500", "topic.metadata.refresh.interval.ms", 500),
        ("request.timeout.ms", "20000", "socket.timeout.ms", 20_000),
        ("receive.buffer.bytes", "-1", "socket.receive.buffer.bytes", 0),
        ("send.buffer.bytes", "65536", "socket.send.buffer.bytes", 65_536),
        ("check.crcs", "FALSE", "check.crcs", False),
        ("partition.assignment.strategy", "range, roundrobin", "partition.assignment.strategy",
         "range,roundrobin"),
        ("partition.assignment.strategy",
         "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
         "partition.assignment.strategy", "cooperative-sticky"),
    ],
)  # fmt: skip
def test_a_setting_becomes_librdkafkas(java: str, text: str, own: str, value: object) -> None:
    settings, wrong, refused, _ = read_settings("confluent", {java: text})
    assert wrong + refused == []
    assert dict(settings.consumer) == {SESSION: SESSION_MS, **DEFAULTS, own: value}


def test_settings_of_librdkafka_are_passed_on_unchanged() -> None:
    settings, *problems = read_settings("confluent", {"librdkafka.queued.min.messages": "77"})
    assert problems == [[], [], []]
    assert settings.consumer["queued.min.messages"] == "77"


@pytest.mark.parametrize("name", sorted(NOT_YOURS))
def test_what_exactness_rests_on_cannot_be_set_through_librdkafka(name: str) -> None:
    _, wrong, refused, _ = read_settings("confluent", {f"librdkafka.{name}": "x"})
    assert wrong == []
    assert refused == [(f"librdkafka.{name}", f"cannot be set: {NOT_YOURS[name]}")]


def test_librdkafka_itself_says_which_setting_it_does_not_know_or_understand() -> None:
    _, wrong, refused, _ = read_settings(
        "confluent",
        {"librdkafka.colour": "red", "librdkafka.queued.min.messages": "many",
         "heartbeat.interval.ms": "99999999", "fetch.max.wait.ms": "7"},
    )  # fmt: skip
    assert refused == []
    assert wrong == [
        ("heartbeat.interval.ms",
         "session.timeout.ms (45000) must be larger than heartbeat.interval.ms (99999999)"),
    ]  # fmt: skip
    _, wrong, _, _ = read_settings(
        "confluent", {"librdkafka.colour": "red", "librdkafka.queued.min.messages": "many"}
    )
    assert wrong == [
        ("librdkafka.colour", 'No such configuration property: "colour"'),
        ("librdkafka.queued.min.messages",
         'Invalid value for configuration property "queued.min.messages"'),
    ]  # fmt: skip


def test_kafka_python_has_no_settings_of_librdkafka() -> None:
    _, wrong, refused, _ = read_settings("kafka-python", {"librdkafka.queued.min.messages": "1"})
    assert wrong == []
    assert refused == [
        ("librdkafka.queued.min.messages", "cannot be set: it is for kafka.client=confluent")
    ]


def test_a_strategy_that_librdkafka_does_not_have_is_told() -> None:
    _, wrong, _, _ = read(partition_assignment_strategy="sticky")
    assert wrong == [
        ("partition.assignment.strategy",
         "Known strategies are range, roundrobin, cooperative-sticky"),
    ]  # fmt: skip


def test_tls_versions_cannot_be_chosen() -> None:
    _, wrong, _, _ = read(
        security_protocol="SSL", ssl_enabled_protocols="TLSv1.3",
    )  # fmt: skip
    assert wrong == [
        ("ssl.enabled.protocols",
         "librdkafka always offers TLSv1.2 and TLSv1.3; kafka.client=kafka-python can choose"),
    ]  # fmt: skip


# what a client is made with


def test_the_client_gets_the_group_and_names_of_connect() -> None:
    made = arguments(task=3)
    assert made["group.id"] == "connect-alerts"
    assert made["client.id"] == "connector-consumer-alerts-3"
    assert made["bootstrap.servers"] == "a:1,b:2"
    assert "group.instance.id" not in made


def test_a_static_member_has_its_task_in_its_name() -> None:
    assert arguments(task=3, group_instance_id="pod-1")["group.instance.id"] == "pod-1-3"


def test_offsets_are_never_committed_or_reset_by_the_client() -> None:
    made = arguments()
    assert (made["enable.auto.commit"], made["enable.auto.offset.store"]) == (False, False)
    assert made["auto.offset.reset"] == "error"


def test_the_queue_and_a_fetch_are_bounded_by_the_tasks_budget() -> None:
    made = arguments(budget=1 << 20)
    assert (made["queued.max.messages.kbytes"], made["fetch.max.bytes"]) == (1024, 1 << 20)


def test_a_short_poll_interval_shortens_the_session_unless_that_is_set() -> None:
    """librdkafka refuses a session that is longer than the interval; Java does not."""
    assert arguments(max_poll_interval_ms="20000")["session.timeout.ms"] == 20_000
    made = arguments(max_poll_interval_ms="20000", session_timeout_ms="9000")
    assert made["session.timeout.ms"] == 9_000


def test_credentials_are_librdkafkas() -> None:
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    jaas = f'{module} required username="a,b" password="p";'
    made = arguments(
        security_protocol="SASL_PLAINTEXT", sasl_mechanism="SCRAM-SHA-512", sasl_jaas_config=jaas
    )
    wanted = ("security.protocol", "sasl.mechanism", "sasl.username", "sasl.password")
    assert [made[key] for key in wanted] == ["SASL_PLAINTEXT", "SCRAM-SHA-512", "a,b", "p"]


@pytest.mark.parametrize("setting", sorted({*HONOURED, *REFUSED, *FIXED}))
def test_where_the_clients_differ_the_documents_table_says_so(setting: str) -> None:
    from sinkworker.kafka import settings as of_kafka_python

    same = (setting in HONOURED) == (setting in of_kafka_python.HONOURED)
    if not same:
        assert f"| `{setting}` |" in DOCUMENT.read_text()
