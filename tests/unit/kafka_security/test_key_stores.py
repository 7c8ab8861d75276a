"""Who the worker is: key stores, for brokers that ask."""

from __future__ import annotations

import ssl
import sys
import tempfile
from pathlib import Path

import pytest

from tests.services.certificates import Authority, Identity
from tests.unit.kafka_security.tls import (
    IN_JAVA_ONLY,
    PASSWORD,
    broker,
    context,
    file,
    one_line,
    problem,
    shake_hands,
)


def seen(authority: Authority, server: Identity, **given: str) -> str | None:
    """The certificate that a broker sees which asks for one."""
    ours = context(truststore_certificates=authority.pem, **given)
    return shake_hands(ours, broker(server, clients=authority)).client


def first(chain: str) -> str:
    end = "-----END CERTIFICATE-----\n"
    return chain.split(end, maxsplit=1)[0] + end


def test_a_key_store_of_pem_shows_who_we_are(
    authority: Authority, server: Identity, us: Identity
) -> None:
    for pem in (us.pem, us.chain + us.key):
        location = file("us.pem", pem)
        assert seen(authority, server, keystore_location=location) == first(us.chain)


@pytest.mark.parametrize("shape", [str, one_line])
def test_key_and_chain_may_stand_in_the_settings_themselves(
    authority: Authority, server: Identity, us: Identity, shape: object
) -> None:
    key, chain = shape(us.key), shape(us.chain)  # type: ignore[operator]
    given = {"keystore_key": key, "keystore_certificate_chain": chain, "keystore_type": "PEM"}
    assert seen(authority, server, **given) == first(us.chain)


def test_an_encrypted_key_is_decrypted(
    authority: Authority, server: Identity, us: Identity
) -> None:
    location = file("us.pem", us.encrypted_key(PASSWORD) + us.chain)
    given = {"keystore_location": location, "key_password": PASSWORD}
    assert seen(authority, server, **given) == first(us.chain)
    key = one_line(us.encrypted_key(PASSWORD))
    given = {"keystore_key": key, "keystore_certificate_chain": us.chain, "key_password": PASSWORD}
    assert seen(authority, server, **given) == first(us.chain)


def test_a_key_store_of_java_is_read(authority: Authority, server: Identity, us: Identity) -> None:
    location = file("us.p12", us.keystore(PASSWORD))
    given = {"keystore_location": location, "keystore_password": PASSWORD, "keystore_type": "JKS"}
    assert seen(authority, server, **given) == first(us.chain)


def test_no_key_is_left_in_a_file(
    us: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    context(keystore_key=us.key, keystore_certificate_chain=us.chain)
    problem(keystore_key=us.key, keystore_certificate_chain=Authority().pem)
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_may_read_the_file_that_openssl_needs(
    us: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    load = ssl.SSLContext.load_cert_chain

    def looking(of: ssl.SSLContext, name: str, **others: str) -> None:
        modes.append(Path(name).stat().st_mode & 0o777)
        load(of, name, **others)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", looking)
    context(keystore_key=us.key, keystore_certificate_chain=us.chain)
    assert modes == [0o600]


@pytest.mark.parametrize(
    ("given", "key", "why"),
    [
        ({"keystore_location": "none.pem"}, "keystore.location", "No such file or directory"),
        ({"keystore_location": "chain.pem"}, "keystore.location", "There is no private key"),
        ({"keystore_location": "key.pem"}, "keystore.location", "There is no certificate"),
        ({"keystore_location": "mixed.pem"}, "keystore.location",
         "The private key does not belong to the first certificate"),
        ({"keystore_location": "broken.pem"}, "keystore.location",
         "The private key or a certificate is damaged"),
        ({"keystore_location": "encrypted.pem"}, "keystore.location",
         "The private key is encrypted: set ssl.key.password"),
        ({"keystore_location": "encrypted.pem", "key_password": "x"}, "key.password",
         "It does not decrypt ssl.keystore.location"),
        ({"keystore_location": "us.pem", "keystore_password": "x"}, "keystore.password",
         "ssl.keystore.location is PEM, and PEM has no store password"),
        ({"keystore_location": "us.p12"}, "keystore.location",
         "It has a password: set ssl.keystore.password"),
        ({"keystore_location": "trust.p12", "keystore_password": PASSWORD}, "keystore.location",
         "There is no private key"),
        ({"keystore_location": "us.pem", "keystore_key": "x", "keystore_certificate_chain": "x"},
         "keystore.location", "ssl.keystore.key is there, too; remove one of them"),
        ({"keystore_key": "x"}, "keystore.key",
         "It is of no use without ssl.keystore.certificate.chain"),
        ({"keystore_certificate_chain": "x"}, "keystore.certificate.chain",
         "It is of no use without ssl.keystore.key"),
        ({"keystore_password": "x"}, "keystore.password",
         "It is of no use without ssl.keystore.location"),
        ({"keystore_key": "x", "keystore_certificate_chain": "x", "keystore_type": "JKS"},
         "keystore.type", "It must be PEM for ssl.keystore.key"),
        ({"keystore_key": "x", "keystore_certificate_chain": "x"}, "keystore.key",
         "There is no private key"),
        ({"keystore_location": "us.jks"}, "keystore.location",
         "It is a JKS store, which only Java reads. Convert it: keytool -importkeystore "
         "-srckeystore <file> -destkeystore keystore.p12 -deststoretype PKCS12 && "
         "openssl pkcs12 -in keystore.p12 -out keystore.pem. Then set ssl.keystore.type=PEM and "
         "ssl.keystore.location=<path>/keystore.pem"),
    ],
)  # fmt: skip
def test_a_key_store_that_cannot_be_used_is_told(
    authority: Authority, us: Identity, given: dict[str, str], key: str, why: str
) -> None:
    file("us.pem", us.pem)
    file("chain.pem", us.chain)
    file("key.pem", us.key)
    file("mixed.pem", us.key + authority.issue("other@example.org").chain)
    file("broken.pem", us.chain + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
    file("encrypted.pem", us.encrypted_key(PASSWORD) + us.chain)
    file("us.p12", us.keystore(PASSWORD))
    file("trust.p12", authority.truststore(PASSWORD))
    file("us.jks", IN_JAVA_ONLY)
    assert problem(**given) == (f"ssl.{key}", why)


@pytest.mark.parametrize(
    ("prefix", "command"),
    [
        ("truststore", "openssl pkcs12 -in <file> -nokeys -out truststore.pem"),
        ("keystore", "openssl pkcs12 -in <file> -out keystore.pem"),
    ],
)
def test_without_the_extra_package_a_java_store_is_told_how_to_convert(
    monkeypatch: pytest.MonkeyPatch, prefix: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    assert problem(**{f"{prefix}_location": file("store", b"0\x82\1")}) == (
        f"ssl.{prefix}.location",
        "It is no PEM file, and PKCS12 needs a package: pip install 'sinkworker[pkcs12]'. "
        f"Or convert it: {command}",
    )
