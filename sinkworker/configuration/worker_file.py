"""The worker's file: what all connectors have in common.

Owns what such a file may say, and how that becomes part of every connector's keys.
"""

from __future__ import annotations

from collections.abc import Mapping

from sinkworker.api import ConfigError
from sinkworker.configuration.client import BOOTSTRAP, CLIENT, OVERRIDE, SECURITY
from sinkworker.properties import ConfigFile
from sinkworker.validation import Findings, Given, aliases, checked, tell_of_unknown
from sinkworker.worker_settings import WorkerSettings

NOT_YET = "this version does not have it yet"
PROVIDERS = "${env:…}, ${file:…:…} and ${dir:…:…} are always there, and no others"
WORKER_NOT_HONOURED: Mapping[str, str] = {
    "access.control.": NOT_YET,
    "admin.listeners": "every listener also answers /admin",
    "admin.": "the worker's admin client takes the consumer's settings",
    "client.id": "client ids are made of the connector's name",
    "config.providers": PROVIDERS,
    "config.providers.": PROVIDERS,
    "config.": "connectors are given on the command line",
    "group.id": "tasks of one connector form the group connect-<name>; start more workers freely",
    "internal.": "there is nothing internal to convert",
    "listeners.https.": "https takes one PEM file, listeners.https.ssl.keystore.location",
    "metrics.": NOT_YET,
    "offset.flush.timeout.ms": "a flush may take as long as consumer.max.poll.interval.ms allows",
    "offset.storage.": "offsets are stored by each sink, with its own writes",
    "plugin.discovery": "plugins are found by their entry points",
    "plugin.path": "plugins are installed with pip and found by their entry points",
    "producer.": "only dead letters are produced; see producer.override.* of a connector",
    "rest.": NOT_YET,
    "scheduled.rebalance.max.delay.ms": "Kafka's group coordinator divides the work",
    "status.storage.": "there is no status topic",
    "task.shutdown.graceful.timeout.ms": "see --help of start for how a worker ends",
    "topic.creation.enable": "a sink creates no topics",
    "topic.tracking.": "active topics are always tracked, and can be reset",
}
# What a worker file may say for all its connectors.
# From which packages transforms may call functions. A connector's file cannot say it.
CALLABLE_PACKAGES = "python.callable.packages"
CONVERTERS = ("key.converter", "value.converter", "header.converter")
WORKER_KEYS = (BOOTSTRAP, CLIENT, *CONVERTERS, "offset.flush.interval.ms")


def read_worker(worker: ConfigFile) -> tuple[WorkerSettings, list[str]]:
    """What is the worker's own, and what its file says to no effect. ConfigError for what is wrong."""
    given = {key: Given(entry.value, worker, key) for key, entry in worker.entries.items()}
    findings = Findings(worker, given, warnings=list(worker.warnings))
    findings.problems += worker.problems
    settings = checked(WorkerSettings, findings)
    known = {key for key in worker.entries if _is_worker_default(key)} | {*aliases(WorkerSettings)}
    tell_of_unknown(
        worker.entries, {*known, *WORKER_KEYS, CALLABLE_PACKAGES}, WORKER_NOT_HONOURED, findings
    )
    if findings.problems or settings is None:
        raise ConfigError(findings.problems)
    return settings, findings.warnings


def _is_worker_default(key: str) -> bool:
    prefixes = ("consumer.", *(f"{key}." for key in CONVERTERS), *SECURITY)
    return key in WORKER_KEYS or key.startswith(prefixes)


def plugin_context(worker: ConfigFile | None) -> dict[str, tuple[str, ...]]:
    """What the worker's file says to plugins, by its keys."""
    entry = worker.entries.get(CALLABLE_PACKAGES) if worker is not None else None
    packages = entry.value.split(",") if entry is not None else ()
    return {CALLABLE_PACKAGES: tuple(filter(None, map(str.strip, packages)))}


def given(file: ConfigFile, worker: ConfigFile | None) -> dict[str, Given]:
    """The connector's keys, and below them the worker's.

    Worker-wide `consumer.*` is what `consumer.override.*` is for one connector. A connector that
    names a converter configures it, too: the worker's keys for its own one do not count then.
    """
    found: dict[str, Given] = {}
    for key, entry in worker.entries.items() if worker is not None else ():
        converter = key.partition(".converter.")[0] + ".converter"
        if not _is_worker_default(key) or (".converter." in key and converter in file.entries):
            continue
        found[effective_key(key)] = Given(entry.value, worker, key)  # type: ignore[arg-type]
    return found | {key: Given(entry.value, file, key) for key, entry in file.entries.items()}


def effective_key(key: str) -> str:
    """What a worker's key is called in a connector's file."""
    return OVERRIDE + key.removeprefix("consumer.") if key.startswith("consumer.") else key
