"""One connector's file, and perhaps the worker's → everything its tasks need.

Owns which part of a configuration is whose: the engine's, the connector's, the converters', the
client's. Reports everything that is wrong in one answer. Connects to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sinkworker.api import (
    ConfigError,
    ConfigModel,
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
from sinkworker.validation import Findings, aliases, checked, tell_of_unknown

OVERRIDE = "consumer.override."
RESET = OVERRIDE + "auto.offset.reset"
BOOTSTRAP = "bootstrap.servers"
DEAD_LETTERS = "errors.deadletterqueue.topic.name"

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
    """One connector being read: its keys with the worker's defaults below them."""

    values: dict[str, str]
    findings: Findings
    catalog: Catalog
    known: set[str] = field(default_factory=set)
    known_plugins: set[str] = field(default_factory=set)
    not_honoured: dict[str, str] = field(default_factory=lambda: dict(NOT_HONOURED))

    def plugin(self, kind: Kind, key: str, name: str) -> Any:
        """The class a key names; None, with a finding, when there is none."""
        try:
            plugin = self.catalog.load(kind, name)
            self.known_plugins.add(key)
            return plugin
        except PluginError as error:
            self.findings.invalid(key, name, str(error))
            return None

    def part(self, prefix: str) -> dict[str, str]:
        return {k.removeprefix(prefix): v for k, v in self.values.items() if k.startswith(prefix)}

    def model(self, model: type[ConfigModel], prefix: str = "") -> Any:
        self.known.update(prefix + alias for alias in aliases(model))
        return checked(model, self.part(prefix) if prefix else self.values, self.findings, prefix)


def configure(
    file: ConfigFile, worker: ConfigFile | None = None, catalog: Catalog | None = None
) -> ConfiguredConnector:
    """Everything one connector's tasks need. ConfigError with every problem found."""
    defaults = _worker_defaults(worker) if worker is not None else None
    findings = Findings(file, defaults, warnings=list(file.warnings))
    values = (defaults.values() if defaults is not None else {}) | file.values()
    reading = _Reading(values, findings, catalog or Catalog())
    _read_reset_policy(reading)
    settings = reading.model(SinkSettings)
    connector = _connector(reading, settings)
    conversion = _conversion(reading, settings)
    client = _client(reading)
    bootstrap = _bootstrap(reading)
    _refuse_lost_dead_letters(reading)
    if "connector.class" in reading.known_plugins:
        _tell_of_unknown(reading)
    if findings.problems:
        raise ConfigError(findings.problems)
    return ConfiguredConnector(
        settings, connector, conversion, client, bootstrap, tuple(findings.warnings)
    )


def worker_warnings(worker: ConfigFile) -> list[str]:
    """What a worker file says to no effect. ConfigError for keys that nobody knows."""
    findings = Findings(worker, warnings=list(worker.warnings))
    known = {key for key in worker.entries if _is_worker_default(key)}
    tell_of_unknown(worker.entries, {*known, *WORKER_KEYS}, WORKER_NOT_HONOURED, findings)
    if findings.problems:
        raise ConfigError(findings.problems)
    return findings.warnings


def _is_worker_default(key: str) -> bool:
    return key in WORKER_KEYS or key.startswith(("consumer.", "key.converter.", "value.converter."))


def _worker_defaults(worker: ConfigFile) -> ConfigFile:
    """Worker-wide `consumer.*` is what `consumer.override.*` is for one connector."""
    entries = {
        OVERRIDE + key.removeprefix("consumer.") if key.startswith("consumer.") else key: entry
        for key, entry in worker.entries.items()
        if _is_worker_default(key)
    }
    return replace(worker, entries=entries)


def _read_reset_policy(reading: _Reading) -> None:
    """`auto.offset.reset` says where to start, and here that is `offset.start`."""
    policy = reading.values.get(RESET)
    reading.known.add(RESET)
    if policy is None:
        return
    start = reading.values.setdefault("offset.start", policy)
    if policy not in ("earliest", "latest"):
        why = "String must be one of: earliest, latest; offset.start knows more"
        reading.findings.invalid(RESET, policy, why)
    elif start != policy:
        reading.findings.invalid(RESET, policy, f"offset.start says {start}; remove one of them")


def _connector(reading: _Reading, settings: SinkSettings | None) -> Any:
    name = reading.values.get("connector.class")
    connector = reading.plugin(Kind.CONNECTOR, "connector.class", name) if name else None
    if connector is None:
        return None
    model = connector.config_class
    for other, own in getattr(model, "also_read_as", {}).items():
        reading.known.add(other)
        if other in reading.values:
            reading.values.setdefault(own, reading.values[other])
    reading.not_honoured |= model.not_honoured
    config = reading.model(model)
    if config is None or settings is None:
        return None
    return connector(settings.name, config)


# converters and transforms: classes are loaded and configured here, instances made for each task


def _conversion(reading: _Reading, settings: SinkSettings | None) -> Callable[[], Conversion]:
    defaults = SinkSettings.model_fields
    key = _converter(reading, "key.converter", str(defaults["key_converter"].default), is_key=True)
    value = _converter(
        reading, "value.converter", str(defaults["value_converter"].default), is_key=False
    )
    steps = _steps(reading, settings.transforms if settings else (), settings)

    def make() -> Conversion:
        return Conversion(key(), value(), [make_step() for make_step in steps])

    return make


def _converter(
    reading: _Reading, key: str, default: str, *, is_key: bool
) -> Callable[[], Converter]:
    name = reading.values.get(key, default)
    converter = reading.plugin(Kind.CONVERTER, key, name)
    config = reading.model(converter.config_class, f"{key}.") if converter is not None else None
    return lambda: converter(config, is_key=is_key)


def _steps(
    reading: _Reading, transforms: Sequence[str], settings: SinkSettings | None
) -> list[Callable[[], TransformStep]]:
    predicates = {
        alias: _typed_plugin(reading, Kind.PREDICATE, f"predicates.{alias}.")
        for alias in (settings.predicates if settings else ())
    }
    return [_step(reading, alias, predicates) for alias in transforms]


def _step(
    reading: _Reading, alias: str, predicates: Mapping[str, Callable[[], Any]]
) -> Callable[[], TransformStep]:
    prefix = f"transforms.{alias}."
    make_transform = _typed_plugin(reading, Kind.TRANSFORM, prefix)
    reading.known.update({prefix + "predicate", prefix + "negate"})
    name = reading.values.get(prefix + "predicate")
    negate = reading.values.get(prefix + "negate", "false").lower() == "true"
    if name is not None and name not in predicates:
        why = f"predicates does not list it (predicates={','.join(predicates)})"
        reading.findings.invalid(prefix + "predicate", name, why)
        return lambda: _unusable

    def make() -> TransformStep:
        transform: Transform = make_transform()
        predicate: Predicate | None = predicates[name]() if name is not None else None
        return step(transform, predicate, negate=negate)

    return make


def _typed_plugin(reading: _Reading, kind: Kind, prefix: str) -> Callable[[], Any]:
    """The plugin that `<prefix>type` names, with the keys below that prefix."""
    key = prefix + "type"
    reading.known.add(key)
    name = reading.values.get(key)
    if name is None:
        reading.findings.problem(
            key, f'Missing required configuration "{key}" which has no default value.'
        )
        return lambda: _unusable
    plugin = reading.plugin(kind, key, name)
    config = reading.model(plugin.config_class, prefix) if plugin is not None else None
    return lambda: plugin(config)


def _unusable(*_: Any) -> Any:
    raise AssertionError("a configuration with problems was used")


# the client


def _client(reading: _Reading) -> ClientSettings:
    overrides = reading.part(OVERRIDE)
    reading.known.update(OVERRIDE + key for key in overrides)
    overrides.pop("auto.offset.reset", None)
    overrides.pop(BOOTSTRAP, None)
    for key in ("security.protocol",):
        if key in reading.values:
            reading.known.add(key)
            overrides.setdefault(key, reading.values[key])
    settings, problems = read_settings(overrides)
    for problem in problems:
        key = OVERRIDE + problem.key
        reading.findings.invalid(key, overrides.get(problem.key, ""), problem.message)
    return settings


def _bootstrap(reading: _Reading) -> str:
    reading.known.add(BOOTSTRAP)
    servers = reading.values.get(OVERRIDE + BOOTSTRAP) or reading.values.get(BOOTSTRAP)
    if not servers:
        reading.findings.problem(
            BOOTSTRAP, f'Missing required configuration "{BOOTSTRAP}" which has no default value.'
        )
        return ""
    for server in servers.split(","):
        if not re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}", server.strip()):
            reading.findings.invalid(BOOTSTRAP, servers, "Expected <host>:<port>,…")
            break
    return servers.replace(" ", "")


def _refuse_lost_dead_letters(reading: _Reading) -> None:
    if reading.values.get(DEAD_LETTERS):
        reading.known.add(DEAD_LETTERS)
        why = "this version has no dead letters yet, and records would be dropped without one"
        reading.findings.invalid(DEAD_LETTERS, reading.values[DEAD_LETTERS], why)


def _tell_of_unknown(reading: _Reading) -> None:
    keys = [key for key in reading.findings.file.entries if key not in reading.known]
    tell_of_unknown(keys, reading.known, reading.not_honoured, reading.findings)
