"""Java's key stores and trust stores, read as PEM.

Owns the forms they come in. The content of a file says which one it is. Must not know TLS.
"""

from __future__ import annotations

import re
from pathlib import Path

from sinkworker.kafka.security.problems import SettingError

_JAVA_ONLY = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")  # JKS and JCEKS
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
CERTIFICATE, PRIVATE_KEY, ENCRYPTED = "CERTIFICATE", "PRIVATE KEY", "ENCRYPTED"

CONVERT_JKS = {
    "ssl.truststore": "keytool -list -rfc -keystore <file> > truststore.pem",
    "ssl.keystore": "keytool -importkeystore -srckeystore <file> -destkeystore keystore.p12 "
    "-deststoretype PKCS12 && openssl pkcs12 -in keystore.p12 -out keystore.pem",
}
CONVERT_PKCS12 = {
    "ssl.truststore": "openssl pkcs12 -in <file> -nokeys -out truststore.pem",
    "ssl.keystore": "openssl pkcs12 -in <file> -out keystore.pem",
}


def blocks(pem: str, label: str) -> list[str]:
    """The blocks of a text whose label ends so, as OpenSSL reads them.

    What a file of properties made one line is made many again. Anything between blocks is dropped.
    """
    return [_block(*found.groups()) for found in _BLOCK.finditer(pem) if found[1].endswith(label)]


def _block(label: str, body: str) -> str:
    if ":" not in body:  # headers, as an old encrypted key has them, end with the line
        base64 = "".join(body.split())
        body = "\n".join(["", *(base64[i : i + 64] for i in range(0, len(base64), 64)), ""])
    return f"-----BEGIN {label}-----{body}-----END {label}-----\n"


def read_store(prefix: str, location: str, password: str | None) -> str:
    """A store as PEM. prefix: of its settings, `ssl.keystore` or `ssl.truststore`.

    SettingError when it cannot be read, or not without Java.
    """
    key = f"{prefix}.location"
    try:
        content = Path(location).read_bytes()
    except OSError as error:
        raise SettingError(key, error.strerror or type(error).__name__) from None
    if content.startswith(_JAVA_ONLY):
        raise SettingError(key, f"It is a JKS store, which only Java reads. {_convert(prefix)}")
    if b"-----BEGIN " not in content:
        return _pkcs12_as_pem(prefix, content, password)
    if password:
        raise SettingError(f"{prefix}.password", f"{key} is PEM, and PEM has no store password")
    return content.decode("latin-1")


def _convert(prefix: str, commands: dict[str, str] = CONVERT_JKS) -> str:
    name = prefix.removeprefix("ssl.")
    return (
        f"Convert it: {commands[prefix]}. Then set {prefix}.type=PEM and "
        f"{prefix}.location=<path>/{name}.pem"
    )


def _pkcs12_as_pem(prefix: str, content: bytes, password: str | None) -> str:
    key = f"{prefix}.location"
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.serialization import pkcs12
    except ImportError:
        raise SettingError(
            key,
            "It is no PEM file, and PKCS12 needs a package: pip install 'sinkworker[pkcs12]'. "
            f"Or convert it: {CONVERT_PKCS12[prefix]}",
        ) from None
    try:
        store = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unreadable(prefix, error, password) from None
    certificates = [store.cert, *store.additional_certs] if store.cert else store.additional_certs
    pem = [each.certificate.public_bytes(form.Encoding.PEM) for each in certificates]
    if store.key is not None:
        plain = form.NoEncryption()
        pem.append(store.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain))
    return b"".join(pem).decode()


def _unreadable(prefix: str, error: Exception, password: str | None) -> SettingError:
    if "password" not in str(error):
        return SettingError(f"{prefix}.location", "It is neither PEM nor PKCS12")
    if password:
        return SettingError(f"{prefix}.password", f"It does not open {prefix}.location")
    return SettingError(f"{prefix}.location", f"It has a password: set {prefix}.password")
