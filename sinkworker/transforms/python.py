"""python: a function of one's own as a transform.

Owns finding it. Which packages it may come from is said by the worker, not by the connector: who may
write a connector's file need not be one who may run code.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationInfo, field_validator

from sinkworker.api import ConfigModel, DataError, SinkRecord, Transform

PACKAGES = "python.callable.packages"
"""The worker's key, under which the packages are in the context of validation."""

Function = Callable[[SinkRecord], Any]


class PythonConfig(ConfigModel):
    callable: str
    """<package>.<module>:<function>. It gets a SinkRecord, and returns what to go on with, or None to
    drop it. The worker's python.callable.packages must list the package."""

    @field_validator("callable")
    @classmethod
    def _may_be_called(cls, name: str, info: ValidationInfo) -> str:
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", name):
            raise ValueError("Expected <package>.<module>:<function>")
        allowed = (info.context or {}).get(PACKAGES, ())
        package = name.split(":", maxsplit=1)[0].split(".", maxsplit=1)[0]
        if package not in allowed:
            known = f"allows {', '.join(allowed)} only" if allowed else "allows none"
            raise ValueError(f"{PACKAGES} in the worker's file {known}; add {package} to it there")
        _function(name)
        return name


class Python(Transform):
    """Calls the function with every record."""

    config_class = PythonConfig

    def __init__(self, config: PythonConfig) -> None:
        super().__init__(config)
        self._function = _function(config.callable)

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        changed = self._function(record)
        if changed is not None and not isinstance(changed, SinkRecord):
            name = getattr(self.config, "callable", "")
            raise DataError(f"{name} returned {type(changed).__name__}; a SinkRecord was expected")
        return changed


def _function(name: str) -> Function:
    """ValueError when it cannot be imported, or is none."""
    module, function = name.split(":")
    try:
        found: Any = getattr(importlib.import_module(module), function)
    except Exception as error:
        raise ValueError(f"cannot be imported: {type(error).__name__}: {error}") from error
    if callable(found):
        return found  # type: ignore[no-any-return]
    raise ValueError(f"{function} of {module} is no function")
