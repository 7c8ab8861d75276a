"""Converters, transforms and predicates of one connector.

Owns their keys. Classes are loaded and configured here, instances made for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sinkworker.api import Converter, Predicate, Transform
from sinkworker.configuration.reading import Reading
from sinkworker.plugins import Kind
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.pipeline import TransformStep, step
from sinkworker.settings import SinkSettings

# What decides which other keys are known.
NAME_OTHERS = ("key.converter", "value.converter", "header.converter", "transforms", "predicates")


def read_conversion(reading: Reading) -> Callable[[], Conversion]:
    key, value, header = (_converter(reading, what) for what in ("key", "value", "header"))
    steps = _steps(reading)

    def make() -> Conversion:
        return Conversion(key(), value(), [make_step() for make_step in steps], header())

    return make


def _converter(reading: Reading, what: str) -> Callable[[], Converter]:
    key = f"{what}.converter"
    default = str(SinkSettings.model_fields[f"{what}_converter"].default)
    name, prefix = reading.value(key, default), f"{key}."
    converter = reading.plugin(Kind.CONVERTER, key, name, prefix)
    config = reading.model(converter.config_class, prefix) if converter is not None else None
    return lambda: converter(config, is_key=what == "key")


def _steps(reading: Reading) -> list[Callable[[], TransformStep]]:
    predicates = {
        alias: _typed_plugin(reading, Kind.PREDICATE, f"predicates.{alias}.")
        for alias in _aliases(reading, "predicates")
    }
    return [_step(reading, alias, predicates) for alias in _aliases(reading, "transforms")]


def _aliases(reading: Reading, key: str) -> list[str]:
    aliases = [part.strip() for part in reading.value(key).split(",") if part.strip()]
    if aliases and reading.findings.given[key].is_secret():
        reading.findings.hidden.update(aliases)
    if len(set(aliases)) < len(aliases):
        reading.findings.invalid(key, "Duplicate alias provided.")
    return list(dict.fromkeys(aliases))


def _step(
    reading: Reading, alias: str, predicates: Mapping[str, Callable[[], Any]]
) -> Callable[[], TransformStep]:
    prefix = f"transforms.{alias}."
    make_transform = _typed_plugin(reading, Kind.TRANSFORM, prefix)
    reading.known.update({prefix + "predicate", prefix + "negate"})
    name = reading.value(prefix + "predicate")
    negate = reading.value(prefix + "negate", "false").lower()
    if negate not in ("true", "false"):
        why = "Expected value to be either true or false"
        reading.findings.invalid(prefix + "negate", why)
    if negate == "true" and not name:
        why = f"{prefix}negate has no effect without {prefix}predicate"
        reading.findings.warning(prefix + "negate", why)
    if name and name not in predicates and "predicates" not in reading.findings.unfilled:
        why = f"predicates does not list it (predicates={','.join(predicates)})"
        reading.findings.invalid(prefix + "predicate", why)

    def make() -> TransformStep:
        transform: Transform = make_transform()
        predicate: Predicate | None = predicates[name]() if name else None
        return step(transform, predicate, negate=negate == "true")

    return make


def _typed_plugin(reading: Reading, kind: Kind, prefix: str) -> Callable[[], Any]:
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
