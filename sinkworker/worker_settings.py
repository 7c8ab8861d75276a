"""The keys that only a worker's file has: where REST listens, who may use it, what it keeps.

Owns their names, defaults and what contradicts what. Must not know files or servers.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from sinkworker.api import ConfigModel, CsvList, Password

DEFAULT_LISTENER = "http://127.0.0.1:8083"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Listener(NamedTuple):
    """One address to listen on. An empty host means all."""

    scheme: str
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK or self.host.startswith("127.")

    def url(self, port: int | None = None) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown}:{self.port if port is None else port}"


def parse_listener(text: str) -> Listener:
    found = re.fullmatch(r"(?i:(https?))://(\[[0-9A-Fa-f:]+\]|[\w.-]*):(\d{1,5})/?", text)
    if found is None or int(found[3]) > 65_535:
        raise ValueError("Expected http://<host>:<port> or https://<host>:<port>,…")
    return Listener(found[1].lower(), found[2].strip("[]"), int(found[3]))


def _listeners(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_listener(text)
    return texts


def _lower(value: object) -> object:
    if not isinstance(value, str):
        return value
    simple = value.rpartition(".")[2].removesuffix("ConnectorClientConfigOverridePolicy")
    return simple.lower()


class WorkerSettings(ConfigModel):
    """One worker, as far as REST and what it remembers are concerned."""

    listeners: Annotated[CsvList, AfterValidator(_listeners)] = (DEFAULT_LISTENER,)
    """Where REST listens: `http://<host>:<port>` or https://…; port 0: any free one; empty: nowhere.
    The default takes another port when its own is taken, as by a second worker."""
    rest_auth_token_file: Path | None = None
    """A file with the token that requests must carry: `Authorization: Bearer <token>`."""
    rest_auth_basic_file: Path | None = None
    """A file with lines `<user>:<password>`, for HTTP's basic authentication."""
    rest_allowed_hosts: CsvList = ()
    """Names under which clients may ask for this worker, beside its own."""
    rest_advertised_host_name: str | None = None
    """The host by which others reach this worker; shown as worker_id."""
    rest_advertised_port: int | None = Field(default=None, ge=1, le=65_535)
    """The port by which others reach it."""
    listeners_https_ssl_keystore_location: Path | None = None
    """For https: a PEM file with the private key and the certificates."""
    listeners_https_ssl_key_password: Password | None = None
    """The password of that key."""
    connector_client_config_override_policy: Annotated[
        Literal["none", "principal", "all"], BeforeValidator(_lower)
    ] = "all"
    """Which keys of the Kafka client connectors that REST creates may set."""
    sinkworker_state_dir: Path | None = None
    """The folder for connectors that REST created, and for what was paused or stopped. By default
    $STATE_DIRECTORY, or sinkworker in $XDG_STATE_HOME or ~/.local/state."""

    @property
    def addresses(self) -> tuple[Listener, ...]:
        return tuple(map(parse_listener, self.listeners))

    @property
    def may_pick_a_port(self) -> bool:
        """Only who named no port can do with another one."""
        return self.listeners == (DEFAULT_LISTENER,)
