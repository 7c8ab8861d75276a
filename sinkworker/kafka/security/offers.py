"""Which protocols and cipher suites are offered.

Owns Java's names of them, and what Python's ssl can choose among.
"""

from __future__ import annotations

import ssl
from contextlib import suppress

from sinkworker.kafka.security.problems import SettingError

PROTOCOLS_KEY, SUITES_KEY = "ssl.enabled.protocols", "ssl.cipher.suites"
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
SUITES_OF_1_3 = frozenset(
    {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"}
)


def offer(context: ssl.SSLContext, protocols: str, suites: str) -> None:
    """Offer no others than these, comma-separated; "" stands for the default."""
    versions = _versions(_items(protocols))
    if suites:
        versions = _choose_suites(context, _items(suites), versions)
    context.minimum_version, context.maximum_version = min(versions), max(versions)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _versions(names: list[str]) -> list[ssl.TLSVersion]:
    if not VERSIONS.keys() >= set(names):
        raise SettingError(PROTOCOLS_KEY, f"Known protocols are {', '.join(VERSIONS)}")
    return [VERSIONS[name] for name in names or VERSIONS]


def _choose_suites(
    context: ssl.SSLContext, suites: list[str], versions: list[ssl.TLSVersion]
) -> list[ssl.TLSVersion]:
    """The versions that are left. Those of TLSv1.3 are all offered, or that version is not."""
    newer = SUITES_OF_1_3.intersection(suites)
    older = [suite for suite in suites if suite not in newer]
    if newer and newer != SUITES_OF_1_3:
        every = ", ".join(sorted(SUITES_OF_1_3))
        raise SettingError(SUITES_KEY, f"Python cannot choose among {every}: name all, or none")
    if older:
        _check(older)
        context.set_ciphers(":".join(map(_openssl_name, older)))
    of_version = {VERSIONS["TLSv1.3"]: newer, VERSIONS["TLSv1.2"]: older}
    left = [version for version in versions if of_version[version]]
    if not left:
        raise SettingError(SUITES_KEY, f"None of them belongs to a protocol of {PROTOCOLS_KEY}")
    return left


def older_suites(suites: str) -> str:
    """OpenSSL's list of those named that are not of TLSv1.3."""
    named = [suite for suite in _items(suites) if suite not in SUITES_OF_1_3]
    return ":".join(map(_openssl_name, named))


def _check(suites: list[str]) -> None:
    """One by one: of several, OpenSSL silently drops those that it does not know. And by name: it
    takes expressions, too."""
    for suite in suites:
        scratch = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with suppress(ssl.SSLError):
            scratch.set_ciphers(_openssl_name(suite))
        offered = {cipher["name"] for cipher in scratch.get_ciphers()}
        if not suite.startswith("TLS_") or _openssl_name(suite) not in offered:
            raise SettingError(SUITES_KEY, f"OpenSSL does not offer {suite}")


def _openssl_name(suite: str) -> str:
    """TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 → ECDHE-RSA-AES128-GCM-SHA256."""
    name = suite.removeprefix("TLS_").removeprefix("RSA_WITH_").replace("_WITH_", "_")
    name = name.replace("AES_", "AES").replace("_CBC_", "_").replace("POLY1305_SHA256", "POLY1305")
    return name.replace("_", "-")
