"""What the other side of a TLS connection says of us.

Owns the sentences. Must not know clients.
"""

from __future__ import annotations

from sinkworker.kafka.security.settings import Security


def of_alert(reason: str, security: Security) -> str | None:
    """reason: OpenSSL's word for what the broker sent."""
    names_us = security.tls is not None and security.tls.names_us
    if reason == "WRONG_VERSION_NUMBER":
        return f"speaks no TLS on this port: set {without_tls(security)}, or use another port"
    if "EXPIRED" in reason:
        return "refuses our certificate, which has expired: renew that of ssl.keystore.*"
    if not names_us and "CERTIFICATE" in reason:
        return "asks for a certificate of ours (mutual TLS): set ssl.keystore.*"
    if "CERTIFICATE" in reason or "UNKNOWN_CA" in reason:
        return (
            "refuses our certificate: it has expired, or its authority is not in the broker's "
            "trust store"
        )
    if any(word in reason for word in ("HANDSHAKE_FAILURE", "PROTOCOL", "SECURITY")):
        return (
            "accepts no TLS version and cipher suite that we offer: see ssl.enabled.protocols and "
            "ssl.cipher.suites"
        )
    return None


def without_tls(security: Security) -> str:
    return f"security.protocol={'SASL_PLAINTEXT' if security.login else 'PLAINTEXT'}"
