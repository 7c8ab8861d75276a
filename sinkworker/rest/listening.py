"""Sockets to listen on, bound before anything else starts, and what may not be listened on.

Owns finding a free port where that is allowed, and refusing to be open to the network without
protection. Must not know HTTP.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Sequence
from typing import NamedTuple

from sinkworker.api import ConfigError, ConfigProblem
from sinkworker.worker_settings import Listener, WorkerSettings

BACKLOG = 128


class Bound(NamedTuple):
    """A listener and its socket."""

    listener: Listener
    socket: socket.socket

    @property
    def port(self) -> int:
        port: int = self.socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return self.listener.url(self.port)


def refuse_open_doors(settings: WorkerSettings, *, insecure: bool) -> None:
    """ConfigError for a listener that others reach, unless they must say who they are, by TLS."""
    has_auth = settings.rest_auth_token_file or settings.rest_auth_basic_file
    problems = []
    for listener in settings.addresses:
        if listener.scheme == "https" and not settings.listeners_https_ssl_keystore_location:
            problems.append("https needs listeners.https.ssl.keystore.location, a PEM file")
        if listener.is_loopback or insecure:
            continue
        if not has_auth:
            problems.append(
                f"{listener.url()} can be reached from other machines: set rest.auth.token.file or "
                "rest.auth.basic.file, or start with --insecure"
            )
        if listener.scheme != "https":
            problems.append(
                f"{listener.url()} can be reached from other machines: use https, or start with "
                "--insecure"
            )
    if problems:
        raise ConfigError([ConfigProblem("listeners", f"listeners: {each}") for each in problems])


def bind(settings: WorkerSettings) -> list[Bound]:
    """ConfigError when an address is taken, or not this machine's."""
    return [
        Bound(listener, _bound(listener, may_pick=settings.may_pick_a_port))
        for listener in settings.addresses
    ]


def _bound(listener: Listener, *, may_pick: bool) -> socket.socket:
    try:
        return _socket(listener.host, listener.port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and may_pick:
            return _socket(listener.host, 0)
        hint = "; port 0 takes any free one" if error.errno == errno.EADDRINUSE else ""
        message = f"listeners: {listener.url()}: {error.strerror or error}{hint}"
        raise ConfigError([ConfigProblem("listeners", message)]) from None


def _socket(host: str, port: int) -> socket.socket:
    infos = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = infos[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def advertised(settings: WorkerSettings, bound: Bound) -> str:
    """How others call this worker: host and port."""
    host = settings.rest_advertised_host_name or bound.listener.host or socket.gethostname()
    return f"{host}:{settings.rest_advertised_port or bound.port}"


def keys(settings: WorkerSettings) -> tuple[str, str | None] | None:
    """The private key's file and its password. ConfigError when it cannot be used."""
    file, secret = (
        settings.listeners_https_ssl_keystore_location,
        settings.listeners_https_ssl_key_password,
    )
    if file is None:
        return None
    password = secret.get_secret_value() if secret is not None else None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, password=password or "")
    except (OSError, ssl.SSLError) as error:
        key = "listeners.https.ssl.keystore.location"
        raise ConfigError([ConfigProblem(key, f"{key}: {file}: {error}")]) from None
    return str(file), password


def urls(bound: Sequence[Bound]) -> str:
    return ", ".join(each.url for each in bound)
