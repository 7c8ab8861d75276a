"""Who may ask: hosts, origins, tokens, passwords, and what kind of bodies.

Owns every refusal that does not depend on what is asked for. Pure: headers → None or an answer.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sinkworker.api import ConfigError, ConfigProblem
from sinkworker.rest.message import Answer, refused
from sinkworker.worker_settings import LOOPBACK, WorkerSettings

MOST_BYTES = 1024 * 1024
OPEN_PATHS = ("/ping", "/health", "/ui")
OPEN_FOLDER = "/ui/"  # the page's files; what they ask for is asked as by anybody
WITH_BODY = ("POST", "PUT", "PATCH")
METHODS = ("GET", "HEAD", "DELETE", *WITH_BODY)


@dataclass(frozen=True)
class Guard:
    """hosts: names by which this worker may be asked; None: any, since who asks must say who he is.

    token, passwords: when both are empty, nobody must.
    """

    hosts: Collection[str] | None = LOOPBACK
    token: str | None = field(default=None, repr=False)
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        """headers: names in lower case."""
        if not self._is_our_host(headers.get("host", "")):
            return refused(403, "This worker is not known under the name in the Host header; "
                           "rest.allowed.hosts can allow it")  # fmt: skip
        if not _is_same_origin(method, headers):
            return refused(403, "Requests from other origins are refused")
        if not _is_open(path) and not self._is_known(headers):
            answer = refused(401, "Unauthorized")
            return Answer(401, answer.content, {"WWW-Authenticate": self._challenge()})
        return self._of_body(method, headers)

    def _of_body(self, method: str, headers: Mapping[str, str]) -> Answer | None:
        length = headers.get("content-length", "0")
        if not re.fullmatch(r"[0-9]{1,18}", length):
            return refused(400, "Content-Length is no number")
        if int(length) > MOST_BYTES:
            return too_large()
        has_body = int(length) > 0 or "transfer-encoding" in headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if method in WITH_BODY and has_body and kind != "application/json":
            return refused(415, "HTTP 415 Unsupported Media Type: expected application/json")
        return None

    def _is_our_host(self, header: str) -> bool:
        if self.hosts is None:
            return True
        name = _host_of(header)
        return name is not None and name in self.hosts

    def _is_known(self, headers: Mapping[str, str]) -> bool:
        if self.token is None and not self.passwords:
            return True
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.token is not None:
            return hmac.compare_digest(credentials.strip().encode(), self.token.encode())
        return scheme.lower() == "basic" and self._is_password(credentials.strip())

    def _is_password(self, credentials: str) -> bool:
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        expected = self.passwords.get(user)
        return hmac.compare_digest(password.encode(), (expected or "").encode()) and bool(expected)

    def _challenge(self) -> str:
        return 'Basic realm="sinkworker"' if self.passwords else 'Bearer realm="sinkworker"'


def too_large() -> Answer:
    return refused(413, f"The body is larger than {MOST_BYTES} bytes")


def _host_of(header: str) -> str | None:
    """In lower case, without the port; None where it is no host."""
    found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?", header.lower())
    return (found[1] or found[2]) if found is not None else None


def _is_open(path: str) -> bool:
    return path.rstrip("/") in OPEN_PATHS or path.startswith(OPEN_FOLDER)


def _is_same_origin(method: str, headers: Mapping[str, str]) -> bool:
    """A browser says where a page that asks came from; other clients say nothing."""
    if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and not _is_visit(
        method, headers
    ):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    return origin.partition("://")[2] == headers.get("host")


def _is_visit(method: str, headers: Mapping[str, str]) -> bool:
    """Somebody follows a link: that only looks."""
    return method in {"GET", "HEAD"} and headers.get("sec-fetch-mode") == "navigate"


def guard(settings: WorkerSettings) -> Guard:
    """ConfigError when a file with a token or passwords cannot be used."""
    token, passwords = _token(settings), _passwords(settings)
    named = {host.lower() for host in settings.rest_allowed_hosts}
    if (token or passwords) and not named:
        return Guard(None, token, passwords)
    hosts = {*LOOPBACK, *named, *(each.host for each in settings.addresses if each.host)}
    if settings.rest_advertised_host_name:
        hosts.add(settings.rest_advertised_host_name.lower())
    if any(not each.is_loopback for each in settings.addresses):
        hosts |= _own_names()
    return Guard(frozenset(hosts), token, passwords)


def _own_names() -> set[str]:
    """Of this machine. Its addresses are no names that somebody else could point at it."""
    name = socket.gethostname()
    names = {name.lower(), socket.getfqdn().lower()}
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(name, None)}
    except OSError:
        addresses = set()
    return names | {str(ipaddress.ip_address(each.partition("%")[0])) for each in addresses}


def _token(settings: WorkerSettings) -> str | None:
    file = settings.rest_auth_token_file
    if file is None:
        return None
    token = _read("rest.auth.token.file", file).strip()
    if len(token) < 16:
        raise _problem("rest.auth.token.file", f"{file}: a token has at least 16 characters")
    return token


def _passwords(settings: WorkerSettings) -> dict[str, str]:
    file, key = settings.rest_auth_basic_file, "rest.auth.basic.file"
    if file is None:
        return {}
    lines = [line for line in _read(key, file).splitlines() if line.strip()]
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    if not lines or len(found) < len(lines) or not all(found.values()):
        raise _problem(key, f"{file}: expected lines <user>:<password>")
    return found


def _read(key: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise _problem(key, f"{file}: {why}") from None


def _problem(key: str, message: str) -> ConfigError:
    return ConfigError([ConfigProblem(key, f"{key}: {message}")])
