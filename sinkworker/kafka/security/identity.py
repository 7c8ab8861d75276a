"""Who we are: a private key and its certificates, for brokers that ask.

Owns handing them to Python's ssl, which reads them from files only.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

from sinkworker.kafka.security.problems import SettingError
from sinkworker.kafka.security.stores import CERTIFICATE, ENCRYPTED, PRIVATE_KEY, blocks

KEY_PASSWORD = "ssl.key.password"  # noqa: S105


def load_identity(context: ssl.SSLContext, key: str, pem: str, password: str | None) -> None:
    """key: the setting that gave the private key, and is told when anything is wrong."""
    keys, certificates = blocks(pem, PRIVATE_KEY), blocks(pem, CERTIFICATE)
    for found, what in ((keys, "private key"), (certificates, "certificate")):
        if not found:
            raise SettingError(key, f"There is no {what}")
    is_encrypted = ENCRYPTED in keys[0]
    if is_encrypted and not password:
        raise SettingError(key, f"The private key is encrypted: set {KEY_PASSWORD}")
    try:
        with _file(keys[0] + "".join(certificates)) as file:
            # Without any password OpenSSL would ask the terminal for one.
            context.load_cert_chain(file, password=password or "")
    except ssl.SSLError as error:
        raise _refusal(key, error, is_encrypted) from None


def _refusal(key: str, error: ssl.SSLError, is_encrypted: bool) -> SettingError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return SettingError(key, "The private key does not belong to the first certificate")
    if is_encrypted:
        return SettingError(KEY_PASSWORD, f"It does not decrypt {key}")
    return SettingError(key, "The private key or a certificate is damaged")


@contextmanager
def _file(text: str) -> Iterator[str]:
    """OpenSSL reads a key from files only. This one nobody else may read, and it is gone at once."""
    with NamedTemporaryFile("w", prefix="sinkworker-") as file:
        file.write(text)
        file.flush()
        yield file.name
