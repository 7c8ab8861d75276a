"""A real broker with a listener for each way of securing a connection.

Owns the listeners, their certificates and users. Certificates are PEM on the broker's side, too.
"""

from __future__ import annotations

from pathlib import Path

from tests.services.certificates import Authority, Identity
from tests.services.kafka import KafkaServer
from tests.services.process import free_port

USER, PASSWORD = "alice", "alice's \\secret\""
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"

# listener → the protocol it speaks
LISTENERS = {
    "TLS": "SSL",
    "MUTUAL": "SSL",
    "EXPIRED": "SSL",
    "LOGIN": "SASL_PLAINTEXT",
    "LOGINTLS": "SASL_SSL",
}


class SecureKafka(KafkaServer):
    """`bootstrap` is in plain text, for administration; `address` names the others.

    The certificates are for the address 127.0.0.1 and no host name.
    """

    def __init__(self, home: Path) -> None:
        self.authority = Authority()
        self.ports = {listener: free_port() for listener in LISTENERS}
        super().__init__(
            home, format_arguments=[*_scram("SCRAM-SHA-256"), *_scram("SCRAM-SHA-512")]
        )
        self._settings = self._listeners() | self._certificates() | _logins()

    def address(self, listener: str, host: str = "127.0.0.1") -> str:
        return f"{host}:{self.ports[listener]}"

    def _listeners(self) -> dict[str, str]:
        named = {listener: f"{listener}://{self.address(listener)}" for listener in LISTENERS}
        plain = f"PLAINTEXT://{self.bootstrap}"
        protocols = {"CONTROLLER": "PLAINTEXT", "PLAINTEXT": "PLAINTEXT"} | LISTENERS
        return {
            "listeners": ",".join(
                [f"CONTROLLER://127.0.0.1:{self._controller_port}", plain, *named.values()]
            ),
            "advertised.listeners": ",".join([plain, *named.values()]),
            "listener.security.protocol.map": ",".join(f"{k}:{v}" for k, v in protocols.items()),
            "inter.broker.listener.name": "PLAINTEXT",
        }

    def _certificates(self) -> dict[str, str]:
        expired = self.authority.issue("127.0.0.1", expired=True)
        return (
            _keystore("", self.authority.issue("127.0.0.1"))
            | _keystore("listener.name.expired.", expired)
            | {
                "ssl.truststore.type": "PEM",
                "ssl.truststore.certificates": property_of(self.authority.pem),
                "listener.name.mutual.ssl.client.auth": "required",
            }
        )


def _keystore(prefix: str, identity: Identity) -> dict[str, str]:
    return {
        f"{prefix}ssl.keystore.type": "PEM",
        f"{prefix}ssl.keystore.key": property_of(identity.key),
        f"{prefix}ssl.keystore.certificate.chain": property_of(identity.chain),
    }


def quoted(text: str) -> str:
    """As a string of JAAS."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def property_of(text: str) -> str:
    """As a value in a file of properties."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _logins() -> dict[str, str]:
    keys = {
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "listener.name.logintls.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        # A client of this one must show its password again before this time is over.
        "listener.name.login.scram-sha-256.connections.max.reauth.ms": "1500",
    }
    for listener in ("login", "logintls"):
        prefix = f"listener.name.{listener}."
        keys[f"{prefix}plain.sasl.jaas.config"] = property_of(
            f"{PLAIN_LOGIN} required user_{USER}={quoted(PASSWORD)};"
        )
        for mechanism in ("scram-sha-256", "scram-sha-512"):
            keys[f"{prefix}{mechanism}.sasl.jaas.config"] = f"{SCRAM_LOGIN} required;"
    return keys


def _scram(mechanism: str) -> list[str]:
    return ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]"]
