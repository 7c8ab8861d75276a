"""`/admin/loggers`: levels of log lines, changed while the worker runs.

Owns Kafka Connect's names of levels and of the root logger.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from sinkworker.rest.message import Answer, Request
from sinkworker.rest.port import Administration, RefusedError

LEVELS = {
    "OFF": logging.CRITICAL + 10, "FATAL": logging.CRITICAL, "ERROR": logging.ERROR,
    "WARN": logging.WARNING, "INFO": logging.INFO, "DEBUG": logging.DEBUG, "TRACE": 5, "ALL": 1,
}  # fmt: skip
ROOT = "root"
_changed: dict[str, int] = {}


def loggers(worker: Administration, request: Request) -> Answer:
    """Those whose level was set, and the root."""
    set_ones = {
        name: logger
        for name, logger in sorted(logging.root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger) and logger.level
    }
    content = {name: _content(name, logger.level) for name, logger in set_ones.items()}
    return Answer(200, content | {ROOT: _content(ROOT, logging.root.level)})


def level(worker: Administration, request: Request, logger: str) -> Answer:
    if logger != ROOT and logger not in logging.root.manager.loggerDict:
        raise RefusedError(404, f"Logger {logger} not found.")
    return Answer(200, _content(logger, _logger(logger).getEffectiveLevel()))


def set_level(worker: Administration, request: Request, logger: str) -> Answer:
    content = request.json_object()
    name = content.get("level")
    if name is None:
        raise RefusedError(400, "Desired 'level' parameter was not specified in request.")
    if str(name).upper() not in LEVELS:
        raise RefusedError(404, f"invalid log level '{name}'.")
    changed = _set(logger, LEVELS[str(name).upper()])
    if request.query.get("scope", [""])[-1].lower() == "cluster":
        return Answer(204)
    return Answer(200, changed)


def _set(name: str, number: int) -> list[str]:
    """The logger and those below it that had a level of their own."""
    below = [
        each
        for each, logger in logging.root.manager.loggerDict.items()
        if each.startswith(f"{name}.") and isinstance(logger, logging.Logger) and logger.level
    ]
    for each in (name, *below):
        _logger(each).setLevel(number)
        _changed[each] = int(time.time() * 1000)
    return sorted([name, *below])


def _logger(name: str) -> logging.Logger:
    return logging.root if name == ROOT else logging.getLogger(name)


def _content(name: str, number: int) -> dict[str, Any]:
    return {"level": _name(number), "last_modified": _changed.get(name)}


def _name(number: int) -> str:
    """The nearest of Connect's names that is not more important."""
    return max((n, name) for name, n in LEVELS.items() if n <= max(number, 1))[1]
