"""Which protocols and cipher suites are offered, by Java's names."""

from __future__ import annotations

import ssl

import pytest

from sinkworker.kafka.security.offers import SUITES_OF_1_3
from tests.services.certificates import Authority, Identity
from tests.unit.kafka_security.tls import broker, context, handshake, problem, shake_hands

FIRST, SECOND = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"
ALL_OF_1_3 = ", ".join(sorted(SUITES_OF_1_3))


@pytest.mark.parametrize(
    ("given", "version", "cipher"),
    [
        ({}, "TLSv1.3", None),
        ({"enabled_protocols": ""}, "TLSv1.3", None),
        ({"enabled_protocols": "TLSv1.2,TLSv1.3"}, "TLSv1.3", None),
        ({"enabled_protocols": "TLSv1.3, TLSv1.2"}, "TLSv1.3", None),
        ({"enabled_protocols": "TLSv1.2"}, "TLSv1.2", None),
        ({"enabled_protocols": "TLSv1.3"}, "TLSv1.3", None),
        ({"cipher_suites": FIRST}, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ({"cipher_suites": f"{FIRST},{ALL_OF_1_3}"}, "TLSv1.3", None),
        ({"cipher_suites": f"{FIRST},{ALL_OF_1_3}", "enabled_protocols": "TLSv1.2"}, "TLSv1.2",
         "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ({"cipher_suites": f"{SECOND} , TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}, "TLSv1.2",
         "ECDHE-ECDSA-CHACHA20-POLY1305"),
    ],
)  # fmt: skip
def test_what_is_offered_is_what_is_agreed_on(
    authority: Authority, server: Identity, given: dict[str, str], version: str, cipher: str | None
) -> None:
    shaken = handshake(server, truststore_certificates=authority.pem, **given)
    assert shaken.version == version
    assert cipher in (None, shaken.cipher)


def test_only_the_newer_protocol_is_left_when_only_its_suites_are(
    authority: Authority, server: Identity
) -> None:
    older = broker(server)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    ours = context(truststore_certificates=authority.pem, cipher_suites=ALL_OF_1_3)
    with pytest.raises(ssl.SSLError, match=r"UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION"):
        shake_hands(ours, older)


@pytest.mark.parametrize(
    "suite",
    [
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
    ],
)  # fmt: skip
def test_suites_are_named_as_in_java(suite: str) -> None:
    of_1_2 = [c for c in context(cipher_suites=suite).get_ciphers() if c["name"][:4] != "TLS_"]
    (cipher,) = of_1_2
    form = cipher["description"].upper()
    assert all(word in form for word in suite.split("_") if word in ("RSA", "ECDSA", "CHACHA20"))


@pytest.mark.parametrize(
    ("given", "key", "why"),
    [
        ({"enabled_protocols": "TLSv1.1"}, "enabled.protocols",
         "Known protocols are TLSv1.2, TLSv1.3"),
        ({"enabled_protocols": "TLSv1.2,SSLv3"}, "enabled.protocols",
         "Known protocols are TLSv1.2, TLSv1.3"),
        ({"cipher_suites": f"{FIRST},TLS_RSA_WITH_RC5"}, "cipher.suites",
         "OpenSSL does not offer TLS_RSA_WITH_RC5"),
        ({"cipher_suites": "ALL:!aNULL"}, "cipher.suites", "OpenSSL does not offer ALL:!aNULL"),
        ({"cipher_suites": "TLS_RSA_WITH_ALL"}, "cipher.suites",
         "OpenSSL does not offer TLS_RSA_WITH_ALL"),
        ({"cipher_suites": "ECDHE-RSA-AES256-GCM-SHA384"}, "cipher.suites",
         "OpenSSL does not offer ECDHE-RSA-AES256-GCM-SHA384"),
        ({"cipher_suites": "TLS_AES_256_GCM_SHA384"}, "cipher.suites",
         f"Python cannot choose among {ALL_OF_1_3}: name all, or none"),
        ({"cipher_suites": FIRST, "enabled_protocols": "TLSv1.3"}, "cipher.suites",
         "None of them belongs to a protocol of ssl.enabled.protocols"),
    ],
)  # fmt: skip
def test_an_offer_that_cannot_be_made_is_told(given: dict[str, str], key: str, why: str) -> None:
    assert problem(**given) == (f"ssl.{key}", why)
