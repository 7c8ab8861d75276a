"""The folder in which a worker keeps what operators told it: connectors created by REST, and targets.

Owns its files: one for each connector, replaced as a whole, readable by the worker's user only. It
belongs to one process at a time. Must not know what configurations mean.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sinkworker.rest.port import Target


class Remembered(NamedTuple):
    """config: None for a connector that a file of the command line describes."""

    config: Mapping[str, str] | None
    target: Target


class StateFolder:
    """Raises OSError where the folder cannot be used."""

    def __init__(self, path: Path) -> None:
        """Takes the folder. BlockingIOError when another process has it."""
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise

    def close(self) -> None:
        os.close(self._lock)

    @classmethod
    def taken(cls, path: Path) -> tuple[StateFolder | None, str]:
        """The folder, or why it cannot be had."""
        try:
            return cls(path), ""
        except BlockingIOError:
            return None, f"Another worker keeps its state in {path}; set sinkworker.state.dir"
        except OSError as error:
            return None, f"{path}: {error.strerror}; set sinkworker.state.dir"

    def read(self) -> tuple[dict[str, Remembered], list[str]]:
        """What is remembered, and what is wrong with files that cannot be read."""
        found, problems = {}, []
        for file in sorted(self.path.glob("*.json")):
            try:
                found[file.name.removesuffix(".json")] = _read(file)
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                problems.append(f"{file} cannot be read and is ignored: {error}")
        return found, problems

    def write(self, name: str, remembered: Remembered) -> None:
        """Replaced by a rename, so that a crash leaves the old file or the new one."""
        config = dict(remembered.config) if remembered.config is not None else None
        content = {"target": remembered.target.value, "config": config}
        new = self.path / f"{name}.json.new"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / f"{name}.json")
        self._sync()

    def forget(self, name: str) -> None:
        (self.path / f"{name}.json").unlink(missing_ok=True)
        self._sync()

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def default_path() -> Path:
    """Of the service manager, else of the user."""
    of_service = os.environ.get("STATE_DIRECTORY", "").rpartition(":")[2]
    of_user = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(of_service) if of_service else Path(of_user) / "sinkworker"


def _read(file: Path) -> Remembered:
    content = json.loads(file.read_text(encoding="utf-8"))
    config = content["config"]
    texts = {str(k): str(v) for k, v in config.items()} if config is not None else None
    return Remembered(texts, Target(content["target"]))
