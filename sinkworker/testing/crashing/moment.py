"""When a process of a crash test ends itself by SIGKILL.

Owns the moment: between two flushes, or before any line of the plugin's own code within one. Must not
know what a flush does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from sinkworker.testing.crashing.journal import Journal

SPREAD = 0.618_034
"""The golden ratio: however many kills there are, they spread evenly over the lines of a flush."""


class Crash:
    """Ends the process once it has written so many records; every second process within a flush.

    after: how many records; None: never. package: whose lines to stop at.
    """

    def __init__(self, journal: Journal, after: int | None, package: str) -> None:
        self._journal, self._after, self._package = journal, after, package
        self._run = len(journal.read("run"))
        flushes = journal.read("flushed")
        self._lines = flushes[-1]["lines"] if flushes else 0
        self._written = 0

    def flush(self, flush: Callable[[], None], records: int) -> None:
        """Call it, and survive it or not."""
        is_last = self._after is not None and self._written + records >= self._after
        if is_last and self._run % 2 == 0:
            with Lines(self._package, self._fatal_line(), self._kill_before):
                flush()
            self._kill("within a flush, after its last line")
        with Lines(self._package) as lines:
            flush()
        self._journal.write("flushed", lines=lines.count)
        self._written += records

    def between_flushes(self) -> None:
        if self._after is not None and self._written >= self._after:
            self._kill("after a flush")

    def _fatal_line(self) -> int:
        return 1 + int(self._run // 2 * SPREAD % 1 * (self._lines + 1))

    def _kill_before(self, line: str) -> None:
        self._kill(f"within a flush, before {line}")

    def _kill(self, where: str) -> None:
        self._journal.write("killed", where=where)
        os.kill(os.getpid(), signal.SIGKILL)


class Lines:
    """Counts the lines of a package that are executed meanwhile, in this thread.

    act: called before the line of that number, with its file and number.
    """

    def __init__(
        self, package: str, at: int | None = None, act: Callable[[str], None] = lambda _: None
    ) -> None:
        self._package, self._at, self._act = package, at, act
        self.count = 0

    def __enter__(self) -> Lines:
        self._before = sys.gettrace()
        sys.settrace(self._enter_frame)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter_frame(self, frame: FrameType, event: str, argument: object) -> Any:
        module = str(frame.f_globals.get("__name__"))
        return self._in_frame if module.partition(".")[0] == self._package else None

    def _in_frame(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self._at:
                file = "/".join(Path(frame.f_code.co_filename).parts[-2:])
                self._act(f"{file}:{frame.f_lineno}")
        return self._in_frame
