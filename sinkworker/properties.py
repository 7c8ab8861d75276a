"""Configuration files: .properties, and Kafka Connect's two JSON forms.

Owns reading them, where each key stands, and filling in `${…}`. Must not know what keys mean.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import javaproperties

from sinkworker.api import ConfigError, ConfigProblem

_PLACEHOLDER = re.compile(r"\$\{(env|file|dir):([^}]*)\}")


class Entry(NamedTuple):
    """A key's value. line: where it stands, from 1; None in JSON. is_secret: it came by `${…}`."""

    value: str
    line: int | None
    is_secret: bool = False


@dataclass(frozen=True)
class ConfigFile:
    """One file's keys. Values that came from elsewhere by `${…}` are never shown."""

    path: Path
    entries: Mapping[str, Entry] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    def values(self) -> dict[str, str]:
        return {key: entry.value for key, entry in self.entries.items()}

    def where(self, key: str) -> str:
        """`alerts-to-pg.properties:12`, or without the line."""
        entry = self.entries.get(key)
        return f"{self.path}:{entry.line}" if entry and entry.line else str(self.path)


def read_file(path: Path) -> ConfigFile:
    """Read one file. ConfigError when it cannot be read, or a `${…}` in it cannot be filled in."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _error("", f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise _error("", f"{path}: not UTF-8 at byte {error.start}") from None
    if text.lstrip().startswith("{"):
        return ConfigFile(path, _filled_in(path, _json(path, text)))
    entries, warnings = _properties(path, text)
    return ConfigFile(path, _filled_in(path, entries), warnings)


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
        raise _error("", f"{path}:{line}: {error}") from None
    return entries, warnings


def _json(path: Path, text: str) -> dict[str, Entry]:
    """A flat object of strings, or `{"name": …, "config": {…}}` as for POST /connectors."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _error("", f"{path}: invalid JSON: {error}") from None
    if isinstance(content, dict) and isinstance(content.get("config"), dict):
        inner = dict(content["config"])
        if "name" in content:
            inner.setdefault("name", content["name"])
        content = inner
    if not isinstance(content, dict):
        raise _error("", f"{path}: expected a JSON object of keys and values")
    odd = [key for key, value in content.items() if isinstance(value, dict | list)]
    if odd:
        raise _error(odd[0], f"{path}: the value of {odd[0]} must be a string, number or boolean")
    return {key: Entry(_text(value), None) for key, value in content.items() if value is not None}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _filled_in(path: Path, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    filled, problems = {}, []
    for key, entry in entries.items():
        try:
            value = _PLACEHOLDER.sub(lambda found: _look_up(found[1], found[2]), entry.value)
        except LookupError as error:
            where = f"{path}:{entry.line}" if entry.line else str(path)
            problems.append(ConfigProblem(key, f"{where}: {key}: {error.args[0]}"))
            continue
        filled[key] = Entry(value, entry.line, is_secret=value != entry.value)
    if problems:
        raise ConfigError(problems)
    return filled


def _look_up(provider: str, argument: str) -> str:
    """`${env:NAME}`, `${file:/path:key}` (a .properties file), `${dir:/path:file}` (its content)."""
    if provider == "env":
        if argument not in os.environ:
            raise LookupError(f"the environment variable {argument} is not set")
        return os.environ[argument]
    place, _, name = argument.rpartition(":")
    if not place or not name:
        raise LookupError(f"expected ${{{provider}:<path>:<key>}}")
    return _from_file(Path(place), name) if provider == "file" else _from_folder(Path(place), name)


def _from_file(file: Path, key: str) -> str:
    try:
        values = javaproperties.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LookupError(f"{file}: {error.strerror}") from None
    if key not in values:
        raise LookupError(f"{file} has no key {key}")
    return values[key]


def _from_folder(folder: Path, name: str) -> str:
    if Path(name).name != name:
        raise LookupError(f"{name} is not the name of a file in {folder}")
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise LookupError(f"{folder / name}: {error.strerror}") from None


def _error(key: str, message: str) -> ConfigError:
    return ConfigError([ConfigProblem(key, message)])
