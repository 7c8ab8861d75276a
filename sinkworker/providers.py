"""`${env:…}`, `${file:…:…}` and `${dir:…:…}`: what a configuration takes from elsewhere.

Owns looking it up, and where may be looked. Must not know keys or files that hold them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import javaproperties

NAMES = ("env", "file", "dir")
FILE_PATHS = "config.providers.file.param.allowed.paths"
DIR_PATHS = "config.providers.dir.param.allowed.paths"
ENV_PATTERN = "config.providers.env.param.allowlist.pattern"
_PLACEHOLDER = re.compile(r"\$\{(\w+):([^}]*)\}")


@dataclass(frozen=True)
class Providers:
    """file, dir: the folders below which each may read; none: anywhere. env: the names it may read."""

    file: tuple[Path, ...] = ()
    dir: tuple[Path, ...] = ()
    env: str = ".*"

    def filled_in(self, text: str) -> str:
        """LookupError where something is not there, or not to be read."""
        return _PLACEHOLDER.sub(lambda found: self._look_up(found[1], found[2]), text)

    def _look_up(self, provider: str, argument: str) -> str:
        """A .properties file's key, a file of a folder, or a variable."""
        if provider not in NAMES:
            raise LookupError(f"there is no provider {provider}; there are {', '.join(NAMES)}")
        if provider == "env":
            return _from_environment(argument, self.env)
        place, _, name = argument.rpartition(":")
        if not place or not name:
            raise LookupError(f"expected ${{{provider}:<path>:<key>}}")
        try:
            if provider == "file":
                return _from_file(_allowed(Path(place), self.file, FILE_PATHS), name)
            return _from_folder(_allowed(Path(place), self.dir, DIR_PATHS), name, self.dir)
        except OSError as error:
            raise LookupError(f"{error.filename}: {error.strerror}") from None
        except (ValueError, javaproperties.InvalidUEscapeError):
            unreadable = place if provider == "file" else f"{place}/{name}"
            raise LookupError(f"{unreadable} cannot be read as text") from None


ANYWHERE = Providers()


def _allowed(path: Path, folders: tuple[Path, ...], key: str) -> Path:
    """Where links lead is what counts."""
    if folders and not any(path.resolve().is_relative_to(each.resolve()) for each in folders):
        known = ",".join(map(str, folders))
        raise LookupError(f"{path} may not be read: {key} is {known} in the worker's file")
    return path


def _from_environment(name: str, pattern: str) -> str:
    if not name:
        raise LookupError("expected ${env:<name>}")
    if not re.fullmatch(pattern, name):
        raise LookupError(
            f"the environment variable {_ascii(name)} may not be read: {ENV_PATTERN} is {pattern} "
            "in the worker's file"
        )
    try:
        return os.environ[name]
    except (KeyError, ValueError):
        raise LookupError(f"the environment variable {_ascii(name)} is not set") from None


def _ascii(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()


def _from_file(file: Path, key: str) -> str:
    values = javaproperties.loads(file.read_text(encoding="utf-8"))
    if key not in values:
        raise LookupError(f"{file} has no key {key}")
    return values[key]


def _from_folder(folder: Path, name: str, folders: tuple[Path, ...]) -> str:
    if Path(name).name != name:
        raise LookupError(f"{name} is not the name of a file in {folder}")
    return _allowed(folder / name, folders, DIR_PATHS).read_text(encoding="utf-8")
