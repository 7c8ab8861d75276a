"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """Implements `ports.Clock`. Monotonic: setting the machine's time changes nothing."""

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def sleep_ms(self, duration_ms: int) -> None:
        time.sleep(duration_ms / 1000)
