"""A password is never shown: not by objects, not in messages, not by commands."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from click.testing import CliRunner
from pydantic import AfterValidator, SecretStr

from connectors.postgres import PostgresSinkConnector
from connectors.postgres.address import UNREADABLE
from connectors.postgres.config import PostgresSinkConfig
from sinkworker.api import ConfigModel, ConnectError, Password
from sinkworker.cli import main
from sinkworker.properties import read_file
from sinkworker.validation import Findings, Given, checked
from tests.services.process import free_port
from tests.unit.config_files import (
    FILE_SINK,
    POSTGRES_SINK,
    changed,
    configured,
    messages,
    write,
)

SECRET = "hunter2"
FROM_ELSEWHERE = "${env:THE_SECRET}"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THE_SECRET", SECRET)


def told(base: tuple[str, ...], changes: str, worker: str | None = None) -> list[str]:
    return messages(lambda: configured(changed(base, changes), worker))


# objects


def config(**keys: str) -> PostgresSinkConfig:
    given = {"connection.url": "postgresql://db/alerts", "connection.password": SECRET} | keys
    return PostgresSinkConfig.model_validate(given)


def test_a_password_is_there_for_those_who_ask() -> None:
    password = config().connection_password
    assert password is not None
    assert password.get_secret_value() == SECRET


@pytest.mark.parametrize("show", [repr, str, lambda c: c.model_dump_json(), lambda c: str(dict(c))])
def test_a_model_never_shows_a_password(show: Callable[[PostgresSinkConfig], str]) -> None:
    assert SECRET not in show(config())


def test_a_model_never_shows_the_password_in_an_address() -> None:
    address = {"connection.url": "postgresql://sink:hunter2@db/alerts"}
    assert SECRET not in repr(config(**address))


@pytest.mark.parametrize("line", [f"a={FROM_ELSEWHERE}", f"connection.password={SECRET}"])
def test_a_file_that_was_read_never_shows_a_secret(line: str) -> None:
    assert SECRET not in repr(read_file(write("c.properties", line)))


def test_a_configured_connector_never_shows_a_password() -> None:
    read = configured(changed(POSTGRES_SINK, f"connection.password={SECRET}"))
    for each in (read, read.connector, read.settings, read.client):
        assert SECRET not in repr(each)


# messages


class Pin(ConfigModel):
    pin: Annotated[Password, AfterValidator(lambda value: _digits(value))]
    """Digits."""


def _digits(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().isdecimal():
        raise ValueError("Expected digits")
    return value


def test_an_invalid_password_is_told_hidden() -> None:
    file = read_file(write("c.properties", f"\npin={SECRET}\n"))
    findings = Findings(file, {"pin": Given(SECRET, file, "pin")})
    assert checked(Pin, findings) is None
    assert [problem.message for problem in findings.problems] == [
        "c.properties:2: Invalid value [hidden] for configuration pin: Expected digits"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (f"tasks.max={FROM_ELSEWHERE}",
         "c.properties:6: Invalid value [hidden] for configuration tasks.max: "
         "Not a number of type INT"),
        (f"name=a {FROM_ELSEWHERE}",
         "c.properties:1: Invalid value [hidden] for configuration name: "
         "A name consists of 1 to 128 of A-Z a-z 0-9 . _ -"),
        (f"errors.tolerance={FROM_ELSEWHERE}",
         "c.properties:6: Invalid value [hidden] for configuration errors.tolerance: "
         "String must be one of: none, all"),
        (f"bootstrap.servers={FROM_ELSEWHERE}",
         "c.properties:3: Invalid value [hidden] for configuration bootstrap.servers: "
         "Expected <host>:<port>,…"),
        (f"offset.start={FROM_ELSEWHERE}",
         "c.properties:6: Invalid value [hidden] for configuration offset.start: Expected "
         "earliest, latest, a time such as 2026-11-21T08:00:00Z, or <topic>:<partition>:<offset>,…"),
        (f"consumer.override.enable.metrics.push={FROM_ELSEWHERE}",
         "c.properties:6: consumer.override.enable.metrics.push cannot be set: "
         "the client's own metrics are off; look at the worker's"),
        (f"security.protocol={FROM_ELSEWHERE}",
         "c.properties:6: Invalid value [hidden] for configuration security.protocol: "
         "String must be one of: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        (f"consumer.override.max.poll.records={FROM_ELSEWHERE}",
         "c.properties:6: Invalid value [hidden] for configuration "
         "consumer.override.max.poll.records: Not a number of type INT"),
        (f"errors.deadletterqueue.topic.name={FROM_ELSEWHERE}",
         "c.properties:6: errors.deadletterqueue.topic.name needs errors.tolerance=all: "
         "else the first bad record stops its partition"),
        (f"colour={FROM_ELSEWHERE}", "c.properties:6: Unknown configuration colour"),
    ],
)  # fmt: skip
def test_a_value_that_came_from_elsewhere_is_told_hidden(change: str, message: str) -> None:
    assert told(FILE_SINK, change) == [message]


def test_a_worker_s_value_that_came_from_elsewhere_is_told_hidden() -> None:
    worker = f"offset.flush.interval.ms={FROM_ELSEWHERE}\n"
    assert told(FILE_SINK, "", worker) == [
        "w.properties:1: Invalid value [hidden] for configuration offset.flush.interval.ms: "
        "Not a number of type INT"
    ]


def test_a_value_of_which_only_a_part_came_from_elsewhere_is_told_hidden() -> None:
    assert told(POSTGRES_SINK, f"topics.to.tables.mapping=alerts={FROM_ELSEWHERE}.table") == [
        "c.properties:6: Invalid value [hidden] for configuration topics.to.tables.mapping: "
        "Expected <topic>:<table>,…"
    ]


@pytest.mark.parametrize(
    ("base", "changes", "message"),
    [
        (FILE_SINK, f"connector.class={FROM_ELSEWHERE}",
         ":2: Invalid value [hidden] for configuration connector.class: "
         "There is no connector [hidden]; installed are FileStreamSink, PostgresSink"),
        (FILE_SINK, f"value.converter={FROM_ELSEWHERE}",
         ":6: Invalid value [hidden] for configuration value.converter: "
         "There is no converter [hidden]; installed are JsonConverter, "
         "SimpleHeaderConverter, StringConverter"),
        (FILE_SINK, f"transforms=t\ntransforms.t.type={FROM_ELSEWHERE}",
         ":7: Invalid value [hidden] for configuration transforms.t.type: "
         "There is no transform [hidden]; installed are Prefix"),
        (FILE_SINK, f"key.converter.converter.encoding={FROM_ELSEWHERE}",
         ":6: Invalid value [hidden] for configuration key.converter.converter.encoding: "
         "Unknown encoding of text"),
        (FILE_SINK, f"consumer.override.partition.assignment.strategy={FROM_ELSEWHERE}",
         ":6: Invalid value [hidden] for configuration "
         "consumer.override.partition.assignment.strategy: "
         "Known strategies are range, roundrobin, sticky, cooperative-sticky"),
        (FILE_SINK, f"consumer.override.auto.offset.reset={FROM_ELSEWHERE}",
         ":6: Invalid value [hidden] for configuration consumer.override.auto.offset.reset: "
         "String must be one of: earliest, latest; offset.start knows more"),
        (POSTGRES_SINK, f"topics2table.map={FROM_ELSEWHERE}",
         ":6: Invalid value [hidden] for configuration topics2table.map: "
         "Expected <topic>:<table>,…"),
    ],
)  # fmt: skip
def test_nor_does_the_rest_of_a_message_show_what_came_from_elsewhere(
    base: tuple[str, ...], changes: str, message: str
) -> None:
    assert told(base, changes) == [f"c.properties{message}"]


def test_a_contradiction_of_what_came_from_elsewhere_does_not_show_it() -> None:
    changes = f"offset.start={FROM_ELSEWHERE}\nconsumer.override.auto.offset.reset=latest"
    assert told(FILE_SINK, changes) == [
        "c.properties:7: Invalid value latest for configuration "
        "consumer.override.auto.offset.reset: offset.start says otherwise; remove one of them",
        "c.properties:6: Invalid value [hidden] for configuration offset.start: Expected earliest, "
        "latest, a time such as 2026-11-21T08:00:00Z, or <topic>:<partition>:<offset>,…",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        f"transforms={FROM_ELSEWHERE}",
        f"predicates={FROM_ELSEWHERE}\ntransforms=p\ntransforms.p.type=Prefix\n"
        "transforms.p.prefix=-\ntransforms.p.predicate=s",
    ],
)
def test_nor_does_a_message_about_another_key(changes: str) -> None:
    told_of = told(FILE_SINK, changes)
    assert told_of
    assert SECRET not in "\n".join(told_of)


def test_where_a_value_is_hidden_the_rest_of_the_message_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("THE_SECRET", "10")
    assert told(FILE_SINK, f"buffer.max.bytes={FROM_ELSEWHERE}") == [
        "c.properties:6: Invalid value [hidden] for configuration buffer.max.bytes: "
        "Value must be at least 1024"
    ]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://sink:hunter2@db/alerts", "Expected postgresql://… or jdbc:postgresql://…"),
        (
            "jdbc:mysql://db/alerts?password=hunter2",
            "Expected postgresql://… or jdbc:postgresql://…",
        ),
        ("host=db password=hunter2", "Expected postgresql://… or jdbc:postgresql://…"),
        ("postgresql://sink:hunter2@[db/alerts", UNREADABLE),
        ("jdbc:postgresql://sink:hunter@2@db/alerts", UNREADABLE),
        (
            "postgresql://db/alerts?password=hunter2&colour=red",
            "This sink knows no parameter colour of an address",
        ),
    ],
)
def test_an_address_that_cannot_be_read_is_told_hidden(url: str, why: str) -> None:
    assert told(POSTGRES_SINK, f"connection.url={url}") == [
        f"c.properties:5: Invalid value [hidden] for configuration connection.url: {why}"
    ]


LOGIN = (
    "consumer.override.security.protocol=SASL_SSL\nconsumer.override.sasl.mechanism=PLAIN\n"
    "consumer.override.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule "
)


@pytest.mark.parametrize(
    "options",
    [
        'required username="u" password="hunter2"',
        'required username="u" password="hunter2',
        'required username="u" password=hunter2/x;',
        'required username="u" password="hunter2" hunter2;',
        'required username="u" password="x";hunter2;',
        'required user="u" password="hunter2";',
        'required username="hunter2";',
        "hunter2",
    ],
)
def test_a_login_that_cannot_be_read_is_told_hidden(options: str) -> None:
    (message,) = told(FILE_SINK, LOGIN + options)
    assert message.startswith(
        "c.properties:8: Invalid value [hidden] for configuration consumer.override.sasl.jaas.config: "
    )
    assert SECRET not in message


@pytest.mark.parametrize("key", ["ssl.truststore.certificates", "ssl.keystore.key"])
def test_a_certificate_or_key_that_cannot_be_read_is_told_without_it(key: str) -> None:
    chain = "ssl.keystore.certificate.chain=hunter2" if key == "ssl.keystore.key" else ""
    (message,) = told(FILE_SINK, f"security.protocol=SSL\n{key}=hunter2\n{chain}".strip())
    assert message.startswith(f"c.properties:7: {key} cannot be used: There is no ")
    assert SECRET not in message


@pytest.mark.parametrize("key", ["ssl.key.password", "sasl.jaas.config"])
def test_a_secret_without_effect_is_not_shown(key: str) -> None:
    read = configured(changed(FILE_SINK, f"{key}={SECRET}"))
    assert read.warnings == (
        f"c.properties:6: {key} has no effect: security.protocol is PLAINTEXT",
    )


def test_what_reaches_kafka_shows_no_password() -> None:
    login = f'{LOGIN}required username="{SECRET}" password="{SECRET}";'
    read = configured(changed(FILE_SINK, login))
    assert read.client.security.arguments()["sasl_plain_password"] == SECRET
    for each in (read, read.client, read.client.security, read.client.security.login):
        assert SECRET not in repr(each)


def test_a_misspelt_password_key_is_told_without_its_value() -> None:
    assert told(POSTGRES_SINK, f"connection.passwrd={SECRET}") == [
        "c.properties:6: Unknown configuration connection.passwrd; "
        "did you mean connection.password?"
    ]


def test_a_warning_never_shows_the_value() -> None:
    read = configured(changed(FILE_SINK, f"producer.override.sasl.jaas.config={SECRET}"))
    assert read.warnings == (
        "c.properties:6: producer.override.sasl.jaas.config has no effect: "
        "without errors.deadletterqueue.topic.name nothing is produced",
    )


# the outside


@pytest.mark.parametrize(
    "url",
    ["postgresql://sink:{secret}@127.0.0.1:{port}/db",
     "postgresql://127.0.0.1:{port}/db?password={secret}",
     "jdbc:postgresql://127.0.0.1:{port}/db?user=sink&password={secret}",
     "postgresql://sink:{secret}@127.0.0.1:{port}/db?sslmode=bogus"],
)  # fmt: skip
def test_a_failed_connection_is_told_without_the_password(url: str) -> None:
    address = url.format(secret=SECRET, port=free_port())
    connector = PostgresSinkConnector("n", config(**{"connection.url": address}))
    with pytest.raises(ConnectError) as caught:
        connector.check()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("changes", ["", "insert.mode=merge\ncolour=red\nconnection.passwrd=x"])
def test_validate_never_shows_a_password(changes: str, caplog: pytest.LogCaptureFixture) -> None:
    passwords = f"connection.password={SECRET}\nconnection.user={FROM_ELSEWHERE}"
    path = write("c.properties", changed(POSTGRES_SINK, f"{passwords}\n{changes}".rstrip()))
    with caplog.at_level(logging.DEBUG):
        result = CliRunner().invoke(main, ["validate", "--no-environment", str(path)])
    assert result.exit_code == (78 if changes else 0)
    assert result.output
    assert SECRET not in result.output + caplog.text
