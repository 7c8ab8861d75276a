"""Waiting, and being told to stop.

Owns the signals: they only leave a note, which is read where nothing is half done. So whatever was
started is known, and can be ended. Must not know what is waited for.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EVERY_SECONDS = 0.02


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what to do."""


class ToldToStop(Exception):  # noqa: N818  not a failure
    """A signal came. number: which one."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Patience:
    """For the main thread."""

    def __init__(self) -> None:
        self._signal: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """SIGINT, SIGTERM and SIGHUP are noted from here on."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._note) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = number

    def check(self) -> None:
        """ToldToStop when a signal has come."""
        if self._signal is not None:
            raise ToldToStop(self._signal)

    def until(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Ask again and again. DemoError, naming `what`, when it was in vain for so long."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise DemoError(f"Waited {seconds:g} s in vain for {what}")
            time.sleep(EVERY_SECONDS)
