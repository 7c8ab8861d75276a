"""What the exception of a bad record keeps in memory while its letter waits.

Owns letting go of it: a traceback holds frames, and these hold whole batches. Its lines stay.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from types import FrameType


def let_go(error: BaseException) -> None:
    """Of all local variables. Frames that still run cannot be cleared, and leave the traceback: who
    called the plugin is known."""
    running = set(_running_from(sys._getframe(1)))  # this very frame would hold itself
    for each in _chain(error):
        trace = each.__traceback__
        while trace is not None and trace.tb_frame in running:
            trace = trace.tb_next
        each.__traceback__ = trace
        traceback.clear_frames(trace)


def _running_from(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came of, each once."""
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is not None and not any(each is known for known in seen):
            seen.append(each)
            todo += (each.__cause__, each.__context__)
            yield each
