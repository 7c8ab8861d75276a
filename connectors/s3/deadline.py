"""When a flush must have ended: a task that is not back in time loses its place in the group.

Owns the clock, and what is said when the time is over. Must not know requests.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from time import monotonic
from typing import BinaryIO

from sinkworker.api import RetriableError


class Deadline:
    """Begins when it is made."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._end = seconds, monotonic() + seconds

    def check(self, doing: str) -> None:
        """RetriableError when the time is over."""
        if monotonic() > self._end:
            raise RetriableError(
                f"S3: a flush may take {self._seconds:g} s, and they were over while {doing}. If the "
                "store is well, lower flush.size or flush.bytes, or raise max.poll.interval.ms"
            )


class Watched(io.RawIOBase):
    """A body that can only be sent in time: what `check` raises ends the request, and its retries."""

    def __init__(self, content: BinaryIO, check: Callable[[], None]) -> None:
        self._content, self._check = content, check

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._check()
        return self._content.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._check()
        data = self._content.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
