"""A broker that asks for TLS, passwords and certificates: it lets workers in, or they say why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from sinkworker.kafka.connection import Connection
from sinkworker.kafka.java_settings import ClientSettings
from sinkworker.kafka.security import read_security
from tests.e2e.scene import CONFIGS
from tests.e2e.secured import (
    KEY_PASSWORD,
    RECORDS,
    SECRETS,
    Folder,
    Refused,
    assert_reads,
    assert_stops_quietly,
    login,
)
from tests.services import kafka as local_kafka
from tests.services.kafka_tools import KafkaTools
from tests.services.secure_kafka import PASSWORD, USER, SecureKafka, quoted

pytestmark = pytest.mark.kafka

AT_ONCE = (
    "wrong-password-plain", "wrong-password-scram", "expired", "unknown-authority", "wrong-host",
    "plain-text-to-tls", "no-certificate", "unknown-certificate", "expired-certificate",
    "login-too-many", "other-mechanism",
)  # fmt: skip
# A broker that starts or stops hangs up, too: these workers try for ten seconds.
HANGING_UP = ("tls-to-plain-text", "no-login")


@pytest.fixture(scope="module")
def server(services_home: Path) -> Iterator[SecureKafka]:
    if local_kafka.why_unavailable():
        pytest.skip("a broker with listeners of its own must run as a local process")
    server = SecureKafka(services_home / "secure-kafka")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def topic(server: SecureKafka) -> Iterator[str]:
    tools = KafkaTools(server.bootstrap)
    topic = tools.create_topic()
    tools.produce(topic, [{"n": n} for n in range(RECORDS)])
    yield topic
    tools.close()


@pytest.fixture
def folder(tmp_path: Path, server: SecureKafka, topic: str, kafka_client: str) -> Iterator[Folder]:
    folder = Folder(tmp_path, server, topic, kafka_client)
    yield folder
    folder.close()


@pytest.fixture(scope="module")
def refused(
    services_home: Path, server: SecureKafka, topic: str, kafka_client: str
) -> Iterator[Refused]:
    home = services_home / "refused"
    home.mkdir()
    folder = Folder(home, server, topic, kafka_client)
    yield Refused(folder, server)
    folder.close()


def assert_is_told(refused: Refused, name: str) -> None:
    worker = refused.worker(name)
    assert worker.wait() == 75
    assert worker.log() == refused.sentence(name)


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_broker_that_does_not_let_us_in_is_told_in_one_sentence(
    refused: Refused, name: str
) -> None:
    assert_is_told(refused, name)


def test_every_case_is_tested(refused: Refused) -> None:
    assert refused.names() == {*AT_ONCE, *HANGING_UP}


@pytest.mark.each_client
def test_the_shipped_file_reads_by_password_over_tls(folder: Folder) -> None:
    shipped = (CONFIGS / "sasl-ssl.properties").read_text()
    keys = ("name", "file", "topics", "bootstrap.servers", "connector.class")
    kept = re.sub(rf"(?m)^({'|'.join(keys)})=.*\n", "", shipped)
    config = folder.connector("shipped", "LOGINTLS", {}, before=kept)
    secrets = {
        "KAFKA_CA": folder.trust()["ssl.truststore.location"],
        "KAFKA_USER": USER,
        "KAFKA_PASSWORD": quoted(PASSWORD)[1:-1],
    }
    assert_stops_quietly(assert_reads(folder, config, **secrets))


def test_a_plain_password_over_tls_reads(folder: Folder) -> None:
    keys = login("SASL_SSL", "PLAIN") | folder.trust()
    assert_stops_quietly(assert_reads(folder, folder.connector("plain", "LOGINTLS", keys)))


def test_a_certificate_of_our_own_reads(folder: Folder, server: SecureKafka) -> None:
    us = server.authority.issue("worker@example.org")
    keys = {
        "security.protocol": "SSL",
        "ssl.truststore.certificates": server.authority.pem,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.key": us.encrypted_key(KEY_PASSWORD),
        "ssl.keystore.certificate.chain": us.chain,
        "ssl.key.password": KEY_PASSWORD,
    }
    assert_stops_quietly(assert_reads(folder, folder.connector("mutual", "MUTUAL", keys)))


def test_a_password_that_no_longer_counts_fails_the_task(
    folder: Folder, server: SecureKafka
) -> None:
    keys = login("SASL_PLAINTEXT", "SCRAM-SHA-256")
    worker = assert_reads(folder, folder.connector("outdated", "LOGIN", keys))
    change_password(server, "another password")
    assert worker.wait() == 1
    (line,) = worker.log_lines("The task failed.")
    told = line.partition("The task failed. ")[2].replace("re-authentication", "authentication")
    assert told.startswith(
        f"Kafka broker {server.address('LOGIN')} refuses the user or the password (Authentication "
        "failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256): "
        "check sasl.jaas.config"
    )
    for word in ("Traceback", *SECRETS):
        assert word not in worker.log(), worker.log()


def change_password(server: SecureKafka, password: str, user: str = USER) -> None:
    tools = KafkaTools(server.bootstrap)
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    change = UserScramCredentialUpsertion(user, info, password.encode())
    tools.admin.alter_user_scram_credentials([change])[user].result(20)


def test_a_user_of_scram_may_have_any_name(server: SecureKafka) -> None:
    name = "a=b,c=2C d"
    change_password(server, PASSWORD, user=name)
    keys = login("SASL_PLAINTEXT", "SCRAM-SHA-256", user=name)
    security, _ = read_security(keys)
    Connection(
        server.address("LOGIN"), "any", ClientSettings(security=security), 1 << 20, 100
    ).check()


@pytest.mark.parametrize("name", HANGING_UP)
def test_a_broker_that_hangs_up_is_told_with_the_likely_reason(refused: Refused, name: str) -> None:
    assert_is_told(refused, name)
