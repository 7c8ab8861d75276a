"""Settings of security belong together, wherever they are written; what does not fit is told."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from sinkworker.kafka.security import Security
from tests.services.certificates import Authority
from tests.unit.config_files import FILE_SINK, changed, configured, messages
from tests.unit.kafka_security.tls import file

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
OPTIONS = 'required username="u" password="p";'
MECHANISMS = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"


def security(*lines: str, worker: str | None = None) -> Security:
    return configured(changed(FILE_SINK, "\n".join(lines)), worker).client.security


def arguments(*lines: str, worker: str | None = None) -> dict[str, Any]:
    return security(*lines, worker=worker).arguments()


def told(*lines: str, worker: str | None = None) -> list[str]:
    return messages(lambda: configured(changed(FILE_SINK, "\n".join(lines)), worker))


def warnings(*lines: str) -> tuple[str, ...]:
    return tuple(configured(changed(FILE_SINK, "\n".join(lines))).warnings)


def login(
    mechanism: str = "PLAIN", protocol: str = "SASL_SSL", jaas: str | None = None
) -> list[str]:
    module = PLAIN if mechanism == "PLAIN" else SCRAM
    return [
        f"security.protocol={protocol}",
        f"sasl.mechanism={mechanism}",
        f"sasl.jaas.config={jaas or f'{module} {OPTIONS}'}",
    ]


# what kafka-python gets


def test_without_settings_the_connection_is_in_plain_text() -> None:
    assert arguments() == {"security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_reaches_the_client(mechanism: str) -> None:
    assert arguments(*login(mechanism, "SASL_PLAINTEXT")) == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "u",
        "sasl_plain_password": "p",
    }


def test_tls_checks_the_broker_and_its_name_unless_told_otherwise() -> None:
    tls = security("security.protocol=SSL").tls
    assert tls is not None
    assert tls.context().verify_mode == ssl.CERT_REQUIRED
    assert tls.context().check_hostname


@pytest.mark.parametrize(
    ("protocol", "has_login", "has_tls"),
    [
        ("PLAINTEXT", False, False), ("SSL", False, True),
        ("SASL_PLAINTEXT", True, False), ("SASL_SSL", True, True),
    ],
)  # fmt: skip
def test_the_protocol_says_what_is_used(protocol: str, has_login: bool, has_tls: bool) -> None:
    read = security(*login(protocol=protocol))
    assert (read.protocol, read.login is not None, read.tls is not None) == (
        protocol, has_login, has_tls,
    )  # fmt: skip


def test_the_protocol_is_read_in_any_case() -> None:
    assert arguments("security.protocol=sasl_ssl", *login()[1:])["security_protocol"] == "SASL_SSL"


def test_a_name_of_scram_is_escaped_as_its_rfc_wants_it() -> None:
    jaas = f'{SCRAM} required username="a=b,c" password="a=b,c";'
    given = arguments(*login("SCRAM-SHA-512", jaas=jaas))
    assert given["sasl_plain_username"] == "a=3Db=2Cc"
    assert given["sasl_plain_password"] == "a=b,c"
    plain = jaas.replace(SCRAM, PLAIN)
    assert arguments(*login(jaas=plain))["sasl_plain_username"] == "a=b,c"


# where settings may be written


def test_settings_may_come_from_the_worker_s_file_and_the_connector_s() -> None:
    protocol, mechanism, jaas = login()
    wanted = arguments(protocol, mechanism, jaas).keys()
    assert arguments(worker="\n".join(login())).keys() == wanted
    assert arguments(worker="\n".join(f"consumer.{line}" for line in login())).keys() == wanted
    assert arguments(*(f"consumer.override.{line}" for line in login())).keys() == wanted
    assert arguments(jaas, worker=f"{protocol}\nconsumer.{mechanism}").keys() == wanted


def test_the_connector_s_setting_hides_the_worker_s() -> None:
    jaas = f'{PLAIN} required username="mine" password="p";'
    given = arguments(f"sasl.jaas.config={jaas}", worker="\n".join(login()))
    assert given["sasl_plain_username"] == "mine"


# what does not fit


@pytest.mark.parametrize("missing", ["sasl.mechanism", "sasl.jaas.config"])
def test_a_login_needs_mechanism_and_jaas_config(missing: str) -> None:
    given = [line for line in login() if not line.startswith(missing)]
    what = MECHANISMS if missing == "sasl.mechanism" else f"{PLAIN} required …;"
    assert told(*given) == [
        "c.properties:6: Invalid value SASL_SSL for configuration security.protocol: "
        f"It needs {missing}: {what}"
    ]


@pytest.mark.parametrize(
    ("mechanism", "why"),
    [
        ("GSSAPI", "Kerberos needs libraries that kafka-python does not bring; "
         f"known are {MECHANISMS}"),
        ("OAUTHBEARER", f"kafka-python fetches no tokens for OAUTHBEARER; known are {MECHANISMS}"),
        ("SCRAM-SHA-1", f"String must be one of: {MECHANISMS}"),
        ("plain", f"String must be one of: {MECHANISMS}"),
    ],
)  # fmt: skip
def test_another_mechanism_is_refused_with_the_reason(mechanism: str, why: str) -> None:
    assert told(*login(mechanism)) == [
        f"c.properties:7: Invalid value {mechanism} for configuration sasl.mechanism: {why}"
    ]


@pytest.mark.parametrize(
    ("mechanism", "jaas", "why"),
    [
        ("PLAIN", f"{SCRAM} {OPTIONS}", f"sasl.mechanism=PLAIN needs the login module {PLAIN}"),
        ("SCRAM-SHA-256", f"{PLAIN} {OPTIONS}",
         f"sasl.mechanism=SCRAM-SHA-256 needs the login module {SCRAM}"),
        ("PLAIN", f"{PLAIN} required password=p;", 'It has no username="…"'),
        ("PLAIN", f"{PLAIN} required username=u;", 'It has no password="…"'),
        ("PLAIN", f'{PLAIN} required username=u password="";', 'It has no password="…"'),
        ("PLAIN", f"{PLAIN} required username=u password=p",
         "JAAS config entry not terminated by semi-colon"),
        ("SCRAM-SHA-256", f"{SCRAM} required username=u password=p tokenauth=true;",
         "kafka-python does not know delegation tokens (tokenauth)"),
    ],
)  # fmt: skip
def test_a_login_that_cannot_be_used_is_told(mechanism: str, jaas: str, why: str) -> None:
    assert told(*login(mechanism, jaas=jaas)) == [
        f"c.properties:8: Invalid value [hidden] for configuration sasl.jaas.config: {why}"
    ]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    lines = [
        "security.protocol=SASL_SSL", "sasl.mechanism=GSSAPI", "ssl.truststore.location=none.pem",
        "ssl.keystore.key=x", "ssl.enabled.protocols=SSLv3", "ssl.truststore.type=BCFKS",
    ]  # fmt: skip
    wrong = "c.properties:{}: Invalid value {} for configuration ".format
    assert sorted(told(*lines)) == sorted([
        wrong(7, "GSSAPI") + "sasl.mechanism: Kerberos needs libraries that kafka-python does not "
        f"bring; known are {MECHANISMS}",
        wrong(8, "none.pem") + "ssl.truststore.location: No such file or directory",
        wrong(10, "SSLv3") + "ssl.enabled.protocols: Known protocols are TLSv1.2, TLSv1.3",
        wrong(11, "BCFKS") + "ssl.truststore.type: String must be one of: PEM, PKCS12, JKS",
        "c.properties:9: ssl.keystore.key cannot be used: "
        "It is of no use without ssl.keystore.certificate.chain",
    ])  # fmt: skip


def test_a_worker_s_broken_store_is_told_as_it_is_written_there() -> None:
    assert told("security.protocol=SSL", worker="\nconsumer.ssl.keystore.location=none.pem") == [
        "w.properties:2: Invalid value none.pem for configuration consumer.ssl.keystore.location: "
        "No such file or directory"
    ]


@pytest.mark.parametrize(
    "unknown",
    ["sasl.mechanism=${env:NONE}", "sasl.jaas.config=${env:NONE}", "ssl.key.password=${env:NONE}",
     "security.protocol=${env:NONE}"],
)  # fmt: skip
def test_of_a_value_that_is_not_known_nothing_else_is_said(
    unknown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NONE", raising=False)
    key = unknown.partition("=")[0]
    others = [line for line in login() if not line.startswith(key)]
    assert told(unknown, *others) == [
        f"c.properties:6: {key}: the environment variable NONE is not set"
    ]


# what can be used, and is odd


def test_settings_of_another_protocol_are_told_to_have_no_effect(authority: Authority) -> None:
    trust = f"ssl.truststore.location={file('ca.pem', authority.pem)}"
    none = "has no effect: security.protocol is"
    assert warnings(trust, *login()[1:]) == (
        f"c.properties:6: ssl.truststore.location {none} PLAINTEXT",
        f"c.properties:7: sasl.mechanism {none} PLAINTEXT",
        f"c.properties:8: sasl.jaas.config {none} PLAINTEXT",
    )
    assert warnings(trust, *login("SCRAM-SHA-512", "SASL_PLAINTEXT")) == (
        f"c.properties:6: ssl.truststore.location {none} SASL_PLAINTEXT",
    )
    assert warnings(trust, *login(protocol="SSL")) == (
        f"c.properties:8: sasl.mechanism {none} SSL",
        f"c.properties:9: sasl.jaas.config {none} SSL",
    )
    assert warnings(trust, *login()) == ()


def test_the_name_of_java_s_own_context_has_no_effect() -> None:
    assert warnings("security.protocol=SSL", "ssl.protocol=TLSv1.2") == (
        "c.properties:7: ssl.protocol has no effect: ssl.enabled.protocols says what is offered",
    )


def test_a_password_that_is_sent_as_it_is_is_worth_a_warning() -> None:
    assert warnings(*login("PLAIN", "SASL_PLAINTEXT")) == (
        "c.properties:6: security.protocol is SASL_PLAINTEXT: it sends the password unencrypted; "
        "SASL_SSL encrypts it",
    )


def test_an_empty_setting_counts_as_none() -> None:
    assert warnings("security.protocol=", "ssl.truststore.location=", "sasl.mechanism=") == ()
    assert arguments("security.protocol=SSL", "ssl.truststore.location=")
