"""Plugins and their keys, in Kafka Connect's words.

Owns listing them, describing their keys, and checking a configuration key by key. Must not know HTTP.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sinkworker.administration.instance import Configure
from sinkworker.administration.masking import hidden, is_secret, secrets
from sinkworker.api import ConfigError, ConfigModel
from sinkworker.documentation import KeyDoc, keys
from sinkworker.plugins import Catalog, Kind, Plugin, PluginError
from sinkworker.properties import file_of
from sinkworker.rest.port import CheckedKey, KeyInfo, PluginInfo, RefusedError
from sinkworker.settings import SinkSettings
from sinkworker.validation import HIDDEN

KINDS = {
    Kind.CONNECTOR: "sink",
    Kind.CONVERTER: "converter",
    Kind.TRANSFORM: "transformation",
    Kind.PREDICATE: "predicate",
}
CLASS = "connector.class"
COMMON = "Common"
MOST_IMPORTANT = ("name", CLASS, "tasks.max", "topics", "topics.regex")


def listed(catalog: Catalog, *, connectors_only: bool) -> list[PluginInfo]:
    kinds = [Kind.CONNECTOR] if connectors_only else list(Kind)
    found = [
        PluginInfo(_java_name(plugin), KINDS[kind], plugin.version)
        for kind in kinds
        for plugin in catalog.list(kind)
    ]
    if connectors_only:
        return found
    headers = [p._replace(kind="header_converter") for p in found if p.kind == "converter"]
    return found + headers


def _java_name(plugin: Plugin) -> str:
    """As `connector.class` may say it: its own short name."""
    return plugin.name


def version(catalog: Catalog, config: Mapping[str, str]) -> str:
    """Of the plugin that a configuration names."""
    name = config.get(CLASS, "")
    for plugin in catalog.list(Kind.CONNECTOR):
        if name in (plugin.name, *plugin.other_names) or name == plugin.name + "Connector":
            return plugin.version
    return "?"


def keys_of(catalog: Catalog, plugin: str) -> list[KeyInfo]:
    for kind in Kind:
        try:
            found = catalog.load(kind, plugin)
        except PluginError:
            continue
        common = _infos(SinkSettings, COMMON) if kind is Kind.CONNECTOR else []
        return [*common, *_infos(found.config_class, None)]
    raise _unknown(catalog, plugin)


def _unknown(catalog: Catalog, plugin: str) -> RefusedError:
    names = ", ".join(each.name for kind in Kind for each in catalog.list(kind))
    return RefusedError(404, f"Unknown plugin {plugin}. Installed are {names}.")


def _infos(model: type[ConfigModel], group: str | None) -> list[KeyInfo]:
    return [_info(key, group) for key in keys(model)]


def _info(key: KeyDoc, group: str | None) -> KeyInfo:
    is_required = key.default is None
    importance = "HIGH" if is_required or key.name in MOST_IMPORTANT else "MEDIUM"
    default = None if key.type == "PASSWORD" else key.default or None
    return KeyInfo(
        key.name, key.type, is_required, default, importance, key.text, group, key.choices
    )


def checked(
    catalog: Catalog, configure: Configure, plugin: str, config: Mapping[str, str]
) -> Sequence[CheckedKey]:
    connector = _connector(catalog, plugin, config)
    infos = {info.name: info for info in keys_of(catalog, plugin)}
    errors = _errors(configure, config, {k for k, info in infos.items() if info.type == "PASSWORD"})
    known = [
        CheckedKey(name, info, _shown(info, config), errors.pop(name, ()))
        for name, info in infos.items()
    ]
    del connector
    return known + [CheckedKey(name, None, None, found) for name, found in errors.items()]


def _connector(catalog: Catalog, plugin: str, config: Mapping[str, str]) -> Any:
    if CLASS not in config:
        raise RefusedError(400, f"Connector config {sorted(config)} contains no connector type")
    try:
        found, named = (catalog.load(Kind.CONNECTOR, each) for each in (plugin, config[CLASS]))
    except PluginError as error:
        raise RefusedError(400, str(error)) from error
    if found is not named:
        raise RefusedError(
            400, f"Included connector type {config[CLASS]} does not match request type {plugin}"
        )
    return found


def _shown(info: KeyInfo, config: Mapping[str, str]) -> str | None:
    """Passwords, and what is named like one, are hidden; `${…}` is shown as it was written."""
    value = config.get(info.name)
    if value is None:
        return info.default
    return HIDDEN if is_secret(info.name, {info.name} if info.type == "PASSWORD" else ()) else value


def _errors(
    configure: Configure, config: Mapping[str, str], passwords: set[str]
) -> dict[str, list[str]]:
    place = Path("this configuration")
    file = file_of(place, config, configure.providers)
    errors: defaultdict[str, list[str]] = defaultdict(list)
    try:
        configure.connector(file)
    except ConfigError as error:
        for problem in error.problems:
            message = problem.message.removeprefix(f"{place}: ")
            errors[problem.key].append(hidden(message, secrets(file, passwords)))
    return dict(errors)
