"""Why a broker does not let us in, from what librdkafka says of it.

Owns which of its words mean what. They are the only thing that tells.
"""

from __future__ import annotations

import re

from confluent_kafka import KafkaError

from sinkworker.api import ConnectError, RetriableError
from sinkworker.kafka.security import RefusedError, Security
from sinkworker.kafka.security.alerts import of_alert, without_tls

_BROKER = re.compile(r"(?:\w+://|GroupCoordinator: )([^/ ]+?)(?:/\w+)?: ")
_ALERT = re.compile(r"alert ([a-z ]+): ")
_AFTER = re.compile(r" \(after \d+ms.*")


def refusal(error: KafkaError, security: Security) -> ConnectError | None:
    """RefusedError when it is certain; RetriableError where a broker may only be starting or stopping;
    None when the error says nothing of the kind."""
    said = error.str()
    broker = _BROKER.match(said)
    if broker is None:
        return None
    start = f"Kafka broker {broker[1]} "
    told = _by_login(said, security) or _by_tls(said, security)
    if told is not None:
        return RefusedError(start + told)
    if "connecting to a PLAINTEXT broker" in said:
        return RetriableError(
            f"{start}hung up when TLS began: it is starting or stopping, or the port has no TLS "
            f"({without_tls(security)})"
        )
    return None


def _by_login(said: str, security: Security) -> str | None:
    why = _AFTER.sub("", said.partition("SASL authentication error: ")[2])
    if why:
        return f"refuses the user or the password ({why}): check sasl.jaas.config"
    if "Unsupported SASL mechanism" in said:
        mechanism = security.login.mechanism if security.login else ""
        return f"does not offer {mechanism} on this port: check sasl.mechanism"
    if "Request not valid in current SASL state" in said:
        other = security.protocol.replace("SASL_", "")
        return f"asks for no login on this port: set security.protocol={other}, or use another port"
    return None


def _by_tls(said: str, security: Security) -> str | None:
    if "certificate verify failed" in said:
        return (
            "has a certificate that cannot be trusted: its authority's must be in "
            "ssl.truststore.location, its time must not be over, and it must hold the name by which "
            "we connect"
        )
    alert = _ALERT.search(said)
    if alert is not None:
        return of_alert(alert[1].upper().replace(" ", "_"), security)
    return None
