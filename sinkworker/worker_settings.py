"""The keys that only a worker's file has: where REST listens, who may use it, what it keeps.

Owns their names, defaults and what contradicts what. Must not know files or servers.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from sinkworker.api import ConfigModel, CsvList, Password
from sinkworker.providers import Providers

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


def _absolute(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if not Path(text).is_absolute():
            raise ValueError(f"Path {text} is not absolute")
    return texts


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"Expected a regular expression: {error}") from None
    return text


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
    config_providers_file_param_allowed_paths: Annotated[CsvList, AfterValidator(_absolute)] = ()
    """Where `${file:…}` of connectors may read: these files, and what is below these folders. Where
    this is empty: wherever the worker's user may."""
    config_providers_dir_param_allowed_paths: Annotated[CsvList, AfterValidator(_absolute)] = ()
    """The same for `${dir:…}`."""
    config_providers_env_param_allowlist_pattern: Annotated[str, AfterValidator(_pattern)] = ".*"
    """The names of environment variables that `${env:…}` of connectors may read: a regular
    expression."""
    sinkworker_state_dir: Path | None = None
    """The folder for connectors that REST created, and for what was paused or stopped. By default
    $STATE_DIRECTORY, or sinkworker in $XDG_STATE_HOME or ~/.local/state."""

    @property
    def addresses(self) -> tuple[Listener, ...]:
        return tuple(map(parse_listener, self.listeners))

    @property
    def providers(self) -> Providers:
        """What connectors may take from elsewhere."""
        return Providers(
            tuple(map(Path, self.config_providers_file_param_allowed_paths)),
            tuple(map(Path, self.config_providers_dir_param_allowed_paths)),
            self.config_providers_env_param_allowlist_pattern,
        )

    @property
    def may_pick_a_port(self) -> bool:
        """Only who named no port can do with another one."""
        return self.listeners == (DEFAULT_LISTENER,)
