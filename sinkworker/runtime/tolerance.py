"""What to do about a record that failed: stop before it, or go on without it.

Owns `errors.tolerance` and `errors.log.*`. Must not know where dead letters go, nor what a failure
of the outside is: only data errors come here.
"""

from __future__ import annotations

import logging
from enum import Enum

from sinkworker.api import ConnectError, ErrantRecord

log = logging.getLogger(__name__)


class ToleranceMode(Enum):
    NONE = "none"
    ALL = "all"


class Tolerance:
    """One task's decision about errant records, and the words for them."""

    def __init__(self, mode: ToleranceMode, *, log_errors: bool, include_messages: bool) -> None:
        self._mode, self._log_errors, self._include_messages = mode, log_errors, include_messages

    @property
    def is_tolerant(self) -> bool:
        return self._mode is ToleranceMode.ALL

    @property
    def logs_messages(self) -> bool:
        return self._log_errors and self._include_messages

    def accepts(self, errant: ErrantRecord) -> bool:
        """Whether to go on without this record. Says so in the log when that is wanted."""
        if self._mode is ToleranceMode.NONE:
            return False
        if self._log_errors:
            log.warning("Skipped a record: %s%s", sentence(errant), self._message(errant))
        return True

    def _message(self, errant: ErrantRecord) -> str:
        if not self._include_messages:
            return ""
        return f" (key {errant.key!r}, value {errant.value!r}, headers {list(errant.headers)!r})"


def sentence(errant: ErrantRecord) -> str:
    """What happened and where; never what the record contains."""
    return (
        f"{errant.source} offset {errant.offset} failed in {errant.stage.value}: "
        f"{reason(errant.error)}"
    )


def class_name(of: object) -> str:
    """How a class, or that of an object, is called in a dead letter: as Python imports it."""
    found = of if isinstance(of, type) else type(of)
    module = "" if found.__module__ == "builtins" else f"{found.__module__}."
    return module + found.__qualname__


def reason(error: BaseException) -> str:
    """An error in one line, with its class unless the message was written for people."""
    text = " ".join(str(error).split())
    if isinstance(error, ConnectError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
