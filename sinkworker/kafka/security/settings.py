"""How one connector's clients are let in by the brokers.

Owns the arguments of kafka-python that follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sinkworker.kafka.security.tls import Tls


@dataclass(frozen=True)
class Login:
    """mechanism: of SASL. The user's name is no secret to brokers, but it may have come by `${…}`."""

    mechanism: str
    user: str = field(repr=False)
    password: str = field(repr=False)

    def arguments(self) -> dict[str, Any]:
        user = self.user
        if self.mechanism.startswith("SCRAM-"):
            # RFC 5802; kafka-python 3.0.12 sends the name as it is.
            user = user.replace("=", "=3D").replace(",", "=2C")
        return {
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": self.password,
        }


@dataclass(frozen=True)
class Security:
    """protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""

    protocol: str = "PLAINTEXT"
    login: Login | None = None
    tls: Tls | None = None

    def arguments(self) -> dict[str, Any]:
        """All but TLS, of which each connection takes a context of its own."""
        login = self.login.arguments() if self.login else {}
        return {"security_protocol": self.protocol, **login}
