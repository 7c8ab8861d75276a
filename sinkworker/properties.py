"""Configuration files: .properties, and Kafka Connect's two JSON forms.

Owns reading them, and where each key stands. Must not know what keys mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import javaproperties

from sinkworker.api import ConfigError, ConfigProblem
from sinkworker.providers import ANYWHERE, Providers


class Entry(NamedTuple):
    """A key's value. line: where it stands, from 1; None in JSON. is_secret: it came by `${…}`."""

    value: str
    line: int | None
    is_secret: bool = False

    def __repr__(self) -> str:
        return f"Entry(line={self.line})"  # any value may be a password


@dataclass(frozen=True)
class ConfigFile:
    """One file's keys. Values that came from elsewhere by `${…}` are not shown when they are wrong.

    problems: of keys whose `${…}` cannot be filled in; these are not among the entries.
    placeholders: the values with `${…}`, as they are written.
    """

    path: Path
    entries: Mapping[str, Entry] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    problems: Sequence[ConfigProblem] = ()
    placeholders: Mapping[str, str] = field(default_factory=dict, repr=False)

    def values(self) -> dict[str, str]:
        return {key: entry.value for key, entry in self.entries.items()}

    def written(self) -> dict[str, str]:
        """As somebody wrote it: no `${…}` is filled in."""
        return self.values() | dict(self.placeholders)

    def where(self, key: str) -> str:
        """`alerts-to-pg.properties:12`, or without the line."""
        entry = self.entries.get(key)
        return f"{self.path}:{entry.line}" if entry and entry.line else str(self.path)


def read_file(path: Path, providers: Providers = ANYWHERE) -> ConfigFile:
    """Read one file. ConfigError when it cannot be read at all."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _error(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise _error(f"{path}: not UTF-8 at byte {error.start}") from None
    is_json = path.suffix == ".json" or text.lstrip().startswith("{")
    entries, warnings = _json(path, text) if is_json else _properties(path, text)
    return _filled_file(path, entries, providers, warnings)


def file_of(path: Path, values: Mapping[str, str], providers: Providers = ANYWHERE) -> ConfigFile:
    """Keys that stand in no file; path: what messages call the place where they stand."""
    entries = {key: Entry(value, None) for key, value in values.items()}
    return _filled_file(path, entries, providers)


def _filled_file(
    path: Path,
    entries: Mapping[str, Entry],
    providers: Providers,
    warnings: Sequence[str] = (),
) -> ConfigFile:
    filled, problems = _filled_in(path, entries, providers)
    placeholders = {
        key: entry.value for key, entry in entries.items()
        if key not in filled or filled[key].is_secret
    }  # fmt: skip
    return ConfigFile(path, filled, warnings, problems, placeholders)


def _properties(path: Path, text: str) -> tuple[dict[str, Entry], list[str]]:
    """The last of several values for one key counts, as in Java; that is worth a warning."""
    entries: dict[str, Entry] = {}
    warnings: list[str] = []
    line = 1
    try:
        for item in javaproperties.parse(text):
            if isinstance(item, javaproperties.KeyValue):
                if item.key in entries:
                    first = entries[item.key].line
                    warnings.append(f"{path}:{line}: {item.key} replaces the value of line {first}")
                entries[item.key] = Entry(item.value.strip(), line)
            line += item.source.count("\n")
    except javaproperties.InvalidUEscapeError as error:
        raise _error(f"{path}:{line}: {error}") from None
    return entries, warnings


def _json(path: Path, text: str) -> tuple[dict[str, Entry], list[str]]:
    """A flat object of strings, or `{"name": …, "config": {…}}` as for POST /connectors."""
    warnings: list[str] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        warnings.extend(f"{path}: {key} is there twice; the last value counts" for key in twice)
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=members)
    except (ValueError, RecursionError) as error:
        raise _error(f"{path}: invalid JSON: {error}") from None
    if not isinstance(content, dict):
        raise _error(f"{path}: expected a JSON object of keys and values")
    flat = _flat(path, content, warnings)
    odd = [key for key, value in flat.items() if isinstance(value, dict | list)]
    if odd:
        raise _error(f"{path}: the value of {odd[0]} must be a string, number or boolean")
    entries = {key: Entry(_text(value), None) for key, value in flat.items() if value is not None}
    return entries, warnings


def _flat(path: Path, content: dict[str, object], warnings: list[str]) -> dict[str, object]:
    inner = content.get("config")
    if not isinstance(inner, dict):
        return content
    beside = [key for key in content if key not in ("name", "config")]
    warnings.extend(f"{path}: {key} has no effect beside name and config" for key in beside)
    return {"name": content["name"], **inner} if "name" in content else inner


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else json.dumps(value)


def _filled_in(
    path: Path, entries: Mapping[str, Entry], providers: Providers
) -> tuple[dict[str, Entry], list[ConfigProblem]]:
    filled: dict[str, Entry] = {}
    problems: list[ConfigProblem] = []
    for key, entry in entries.items():
        try:
            value = providers.filled_in(entry.value)
        except LookupError as error:
            where = f"{path}:{entry.line}" if entry.line else str(path)
            problems.append(ConfigProblem(key, f"{where}: {key}: {error.args[0]}"))
            continue
        filled[key] = Entry(value, entry.line, is_secret=value != entry.value)
    return filled, problems


def _error(message: str) -> ConfigError:
    return ConfigError([ConfigProblem("", message)])
