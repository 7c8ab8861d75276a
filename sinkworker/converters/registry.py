"""Schemas from a Schema Registry: Confluent's, or any with its interface.

Owns the keys that say where it is and who asks, the only client of it, and what each of its answers
means for a record. It is read from only. Must not know formats: what a schema's text says.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, model_validator

from sinkworker.api import (
    ConfigModel,
    ConnectError,
    CsvList,
    DataError,
    Password,
    RetriableError,
)

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import SchemaRegistryClient

NOT_FOUND = range(40400, 40500)
"""The registry's own codes: it has no such schema, subject or version."""
BUSY = (408, 425, 429)
MOST_MISSING = 1000


class RegistryConfig(ConfigModel):
    """extra: what to install. needs: the modules that come with it."""

    extra: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    not_honoured: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("auto.register.schemas", "normalize.schemas", "id.compatibility.strict",
             "latest.compatibility.strict", "value.subject.name.strategy",
             "key.subject.name.strategy", "reference.subject.name.strategy"),
            "it is for writing",
        ),
        "use.latest.version": "each record is read with the schema that it was written with",
        "schemas.enable": "the schema is always that of the registry",
        **dict.fromkeys(
            ("schemas.cache.size", "schemas.cache.config", "max.schemas.per.subject"),
            "every schema that was read is kept",
        ),
        **dict.fromkeys(
            ("scrub.invalid.names", "generalized.sum.type.support", "flatten.singleton.unions",
             "discard.type.doc.default"),
            "schemas are as they are by default",
        ),
    }  # fmt: skip

    schema_registry_url: Annotated[CsvList, Field(min_length=1)]
    """Where the registry is, such as `http://registry:8081`. Of several, the next is asked when one
    does not answer."""
    basic_auth_credentials_source: Literal["URL", "USER_INFO"] = "URL"
    """Where name and password are: in the URL, or in `basic.auth.user.info`."""
    basic_auth_user_info: Password = SecretStr("")
    """`name:password`, with `basic.auth.credentials.source=USER_INFO`."""
    schema_registry_ssl_truststore_location: str = ""
    """A PEM file with the certificates to trust; by default those that most systems trust."""
    schema_registry_ssl_truststore_type: Literal["PEM"] = "PEM"
    """The form of that file."""
    schema_registry_ssl_keystore_location: str = ""
    """A PEM file with the worker's own certificate and its key."""
    schema_registry_ssl_keystore_type: Literal["PEM"] = "PEM"
    """The form of that file."""
    schema_registry_ssl_key_password: Password = SecretStr("")
    """What the key is encrypted with."""
    missing_id_cache_ttl_sec: Annotated[int, Field(ge=0)] = 10
    """For how long an id that the registry does not know is not asked for again."""
    http_connect_timeout_ms: Annotated[int, Field(gt=0)] = 5_000
    """How long to wait for a connection."""
    http_read_timeout_ms: Annotated[int, Field(gt=0)] = 10_000
    """How long to wait for an answer."""

    @model_validator(mode="after")
    def _is_complete(self) -> RegistryConfig:
        if not all(url.startswith(("http://", "https://")) for url in self.schema_registry_url):
            raise ValueError("schema.registry.url: a URL begins with http:// or https://")
        from_keys = self.basic_auth_credentials_source == "USER_INFO"
        if from_keys and ":" not in self.basic_auth_user_info.get_secret_value():
            raise ValueError("basic.auth.user.info must be name:password")
        if not all(map(_is_installed, ("confluent_kafka", "authlib", *self.needs))):
            raise ValueError(f"it needs more packages: pip install 'sinkworker[{self.extra}]'")
        return self

    def credentials(self) -> str:
        """name:password; empty without."""
        if self.basic_auth_credentials_source == "USER_INFO":
            return self.basic_auth_user_info.get_secret_value()
        parts = urlsplit(self.schema_registry_url[0])
        if parts.username is None:
            return ""
        return f"{unquote(parts.username)}:{unquote(parts.password or '')}"

    def addresses(self) -> list[str]:
        """The URLs without names and passwords."""
        return [_bare(url) for url in self.schema_registry_url]


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # what it is part of is not there
        return False


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class Reference(NamedTuple):
    """How a schema names another one, and where the registry keeps that."""

    name: str
    subject: str
    version: int


class Registered(NamedTuple):
    """A schema as the registry has it. kind: AVRO, JSON or PROTOBUF."""

    text: str
    kind: str
    references: tuple[Reference, ...]


class Registry:
    """One registry, asked by one converter."""

    def __init__(self, config: RegistryConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._addresses = ", ".join(config.addresses())
        self._client = _client(config)
        weakref.finalize(self, self._client.__exit__)  # converters are not told that it is over
        self._clock, self._patience = clock, config.missing_id_cache_ttl_sec
        self._missing: dict[int, tuple[float, DataError]] = {}

    def schema(self, number: int) -> Registered:
        """The schema with that id.

        DataError when there is none, RetriableError when the registry cannot say, and ConnectError
        when it does not let us in.
        """
        asked_at, missing = self._missing.get(number, (0.0, None))
        if missing is not None and self._clock() < asked_at + self._patience:
            raise missing
        try:
            return _registered(self._client.get_schema(number))
        except Exception as error:
            failure = self._failure(error, f"schema {number}")
            if isinstance(failure, DataError):
                self._remember(number, failure)
            raise failure from error

    def _remember(self, number: int, missing: DataError) -> None:
        """Bad data may name as many schemas as it likes: not all of them are kept."""
        if len(self._missing) >= MOST_MISSING:
            self._missing.clear()
        self._missing[number] = (self._clock(), missing)

    def referenced(self, schema: Registered) -> dict[str, Registered]:
        """All that it needs, by the name that it is referred to: what others need before these."""
        found: dict[str, Registered] = {}
        self._add_referenced(schema, found, ())
        return found

    def _add_referenced(
        self, schema: Registered, found: dict[str, Registered], path: tuple[str, ...]
    ) -> None:
        for reference in schema.references:
            if reference.name in path:
                raise DataError(f"the schemas refer to each other in a circle at {reference.name}")
            if reference.name not in found:
                other = self._version(reference)
                self._add_referenced(other, found, (*path, reference.name))
                found[reference.name] = other

    def _version(self, reference: Reference) -> Registered:
        try:
            version = self._client.get_version(reference.subject, reference.version, deleted=True)
            return _registered(version.schema)
        except Exception as error:
            what = f"version {reference.version} of {reference.subject}"
            raise self._failure(error, what) from error

    def _failure(self, error: Exception, what: str) -> ConnectError:
        """What a record's fate is when this came in the place of a schema."""
        status = getattr(error, "http_status_code", None)
        whose = f"the schema registry {self._addresses}"
        if status is None:
            return RetriableError(f"{whose} does not answer: {error or type(error).__name__}")
        if getattr(error, "error_code", None) in NOT_FOUND:
            return DataError(f"{whose} has no {what}")
        if status in BUSY or status >= 500:
            return RetriableError(f"{whose} answered {status} when asked for {what}")
        if status in (401, 403):
            return ConnectError(
                f"{whose} answered {status} when asked for {what}: check basic.auth.user.info and "
                "what that user may read"
            )
        return ConnectError(f"{whose} answered {status} when asked for {what}: is it the address?")


def _registered(schema: Any) -> Registered:
    references = [Reference(r.name, r.subject, r.version) for r in schema.references or ()]
    return Registered(schema.schema_str or "", schema.schema_type or "AVRO", tuple(references))


def _client(config: RegistryConfig) -> SchemaRegistryClient:
    """Without its own retries: the engine waits, and goes on polling meanwhile."""
    from confluent_kafka.schema_registry import SchemaRegistryClient

    connect, read = config.http_connect_timeout_ms / 1000, config.http_read_timeout_ms / 1000
    settings: dict[str, Any] = {
        "url": ",".join(config.addresses()),
        "max.retries": 0,
        "timeout": (connect, read, read, connect),
        **dict(_given(config)),
    }
    try:
        return SchemaRegistryClient(settings)
    except (OSError, ValueError) as error:
        raise ConnectError(f"the schema registry's settings cannot be used: {error}") from error


def _given(config: RegistryConfig) -> Iterator[tuple[str, str]]:
    settings = {
        "basic.auth.user.info": config.credentials(),
        "ssl.ca.location": config.schema_registry_ssl_truststore_location,
        "ssl.certificate.location": config.schema_registry_ssl_keystore_location,
        "ssl.key.password": config.schema_registry_ssl_key_password.get_secret_value(),
    }
    return ((key, value) for key, value in settings.items() if value)
