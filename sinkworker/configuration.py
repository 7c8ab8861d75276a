"""One connector's file, and perhaps the worker's → everything its tasks need.

Owns which part of a configuration is whose: the engine's, the connector's, the converters', the
client's. Reports everything that is wrong in one answer. Connects to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinkworker.api import (
    ConfigError,
    ConfigModel,
    ConnectorConfig,
    Converter,
    Predicate,
    SinkConnector,
    Transform,
)
from sinkworker.kafka.settings import ClientSettings, read_settings
from sinkworker.plugins import Catalog, Kind, PluginError
from sinkworker.properties import ConfigFile
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.pipeline import TransformStep, step
from sinkworker.settings import SinkSettings
from sinkworker.validation import Findings, Given, aliases, checked, tell_of_unknown

OVERRIDE = "consumer.override."
RESET = OVERRIDE + "auto.offset.reset"
BOOTSTRAP = "bootstrap.servers"
DEAD_LETTERS = "errors.deadletterqueue.topic.name"
SECURITY = ("security.", "sasl.", "ssl.")

NOT_YET = "this version does not have it yet"
NOT_HONOURED: Mapping[str, str] = {
    "admin.override.": "the worker's admin client takes the consumer's settings",
    "config.action.reload": "files are read when the worker starts",
    "errors.deadletterqueue.": NOT_YET,
    "header.converter": "headers reach the sink as bytes",
    "header.converter.": "headers reach the sink as bytes",
    "producer.override.": "a sink produces nothing",
    "tasks.max.enforce": "never more than tasks.max tasks are started",
}
WORKER_NOT_HONOURED: Mapping[str, str] = {
    "access.control.": NOT_YET,
    "admin.": "the worker's admin client takes the consumer's settings",
    "client.id": "client ids are made of the connector's name",
    "config.": "connectors are given on the command line",
    "connector.client.config.override.policy": "connector files may override everything",
    "group.id": "tasks of one connector form the group connect-<name>; start more workers freely",
    "header.converter": "headers reach the sink as bytes",
    "internal.": "there is nothing internal to convert",
    "listeners": NOT_YET,
    "metrics.": NOT_YET,
    "offset.flush.timeout.ms": "a flush may take as long as consumer.max.poll.interval.ms allows",
    "offset.storage.": "offsets are stored by each sink, with its own writes",
    "plugin.discovery": "plugins are found by their entry points",
    "plugin.path": "plugins are installed with pip and found by their entry points",
    "producer.": "a sink produces nothing",
    "rest.": NOT_YET,
    "scheduled.rebalance.max.delay.ms": "Kafka's group coordinator divides the work",
    "status.storage.": "there is no status topic",
    "task.shutdown.graceful.timeout.ms": "see --help of start for how a worker ends",
    "topic.creation.enable": "a sink creates no topics",
    "topic.tracking.": NOT_YET,
}
# What a worker file may say for all its connectors.
WORKER_KEYS = (BOOTSTRAP, "key.converter", "value.converter", "offset.flush.interval.ms")


@dataclass(frozen=True)
class ConfiguredConnector:
    """A connector that is ready to be started."""

    settings: SinkSettings
    connector: SinkConnector[Any]
    conversion: Callable[[], Conversion]
    client: ClientSettings
    bootstrap_servers: str
    warnings: Sequence[str] = ()


@dataclass
class _Reading:
    """One connector being read: what is given, what is known, and what was found."""

    findings: Findings
    catalog: Catalog
    known: set[str] = field(default_factory=set)
    not_honoured: dict[str, str] = field(default_factory=lambda: dict(NOT_HONOURED))
    skipped_prefixes: list[str] = field(default_factory=list)

    def value(self, key: str, default: str = "") -> str:
        given = self.findings.given.get(key)
        return given.value if given is not None else default

    def has(self, key: str) -> bool:
        return key in self.findings.given

    def part(self, prefix: str) -> dict[str, str]:
        given = self.findings.given.items()
        return {key.removeprefix(prefix): g.value for key, g in given if key.startswith(prefix)}

    def stand_in(self, key: str, other: str) -> None:
        """Take another key's value for this one, unless this one is given."""
        if other in self.findings.given:
            self.findings.given.setdefault(key, self.findings.given[other])

    def plugin(self, kind: Kind, key: str, name: str, prefix: str) -> Any:
        """The class a key names; None, with a finding, when there is none.

        prefix: of the plugin's own keys. Of a plugin that is not there, none counts as unknown.
        """
        try:
            return self.catalog.load(kind, name)
        except PluginError as error:
            self.findings.invalid(key, str(error))
            self.skipped_prefixes.append(prefix)
            return None

    def model(self, model: type[ConfigModel], prefix: str = "") -> Any:
        self.known.update(prefix + alias for alias in aliases(model))
        return checked(model, self.findings, prefix)


def configure(
    file: ConfigFile, worker: ConfigFile | None = None, catalog: Catalog | None = None
) -> ConfiguredConnector:
    """Everything one connector's tasks need. ConfigError with every problem found."""
    findings = Findings(
        file,
        _given(file, worker),
        frozenset(problem.key for problem in file.problems),
        list(file.problems),
        list(file.warnings),
    )
    reading = _Reading(findings, catalog or Catalog())
    _read_reset_policy(reading)
    settings = reading.model(SinkSettings)
    connector = _connector(reading, settings)
    conversion = _conversion(reading)
    client = _client(reading)
    bootstrap = _bootstrap(reading)
    _refuse_lost_dead_letters(reading)
    _tell_of_unknown(reading)
    if findings.problems:
        raise ConfigError(findings.problems)
    return ConfiguredConnector(
        settings, connector, conversion, client, bootstrap, tuple(findings.warnings)
    )


def worker_warnings(worker: ConfigFile) -> list[str]:
    """What a worker file says to no effect. ConfigError for keys that nobody knows."""
    given = {key: Given(entry.value, worker, key) for key, entry in worker.entries.items()}
    findings = Findings(worker, given, warnings=list(worker.warnings))
    findings.problems += worker.problems
    known = {key for key in worker.entries if _is_worker_default(key)}
    tell_of_unknown(worker.entries, {*known, *WORKER_KEYS}, WORKER_NOT_HONOURED, findings)
    if findings.problems:
        raise ConfigError(findings.problems)
    return findings.warnings


def _is_worker_default(key: str) -> bool:
    prefixes = ("consumer.", "key.converter.", "value.converter.", *SECURITY)
    return key in WORKER_KEYS or key.startswith(prefixes)


def _given(file: ConfigFile, worker: ConfigFile | None) -> dict[str, Given]:
    """The connector's keys, and below them the worker's.

    Worker-wide `consumer.*` is what `consumer.override.*` is for one connector. A connector that
    names a converter configures it, too: the worker's keys for its own one do not count then.
    """
    given: dict[str, Given] = {}
    for key, entry in worker.entries.items() if worker is not None else ():
        converter = key.partition(".converter.")[0] + ".converter"
        if not _is_worker_default(key) or (".converter." in key and converter in file.entries):
            continue
        effective = OVERRIDE + key.removeprefix("consumer.") if key.startswith("consumer.") else key
        given[effective] = Given(entry.value, worker, key)  # type: ignore[arg-type]
    return given | {key: Given(entry.value, file, key) for key, entry in file.entries.items()}


def _read_reset_policy(reading: _Reading) -> None:
    """`auto.offset.reset` says where to start, and here that is `offset.start`."""
    reading.known.add(RESET)
    if not reading.has(RESET):
        return
    policy = reading.value(RESET)
    if policy not in ("earliest", "latest"):
        why = "String must be one of: earliest, latest; offset.start knows more"
        reading.findings.invalid(RESET, why)
    elif reading.value("offset.start", policy) != policy:
        reading.findings.invalid(RESET, "offset.start says otherwise; remove one of them")
    else:
        reading.stand_in("offset.start", RESET)


def _connector(reading: _Reading, settings: SinkSettings | None) -> Any:
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
    reading.not_honoured |= model.not_honoured
    config = reading.model(model)
    if config is None or settings is None:
        return None
    return connector(settings.name, config)


def _read_other_names(reading: _Reading, model: type[ConnectorConfig]) -> None:
    for other, own in model.also_read_as.items():
        reading.known.add(other)
        if reading.has(other) and reading.has(own):
            reading.findings.problem(other, f"{other} is another name of {own}; remove one of them")
        reading.stand_in(own, other)


# converters and transforms: classes are loaded and configured here, instances made for each task


def _conversion(reading: _Reading) -> Callable[[], Conversion]:
    key, value = _converter(reading, "key", is_key=True), _converter(reading, "value", is_key=False)
    steps = _steps(reading)

    def make() -> Conversion:
        return Conversion(key(), value(), [make_step() for make_step in steps])

    return make


def _converter(reading: _Reading, what: str, *, is_key: bool) -> Callable[[], Converter]:
    key = f"{what}.converter"
    default = str(SinkSettings.model_fields[f"{what}_converter"].default)
    name, prefix = reading.value(key, default), f"{key}."
    converter = reading.plugin(Kind.CONVERTER, key, name, prefix)
    config = reading.model(converter.config_class, prefix) if converter is not None else None
    return lambda: converter(config, is_key=is_key)


def _steps(reading: _Reading) -> list[Callable[[], TransformStep]]:
    predicates = {
        alias: _typed_plugin(reading, Kind.PREDICATE, f"predicates.{alias}.")
        for alias in _aliases(reading.value("predicates"))
    }
    aliases = _aliases(reading.value("transforms"))
    return [_step(reading, alias, predicates) for alias in aliases]


def _aliases(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _step(
    reading: _Reading, alias: str, predicates: Mapping[str, Callable[[], Any]]
) -> Callable[[], TransformStep]:
    prefix = f"transforms.{alias}."
    make_transform = _typed_plugin(reading, Kind.TRANSFORM, prefix)
    reading.known.update({prefix + "predicate", prefix + "negate"})
    name = reading.value(prefix + "predicate")
    negate = reading.value(prefix + "negate", "false").lower() == "true"
    if name and name not in predicates:
        why = f"predicates does not list it (predicates={','.join(predicates)})"
        reading.findings.invalid(prefix + "predicate", why)

    def make() -> TransformStep:
        transform: Transform = make_transform()
        predicate: Predicate | None = predicates[name]() if name else None
        return step(transform, predicate, negate=negate)

    return make


def _typed_plugin(reading: _Reading, kind: Kind, prefix: str) -> Callable[[], Any]:
    """The plugin that `<prefix>type` names, with the keys below that prefix."""
    key = prefix + "type"
    reading.known.add(key)
    name = reading.value(key)
    if not name:
        reading.findings.missing(key)
        reading.skipped_prefixes.append(prefix)
        return lambda: None
    plugin = reading.plugin(kind, key, name, prefix)
    config = reading.model(plugin.config_class, prefix) if plugin is not None else None
    return lambda: plugin(config)


# the client


def _client(reading: _Reading) -> ClientSettings:
    """Of the connector's and the worker's `consumer.override.*`, and of keys of the connection's
    security, which may stand without that prefix."""
    keys = {key: key.removeprefix(OVERRIDE) for key in reading.findings.given
            if key.startswith((OVERRIDE, *SECURITY))}  # fmt: skip
    reading.known.update(keys)
    read = {name: reading.value(key) for key, name in keys.items()
            if key not in (RESET, OVERRIDE + BOOTSTRAP)}  # fmt: skip
    written = {name: key for key, name in keys.items()}
    settings, wrong, refused = read_settings(read)
    for problem in wrong:
        reading.findings.invalid(written[problem.key], problem.message)
    for problem in refused:
        reading.findings.refused(written[problem.key], problem.message)
    return settings


def _bootstrap(reading: _Reading) -> str:
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


def _refuse_lost_dead_letters(reading: _Reading) -> None:
    if reading.value(DEAD_LETTERS):
        reading.known.add(DEAD_LETTERS)
        why = "cannot be set: this version has no dead letters yet; records would be dropped"
        reading.findings.refused(DEAD_LETTERS, why)


def _tell_of_unknown(reading: _Reading) -> None:
    skipped = tuple(reading.skipped_prefixes)
    keys = [key for key in reading.findings.given if not skipped or not key.startswith(skipped)]
    tell_of_unknown(keys, reading.known, reading.not_honoured, reading.findings)
