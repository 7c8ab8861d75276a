"""The Kafka client's keys of one connector.

Owns `bootstrap.servers`, `consumer.override.*`, `producer.override.*` and the keys of the
connection's security. What they mean is the client's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sinkworker.configuration.reading import Reading
from sinkworker.kafka.clients import (
    CLIENTS,
    KAFKA_PYTHON,
    read_producer,
    read_settings,
    why_missing,
)
from sinkworker.kafka.java_settings import ClientSettings

OVERRIDE = "consumer.override."
PRODUCER = "producer.override."
RESET = OVERRIDE + "auto.offset.reset"
BOOTSTRAP = "bootstrap.servers"
CLIENT = "kafka.client"
SECURITY = ("security.", "sasl.", "ssl.")


def read_reset_policy(reading: Reading) -> None:
    """`auto.offset.reset` says where to start, and here that is `offset.start`."""
    reading.known.add(RESET)
    if not reading.has(RESET):
        return
    policy = reading.value(RESET)
    if reading.findings.is_default(RESET) and reading.has("offset.start"):
        return
    if policy not in ("earliest", "latest"):
        why = "String must be one of: earliest, latest; offset.start knows more"
        reading.findings.invalid(RESET, why)
    elif reading.value("offset.start", policy) != policy:
        reading.findings.invalid(RESET, "offset.start says otherwise; remove one of them")
    else:
        reading.stand_in("offset.start", RESET)


def read_client_name(reading: Reading) -> str:
    """Of a worker's file: a connector's key is checked by its model."""
    client = reading.value(CLIENT, KAFKA_PYTHON)
    if client not in CLIENTS:
        reading.findings.invalid(CLIENT, f"String must be one of: {', '.join(CLIENTS)}")
    return client


def read_client(reading: Reading) -> ClientSettings:
    """Of the connector's and the worker's `consumer.override.*`, and of keys of the connection's
    security, which may stand without that prefix."""
    keys = {key: key.removeprefix(OVERRIDE) for key in reading.findings.given
            if key.startswith((OVERRIDE, *SECURITY))}  # fmt: skip
    reading.known.update(keys)
    read = {name: reading.value(key) for key, name in keys.items()
            if key not in (RESET, OVERRIDE + BOOTSTRAP)}  # fmt: skip
    written = {name: key for key, name in keys.items()}
    _tell_of_two_spellings(reading, keys, written)
    unread = frozenset(key.removeprefix(OVERRIDE) for key in reading.findings.unfilled)
    client = reading.value(CLIENT, KAFKA_PYTHON)
    missing = why_missing(client)
    if missing is not None:
        reading.findings.invalid(CLIENT, missing)
        return ClientSettings()
    settings, wrong, refused, odd = read_settings(client, read, unread)
    for problem in wrong:
        reading.findings.invalid(written[problem.key], problem.message)
    for problem in refused:
        reading.findings.refused(written[problem.key], problem.message)
    for problem in odd:
        key = written[problem.key]
        reading.findings.warning(key, f"{reading.findings.given[key].key} {problem.message}")
    return settings


def read_letter_producer(reading: Reading, *, is_used: bool) -> Mapping[str, Any]:
    """The client's arguments for the producer of dead letters. Security is the consumer's."""
    if not is_used:
        why = "without errors.deadletterqueue.topic.name nothing is produced"
        reading.not_honoured[PRODUCER] = why
        return {}
    keys = [key for key in reading.findings.given if key.startswith(PRODUCER)]
    reading.known.update(keys)
    client = reading.value(CLIENT, KAFKA_PYTHON)
    if why_missing(client) is not None:  # and that was told
        return {}
    arguments, wrong, refused = read_producer(
        client, {key.removeprefix(PRODUCER): reading.value(key) for key in keys}
    )
    for problem in wrong:
        reading.findings.invalid(PRODUCER + problem.key, problem.message)
    for problem in refused:
        reading.findings.refused(PRODUCER + problem.key, problem.message)
    return arguments


def _tell_of_two_spellings(
    reading: Reading, keys: Mapping[str, str], written: Mapping[str, str]
) -> None:
    """`security.protocol` is `consumer.override.security.protocol`: only one of them can count."""
    for key, name in keys.items():
        other = reading.findings.given[written[name]]
        if key != written[name] and other.value != reading.value(key):
            reading.findings.problem(key, f"{key} contradicts {other.key}; remove one of them")


def read_bootstrap(reading: Reading) -> str:
    reading.known.add(BOOTSTRAP)
    key = OVERRIDE + BOOTSTRAP if reading.has(OVERRIDE + BOOTSTRAP) else BOOTSTRAP
    servers = reading.value(key).replace(" ", "")
    if not servers:
        reading.findings.missing(BOOTSTRAP)
    elif not all(map(_is_address, servers.split(","))):
        reading.findings.invalid(key, "Expected <host>:<port>,…")
    return servers


def _is_address(server: str) -> bool:
    found = re.fullmatch(r"(?:[\w.-]+|\[[0-9A-Fa-f:]+\]):(\d{1,5})", server)
    return found is not None and 0 < int(found[1]) < 65_536
