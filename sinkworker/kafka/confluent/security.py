"""The security of the connection → librdkafka's settings.

Owns their names, and what of Java's settings librdkafka cannot do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinkworker.api import ConfigProblem
from sinkworker.kafka.security import Security, Tls
from sinkworker.kafka.security.identity import KEY_PASSWORD
from sinkworker.kafka.security.offers import PROTOCOLS_KEY, SUITES_KEY, older_suites
from sinkworker.kafka.security.stores import CERTIFICATE, PRIVATE_KEY, blocks
from sinkworker.kafka.security.tls import HOST_NAMES


def limits(given: Mapping[str, str]) -> list[ConfigProblem]:
    """Settings that are right, and that librdkafka does not have."""
    protocols = {each.strip() for each in given.get(PROTOCOLS_KEY, "").split(",") if each.strip()}
    problems = []
    if protocols and protocols != {"TLSv1.2", "TLSv1.3"}:
        why = "librdkafka always offers TLSv1.2 and TLSv1.3; kafka.client=kafka-python can choose"
        problems.append(ConfigProblem(PROTOCOLS_KEY, why))
    if given.get(SUITES_KEY) and not older_suites(given[SUITES_KEY]):
        why = "librdkafka chooses among the suites of TLSv1.2 only, and none is named"
        problems.append(ConfigProblem(SUITES_KEY, why))
    return problems


def properties(security: Security) -> dict[str, Any]:
    """Stores are read here, once for each client."""
    found: dict[str, Any] = {"security.protocol": security.protocol}
    if security.login is not None:
        found |= {
            "sasl.mechanism": security.login.mechanism,
            "sasl.username": security.login.user,
            "sasl.password": security.login.password,
        }
    return found if security.tls is None else found | _of_tls(security.tls)


def _of_tls(tls: Tls) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ssl.endpoint.identification.algorithm": tls.given.get(HOST_NAMES, "https") or "none"
    }
    trusted, identity = tls.trusted(), tls.identity()
    if trusted is not None:
        found["ssl.ca.pem"] = trusted
    if identity is not None:
        found["ssl.key.pem"] = blocks(identity, PRIVATE_KEY)[0]
        found["ssl.certificate.pem"] = "".join(blocks(identity, CERTIFICATE))
    if KEY_PASSWORD in tls.given:
        found["ssl.key.password"] = tls.given[KEY_PASSWORD]
    if tls.given.get(SUITES_KEY):
        found["ssl.cipher.suites"] = older_suites(tls.given[SUITES_KEY])
    return found
