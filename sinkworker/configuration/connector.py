"""One connector's file, and perhaps the worker's → everything its tasks need.

Owns which part of a configuration is whose: the engine's, the connector's, the converters', the
client's. Reports everything that is wrong in one answer. Connects to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinkworker.api import ConfigError, ConnectorConfig, SinkConnector
from sinkworker.configuration.client import (
    read_bootstrap,
    read_client,
    read_client_name,
    read_letter_producer,
    read_reset_policy,
)
from sinkworker.configuration.conversion import NAME_OTHERS, read_conversion
from sinkworker.configuration.fingerprint import fingerprint
from sinkworker.configuration.reading import Reading
from sinkworker.configuration.worker_file import (
    CALLABLE_PACKAGES,
    effective_key,
    given,
    plugin_context,
)
from sinkworker.kafka.java_settings import ClientSettings
from sinkworker.plugins import Catalog, Kind
from sinkworker.properties import ConfigFile
from sinkworker.runtime.assembly import Conversion
from sinkworker.settings import SinkSettings
from sinkworker.validation import Findings, aliases, tell_of_unknown

DEAD_LETTERS = "errors.deadletterqueue."
LETTER_TOPIC = "errors.deadletterqueue.topic.name"
NOT_HONOURED: Mapping[str, str] = {
    "admin.override.": "the worker's admin client takes the consumer's settings",
    "config.action.reload": "files are read when the worker starts",
    CALLABLE_PACKAGES: "only the worker's file can allow packages",
    "tasks.max.enforce": "never more than tasks.max tasks are started",
}


@dataclass(frozen=True)
class ConfiguredConnector:
    """A connector that is ready to be started.

    place: where a key is written. file: all its keys. config_hash: names what its files say.
    """

    settings: SinkSettings
    connector: SinkConnector[Any]
    conversion: Callable[[], Conversion]
    client: ClientSettings
    producer: Mapping[str, Any]
    bootstrap_servers: str
    place: Callable[[str], str] = field(repr=False)
    file: ConfigFile = field(repr=False)
    warnings: Sequence[str] = ()
    config_hash: str = ""


def configure(
    file: ConfigFile, worker: ConfigFile | None = None, catalog: Catalog | None = None
) -> ConfiguredConnector:
    """Everything one connector's tasks need. ConfigError with every problem found."""
    findings = _findings(file, worker)
    reading = Reading(
        findings, catalog or Catalog(), not_honoured=dict(NOT_HONOURED),
        context=plugin_context(worker),
    )  # fmt: skip
    reading.skipped_prefixes += [f"{key}." for key in NAME_OTHERS if key in findings.unfilled]
    read_reset_policy(reading)
    settings = reading.model(SinkSettings)
    connector = _connector(reading, settings)
    conversion = read_conversion(reading)
    client = read_client(reading)
    producer = read_letter_producer(reading, is_used=bool(reading.value(LETTER_TOPIC)))
    bootstrap = read_bootstrap(reading)
    _refuse_lost_dead_letters(reading, connector)
    _tell_of_unknown(reading)
    if findings.problems:
        raise ConfigError(findings.problems)
    return ConfiguredConnector(
        settings, connector, conversion, client, producer, bootstrap, findings.place, file,
        tuple(findings.warnings), fingerprint(findings.given),
    )  # fmt: skip


def read_kafka(worker: ConfigFile) -> tuple[str, str, ClientSettings]:
    """Which client, bootstrap.servers and the client's settings, of a worker's file. ConfigError for
    what is wrong."""
    nothing = ConfigFile(worker.path)
    reading = Reading(_findings(nothing, worker), Catalog())
    client, settings = read_client_name(reading), read_client(reading)
    bootstrap = read_bootstrap(reading)
    if reading.findings.problems:
        raise ConfigError(reading.findings.problems)
    return client, bootstrap, settings


def _findings(file: ConfigFile, worker: ConfigFile | None) -> Findings:
    unfilled = {problem.key for problem in file.problems}
    if worker is not None:
        unfilled |= {effective_key(problem.key) for problem in worker.problems}
    return Findings(
        file, given(file, worker), frozenset(unfilled), list(file.problems), list(file.warnings)
    )


def _connector(reading: Reading, settings: SinkSettings | None) -> Any:
    key = "connector.class"
    name = reading.value(key)
    connector = reading.plugin(Kind.CONNECTOR, key, name, prefix="") if name else None
    if connector is None:
        if reading.has(key) and not name:
            reading.findings.missing(key)
        reading.skipped_prefixes.append("")
        return None
    model = connector.config_class
    _read_other_names(reading, model)
    config = reading.model(model)
    if config is None or settings is None:
        return None
    return connector(settings.name, config)


def _read_other_names(reading: Reading, model: type[ConnectorConfig]) -> None:
    for other, own in model.also_read_as.items():
        reading.known.add(other)
        if reading.has(other) and reading.has(own):
            reading.findings.problem(other, f"{other} is another name of {own}; remove one of them")
        reading.stand_in(own, other)


def _refuse_lost_dead_letters(reading: Reading, connector: Any) -> None:
    """With errors.tolerance=none there is never a dead letter, and somebody counts on them."""
    if reading.value("errors.tolerance", "none") != "none":
        return
    of_sink = aliases(connector.config_class) if connector is not None else {}
    for key in (LETTER_TOPIC, *(key for key in of_sink if key.startswith(DEAD_LETTERS))):
        if reading.value(key):
            why = "needs errors.tolerance=all: else the first bad record stops its partition"
            reading.findings.problem(key, f"{reading.findings.given[key].key} {why}")


def _tell_of_unknown(reading: Reading) -> None:
    skipped = tuple(reading.skipped_prefixes)
    keys = [key for key in reading.findings.given if not skipped or not key.startswith(skipped)]
    tell_of_unknown(keys, reading.known, reading.not_honoured, reading.findings)
