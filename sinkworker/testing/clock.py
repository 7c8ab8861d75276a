"""A clock whose time passes when a test says so."""

from __future__ import annotations


class FakeClock:
    """Implements `runtime.ports.Clock`. Sleeping makes the time pass at once."""

    def __init__(self, now_ms: int = 1_000_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def sleep_ms(self, duration_ms: int) -> None:
        self.pass_ms(duration_ms)

    def pass_ms(self, duration_ms: int) -> None:
        self._now_ms += duration_ms
