"""How much memory all open files of this process hold together.

Owns one number and its limit. Must not know who holds what.
"""

from __future__ import annotations

from threading import Lock
from typing import ClassVar


class Budget:
    """Bytes in memory, counted by those who hold them. Safe between threads."""

    _shared: ClassVar[Budget | None] = None

    def __init__(self, limit: int) -> None:
        self.limit, self.used = limit, 0
        self._lock = Lock()

    @classmethod
    def shared(cls, limit: int) -> Budget:
        """The budget of this process. Of several limits the largest counts."""
        if cls._shared is None:
            cls._shared = Budget(limit)
        cls._shared.limit = max(cls._shared.limit, limit)
        return cls._shared

    def charge(self, change: int) -> None:
        """Count bytes that were taken, or (below zero) given back."""
        with self._lock:
            self.used += change

    def is_tight(self, more: int = 0) -> bool:
        """Whether the limit is passed, or would be with so many bytes more."""
        return self.used + more > self.limit
