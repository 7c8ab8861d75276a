"""Certificates for tests: authorities, brokers' and clients' certificates, and the forms they come in.

Owns making them anew for each run; nothing here is a secret outside it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)


class Authority:
    """A certificate authority, and what it has signed."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self.pem = self._ca.cert_pem.bytes().decode()

    def issue(
        self, *names: str, expired: bool = False, valid_from: datetime | None = None
    ) -> Identity:
        """names: host names, addresses or, for a client, an e-mail address."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        issued = self._ca.issue_cert(
            *names, not_before=valid_from, not_after=yesterday if expired else None
        )
        chain = "".join(pem.bytes().decode() for pem in issued.cert_chain_pems)
        return Identity(_pkcs8(issued.private_key_pem.bytes()), chain)

    def truststore(self, password: str) -> bytes:
        """As keytool writes it: PKCS12, with Java's mark of a trusted certificate."""
        certificate = pkcs12.PKCS12Certificate(
            x509.load_pem_x509_certificate(self.pem.encode()), None
        )
        return pkcs12.serialize_java_truststore([certificate], _encryption(password))


class Identity:
    """A private key, and the certificates that belong to it."""

    def __init__(self, key: str, chain: str) -> None:
        self.key, self.chain = key, chain

    @property
    def pem(self) -> str:
        return self.key + self.chain

    def encrypted_key(self, password: str) -> str:
        return _pkcs8(self.key.encode(), password)

    def keystore(self, password: str) -> bytes:
        """PKCS12, as keytool and openssl write it."""
        certificate, *others = x509.load_pem_x509_certificates(self.chain.encode())
        key = load_pem_private_key(self.key.encode(), None)
        return pkcs12.serialize_key_and_certificates(
            b"client", key, certificate, others, _encryption(password)
        )


def _encryption(password: str) -> BestAvailableEncryption:
    return BestAvailableEncryption(password.encode())


def _pkcs8(pem: bytes, password: str | None = None) -> str:
    """The only form of a private key that Java reads."""
    from cryptography.hazmat.primitives.serialization import NoEncryption

    key = load_pem_private_key(pem, None)
    encryption = _encryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()
