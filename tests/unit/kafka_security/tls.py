"""Contexts by settings, what is told of settings, and handshakes in memory."""

from __future__ import annotations

import ssl
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

import pytest

from sinkworker.kafka.security import SettingError
from sinkworker.kafka.security.tls import Tls
from tests.services.certificates import Authority, Identity

PASSWORD = "changeit"
IN_JAVA_ONLY = b"\xfe\xed\xfe\xed\0\0\0\2"


def file(name: str, content: str | bytes) -> str:
    """A file in the current folder; its name."""
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def one_line(pem: str) -> str:
    """As a file of properties holds it, with its lines continued."""
    return " ".join(pem.split("\n"))


def context(**given: str) -> ssl.SSLContext:
    """By the settings `ssl.…`; `_` stands for `.`."""
    return Tls({f"ssl.{key.replace('_', '.')}": value for key, value in given.items()}).context()


def problem(**given: str) -> tuple[str, str]:
    """The key that is wrong, and why."""
    with pytest.raises(SettingError) as caught:
        context(**given)
    return caught.value.problem


class Shaken(NamedTuple):
    """What both sides agreed on."""

    version: str | None
    cipher: str
    client: str | None


def broker(identity: Identity, clients: Authority | None = None) -> ssl.SSLContext:
    """A broker's side. clients: whose certificates it asks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile("w") as file:
        file.write(identity.pem)
        file.flush()
        context.load_cert_chain(file.name)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.pem)
    return context


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, host: str = "kafka") -> Shaken:
    """Raises what either side raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    while waiting:
        side = waiting.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(side)
    cipher = ours.cipher()
    peer = theirs.getpeercert(binary_form=True)
    assert cipher is not None
    name = ssl.DER_cert_to_PEM_cert(peer) if peer else None
    return Shaken(ours.version(), cipher[0], name)


def handshake(identity: Identity, host: str = "kafka", **given: str) -> Shaken:
    """With a broker that is this one."""
    return shake_hands(context(**given), broker(identity), host)


def untrusted(identity: Identity, host: str = "kafka", **given: str) -> str:
    """Why a broker that is this one is not trusted."""
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        handshake(identity, host, **given)
    return caught.value.verify_message
