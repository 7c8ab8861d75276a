"""Whom the worker trusts: trust stores, and the names of hosts."""

from __future__ import annotations

import ssl

import pytest

from sinkworker.kafka.security.tls import Tls
from tests.services.certificates import Authority, Identity
from tests.unit.kafka_security.tls import (
    IN_JAVA_ONLY,
    PASSWORD,
    broker,
    file,
    handshake,
    one_line,
    problem,
    shake_hands,
    untrusted,
)


def test_a_trust_store_of_pem_is_trusted(authority: Authority, server: Identity) -> None:
    assert handshake(server, truststore_location=file("ca.pem", authority.pem))
    assert handshake(server, truststore_location=file("a.b", authority.pem), truststore_type="PEM")


@pytest.mark.parametrize("shape", [str, one_line, lambda pem: f"Bag Attributes: ü\n{pem}# end"])
def test_certificates_may_stand_in_the_setting_itself(
    authority: Authority, server: Identity, shape: object
) -> None:
    assert handshake(server, truststore_certificates=shape(authority.pem))  # type: ignore[operator]


def test_every_certificate_of_a_store_is_trusted(authority: Authority, server: Identity) -> None:
    store = Authority().pem + authority.pem
    assert handshake(server, truststore_certificates=store)


def test_a_certificate_of_the_store_is_trusted_although_another_signed_it(
    server: Identity,
) -> None:
    assert handshake(server, truststore_certificates=server.chain)


def test_no_other_authority_is_trusted(server: Identity) -> None:
    other = Authority().pem
    assert untrusted(server, truststore_certificates=other).startswith("unable to get local issuer")


def test_without_a_trust_store_the_systems_authorities_are_trusted(
    authority: Authority, server: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", file("system.pem", authority.pem))
    assert handshake(server)
    monkeypatch.setenv("SSL_CERT_FILE", file("system.pem", Authority().pem))
    assert untrusted(server)


def test_a_trust_store_of_java_is_read(authority: Authority, server: Identity) -> None:
    location = file("trust.jks", authority.truststore(PASSWORD))
    assert handshake(server, truststore_location=location, truststore_password=PASSWORD)


def test_a_renewed_store_counts_for_the_next_context(
    authority: Authority, server: Identity
) -> None:
    tls = Tls({"ssl.truststore.location": file("ca.pem", Authority().pem)})
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(tls.context(), broker(server))
    file("ca.pem", authority.pem)
    assert shake_hands(tls.context(), broker(server))


@pytest.mark.parametrize(
    ("given", "key", "why"),
    [
        ({"truststore_location": "none.pem"}, "location", "No such file or directory"),
        ({"truststore_location": "."}, "location", "Is a directory"),
        ({"truststore_location": "empty"}, "location", "It is neither PEM nor PKCS12"),
        ({"truststore_location": "key.pem"}, "location", "There is no certificate"),
        ({"truststore_location": "broken.pem"}, "location", "A certificate is damaged"),
        ({"truststore_certificates": "x"}, "certificates", "There is no certificate"),
        ({"truststore_location": "ca.pem", "truststore_password": "x"}, "password",
         "ssl.truststore.location is PEM, and PEM has no store password"),
        ({"truststore_password": "x"}, "password",
         "It is of no use without ssl.truststore.location"),
        ({"truststore_location": "trust.p12"}, "location",
         "It has a password: set ssl.truststore.password"),
        ({"truststore_location": "trust.p12", "truststore_password": "x"}, "password",
         "It does not open ssl.truststore.location"),
        ({"truststore_location": "ca.pem", "truststore_certificates": "x"}, "location",
         "ssl.truststore.certificates is there, too; remove one of them"),
        ({"truststore_certificates": "x", "truststore_type": "JKS"}, "type",
         "It must be PEM for ssl.truststore.certificates"),
        ({"truststore_location": "trust.jks"}, "location",
         "It is a JKS store, which only Java reads. Convert it: keytool -list -rfc -keystore <file> "
         "> truststore.pem. Then set ssl.truststore.type=PEM and "
         "ssl.truststore.location=<path>/truststore.pem"),
    ],
)  # fmt: skip
def test_a_trust_store_that_cannot_be_used_is_told(
    authority: Authority, us: Identity, given: dict[str, str], key: str, why: str
) -> None:
    file("ca.pem", authority.pem)
    file("key.pem", us.key)
    file("empty", b"")
    file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
    file("trust.p12", authority.truststore(PASSWORD))
    file("trust.jks", IN_JAVA_ONLY)
    assert problem(**given) == (f"ssl.truststore.{key}", why)


# names of hosts


def test_the_host_s_name_is_checked_unless_that_is_off(
    authority: Authority, server: Identity
) -> None:
    trust = {"truststore_certificates": authority.pem}
    wrong = "Hostname mismatch, certificate is not valid for 'other'."
    assert untrusted(server, "other", **trust) == wrong
    for algorithm in ("https", "HTTPS"):
        given = {"endpoint_identification_algorithm": algorithm}
        assert untrusted(server, "other", **trust, **given) == wrong
    assert handshake(server, "other", **trust, endpoint_identification_algorithm="")


def test_without_names_the_authority_is_checked_all_the_same(server: Identity) -> None:
    given = {"endpoint_identification_algorithm": ""}
    assert untrusted(server, truststore_certificates=Authority().pem, **given)


def test_another_way_to_check_names_is_not_known() -> None:
    assert problem(endpoint_identification_algorithm="LDAPS") == (
        "ssl.endpoint.identification.algorithm",
        "Expected https, or nothing to accept any host name",
    )
